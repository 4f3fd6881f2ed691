#!/bin/sh
# The CPU path must be within a factor of two of what the compiler makes of the plain loop. One thread each,
# the best of three, since other work may run on the machine.
nbody=$1 plain=$2
best=0 yardstick=0
for try in 1 2 3; do
  ours=$(taskset -c 0 "$nbody" -cpu -numbodies=8192 -i=3 -json | sed 's/.*"interactions_per_second":\([^,]*\).*/\1/')
  theirs=$(taskset -c 0 "$plain")
  best=$(awk -v a=$best -v b=$ours 'BEGIN {b /= 1e9; print (b > a ? b : a)}')
  yardstick=$(awk -v a=$yardstick -v b=$theirs 'BEGIN {print (b > a ? b : a)}')
done
awk -v a=$best -v b=$yardstick 'BEGIN {
  printf "CPU, one thread: %.2f billion interactions/s (%.1f GFLOP/s), the compiler'"'"'s loop %.2f: %.2f times\n", a, 20 * a, b, a / b
  exit !(a >= b / 2)
}' || { echo "FAILED: the CPU path is slower than half the compiler's loop"; exit 1; }
