#!/bin/sh
# Tries rows of the table in src/tuning.h for this machine's GPU: bench/shapes.sh ARCH OUTPUT, from the folder
# of the Makefile. Each row: bodies, threads, blocks, steps in single precision, then the same in double.
arch=$1 out=$2
rows="16,128,3,4,8,128,2,2
20,128,2,2,6,128,3,2
20,128,2,1,8,128,2,1
18,128,3,1,10,128,2,2
24,128,2,2,4,128,4,2
16,128,2,1,8,128,3,1
12,128,4,2,6,128,4,1
16,128,3,2,12,128,2,1
18,128,3,2,6,128,3,1
20,128,2,2,10,128,2,1
20,64,5,2,8,64,5,2"
: > "$out"
for row in $rows; do
  for level in 3 1; do
    dir=/tmp/nbody-shape-$row-O$level
    (mkdir -p $dir && cp -r Makefile src test tools $dir && sed -i "s/^#define SHAPE90 .*/#define SHAPE90 $row/" $dir/src/tuning.h &&
      make -C $dir ARCHS=$arch NVCCFLAGS="-O3 -Xptxas -O$level" >$dir/log 2>&1) &
  done
done
wait
for row in $rows; do
  for level in 3 1; do
    for options in "" "-masses=equal" "-softening=1e-4" "-fp64 -numbodies=262144" "-fp64 -numbodies=262144 -softening=1e-7"; do
      case $options in *fp64*) size="-i=2" ;; *) size="-numbodies=524288 -i=4" ;; esac
      echo "$row O$level $options $(/tmp/nbody-shape-$row-O$level/nbody -json -runs=3 $size $options | sed 's/.*"method":"\([^"]*\)".*"gflops":\([0-9.]*\).*/\2 \1/')" >> "$out"
    done
  done
done
