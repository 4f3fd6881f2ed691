#!/bin/sh
# make check: everything that needs a GPU. $1 is nbody, $2 is gpu_check.
nbody=$1 check=$2 failed=0
step() { echo "== $*"; "$@" || { echo "FAILED ($?): $*"; failed=1; }; }

"$nbody" -benchmark -numbodies=1024 -i=1 >/dev/null || exit 3
step "$check"
for precision in "" -fp64; do
  step "$nbody" -compare $precision
  step "$nbody" -compare $precision -ic=plummer -hostmem
  step "$nbody" -compare $precision -deterministic
  step "$nbody" -check $precision
  step "$nbody" -check $precision -ic=plummer -numbodies=8192
  step "$nbody" -check $precision -ic=cube -masses=equal
done
step "$nbody" -compare -device=0,0,0 -nopeer -numbodies=100096
if command -v compute-sanitizer >/dev/null 2>&1; then
  for tool in memcheck racecheck initcheck synccheck; do
    step compute-sanitizer --tool $tool --error-exitcode 9 "$check" -brief
  done
else
  echo "compute-sanitizer is not installed: not run (it comes with the CUDA toolkit)"
fi
[ $failed = 0 ] && echo "check: all passed"
exit $failed
