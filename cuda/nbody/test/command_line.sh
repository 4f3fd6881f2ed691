#!/bin/sh
# The program as its users meet it: output lines, refusals, exit codes. $1 is nbody. Needs no GPU; CUDA is
# told that none is there, so that it tests the same on machines that have one.
nbody=$1 failed=0 checks=0
CUDA_VISIBLE_DEVICES= ; export CUDA_VISIBLE_DEVICES
tmp=$(mktemp -d); trap 'rm -rf "$tmp"' EXIT

# run WANTED_CODE ARGUMENTS...: leaves both streams in $tmp/all
run() {
  want=$1; shift
  "$nbody" "$@" >"$tmp/out" 2>"$tmp/err"; code=$?
  cat "$tmp/out" "$tmp/err" >"$tmp/all"
  checks=$((checks + 1)) what="nbody $*"
  [ $code = $want ] || { echo "FAILED: $what: exit code $code, wanted $want"; cat "$tmp/all"; failed=1; }
}
has() { checks=$((checks + 1)); grep -qE -- "$1" "$tmp/all" || { echo "FAILED: $what: no line like: $1"; cat "$tmp/all"; failed=1; }; }
oneline() { [ "$(wc -l <"$tmp/err")" = 1 ] && [ ! -s "$tmp/out" ] || { echo "FAILED: $what: not one line"; cat "$tmp/all"; failed=1; }; }

run 0 -h;                      has '^	-benchmark '; has '^Error: only 0 Devices available, 1 requested\.  Exiting\.$'
run 0 --help -cpu;             has '-tipsy=<file.bin>'
run 2 -fullscreen;             has 'render=out.png'; oneline
run 2 -nosuch;                 has '^Error: -nosuch: no such option'; oneline
run 2 -numbodies=0;            has 'between 1 and 2147479552'; oneline
run 2 -numbodies=2147483648;   has 'between 1 and 2147479552'; oneline
run 2 -cpu -ic=disc;           has 'shell, plummer or cube'; oneline
# A program without GPU code, or a machine without GPUs: the line that scripts know.
run 3 -benchmark;              has '^Error: only 0 Devices available, 1 requested\.  Exiting\.$'; oneline
run 3 -numdevices=4;           has '^Error: only 0 Devices available, 4 requested\.  Exiting\.$'; oneline
run 3 -compare;                has 'only 0 Devices'; oneline

run 0 -cpu -numbodies=2000 -i=10
for line in '^> Windowed mode$' '^> Simulation data stored in system memory$' '^> Single precision floating point simulation$' \
  '^Warning: "number of bodies" specified 2000 is not a multiple of 256\.$' '^Rounding up to the nearest multiple: 2048\.$' \
  '^2048 bodies, total time for 10 iterations: [0-9]+\.[0-9]{3} ms$' '^= [0-9]+\.[0-9]{3} billion interactions per second$' \
  '^= [0-9]+\.[0-9]{3} single-precision GFLOP/s at 20 flops per interaction$'; do has "$line"; done
run 0 -cpu -fp64 -numbodies=1024 -i=2; has '^> Double precision'; has 'double-precision GFLOP/s at 30 flops per interaction$'
run 0 -cpu -compare -numbodies=1024;   has '^OK$'
run 0 -cpu -compare -fp64 --numbodies=1024; has '^OK$'
run 0 -cpu -check -numbodies=1024 -i=1000 -ic=plummer; has '^OK$'
# A check that must fail: steps far too long for so dense a cluster.
run 1 -cpu -check -numbodies=256 -i=200 -ic=cube -softening=0.0001 -dt=0.05; has '^FAILED$'
run 3 -cpu -numbodies=2147479552;      has 'GB of host memory'; oneline

run 0 -cpu -json -numbodies=1024 -i=2
if command -v python3 >/dev/null 2>&1; then
  checks=$((checks + 1)); python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); assert d["bodies"]==1024 and d["gflops"]>0 and d["devices"][0]["name"]=="CPU"' "$tmp/out" || { echo "FAILED: -json is not JSON"; failed=1; }
fi
# The same bits twice, however many threads.
run 0 -cpu -check -deterministic -json -numbodies=1024 -i=20; cp "$tmp/out" "$tmp/first"
taskset -c 0 "$nbody" -cpu -check -deterministic -json -numbodies=1024 -i=20 | sed 's/[0-9]* threads//; s/"threads":[0-9]*//' >"$tmp/second"
checks=$((checks + 1)); sed 's/[0-9]* threads//; s/"threads":[0-9]*//' "$tmp/first" | cmp -s - "$tmp/second" || { echo "FAILED: -deterministic differs with the number of threads"; failed=1; }

printf 'short' >"$tmp/bad.bin"; run 1 -cpu -tipsy="$tmp/bad.bin"; has 'shorter than a TIPSY header'; oneline
run 1 -cpu -tipsy="$tmp/none.bin";     has 'cannot open'; oneline
run 1 -cpu -tipsy=/tmp;                oneline
if "$nbody" -cpu -render="$tmp/p.png" -numbodies=1024 -i=1 >/dev/null 2>&1; then
  run 0 -cpu -render="$tmp/f.png" -frames=2 -numbodies=1024 -i=2; has 'f-0001.png: 1024 bodies after 4 steps'
  [ -s "$tmp/f-0000.png" ] && [ -s "$tmp/f-0001.png" ] || { echo "FAILED: no frames"; failed=1; }
  run 1 -cpu -render=/nonexistent/f.png -numbodies=1024 -i=1; has 'cannot write'
else
  run 3 -cpu -render="$tmp/p.png" -numbodies=1024 -i=1; has 'apt-get install libpng-dev'; oneline
fi
# A full disk is said, not swallowed.
if [ -w /dev/full ]; then
  checks=$((checks + 1)); "$nbody" -cpu -numbodies=1024 -i=1 >/dev/full 2>"$tmp/err"; code=$?
  [ $code = 1 ] && grep -q 'cannot write' "$tmp/err" || { echo "FAILED: output to a full disk: exit code $code"; failed=1; }
fi
# A driver that is older than the program: a stand-in libcuda that says it is for CUDA 9.0.
if [ -n "${CXX:-}" ]; then
  echo 'extern "C" { int cuDriverGetVersion(int* v) { *v = 9000; return 0; } int cuInit(unsigned) { return 0; } }' >"$tmp/old.cpp"
  if "$CXX" -shared -fPIC -o "$tmp/libcuda.so.1" "$tmp/old.cpp" 2>/dev/null; then
    export LD_LIBRARY_PATH="$tmp"; run 3 -benchmark; unset LD_LIBRARY_PATH
    if ! grep -q 'only 0 Devices' "$tmp/all"; then has 'driver here is for CUDA 9\.0, this program needs CUDA 1[0-9]'; oneline; fi
  fi
fi
echo "command line: $checks checks, $([ $failed = 0 ] && echo none || echo some) failed"
exit $failed
