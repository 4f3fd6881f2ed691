#!/bin/sh
# The program as a file: at most 3 MB, needs nothing but the C library, holds every architecture that this
# nvcc knows; and both nvcc's compile where more than one is installed (NVCCS="nvcc /usr/local/cuda-13.0/bin/nvcc").
nbody=$1 failed=0
fail() { echo "FAILED: $*"; failed=1; }
size=$(wc -c <"$nbody")
[ "$size" -le 3000000 ] || fail "$nbody is $size bytes, more than 3,000,000"
others=$(ldd "$nbody" | awk '{print $1}' | grep -vE '^(linux-vdso|/lib|lib(c|m|dl|pthread|rt)\.so)' )
[ -z "$others" ] || fail "$nbody needs more than the C library: $others"
if [ -n "$NVCC" ]; then
  cuobjdump=$(dirname "$(command -v "$NVCC" || echo "$NVCC")")/cuobjdump
  have=$("$cuobjdump" -lelf "$nbody" 2>/dev/null | sed -n 's/.*sm_\([0-9]*\).*/\1/p' | sort -un | tr '\n' ' ')
  for arch in $ARCHS; do case " $have " in *" $arch "*) ;; *) fail "no code for sm_$arch (has: $have)" ;; esac; done
  "$cuobjdump" -lptx "$nbody" 2>/dev/null | grep -q ptx || fail "no PTX for GPUs to come"
  echo "program: $size bytes, sm: $have"
  for nvcc in ${NVCCS:-} /usr/local/cuda-1[1-9]*/bin/nvcc; do
    [ -x "$nvcc" ] && [ "$nvcc" != "$NVCC" ] || continue
    echo "also with $nvcc"
    dir=$(mktemp -d); cp -r Makefile src tools "$dir"; make -s -C "$dir" NVCC="$nvcc" >/dev/null || fail "does not compile with $nvcc"; rm -rf "$dir"
  done
else
  echo "program: $size bytes, CPU alone"
fi
exit $failed
