#!/bin/sh
# make bench: the figures of results/. $1 is nbody, $2 the folder for bench.json and bench.md.
# Every figure is the median of several timed runs after a warm-up, our kernel and the textbook one in
# the same call, with the clock, power and temperature that the driver showed meanwhile.
set -u
nbody=$1 out=$2 tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$out"
"$nbody" -benchmark -numbodies=1024 -i=1 -json >"$tmp/first" || exit 3

field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" "$2" | head -1; }
median() { sort -n "$1" | awk '{v[NR]=$1} END {if (NR) print (NR%2 ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2); else print "null"}'; }

# watch samples the driver until stopped; only samples at work count (the first second is dropped where there are many).
watch() { nvidia-smi -i 0 --query-gpu=clocks.sm,power.draw,temperature.gpu --format=csv,noheader,nounits -lms 100 >"$tmp/smi" 2>/dev/null & watcher=$!; }
unwatch() {
  kill $watcher 2>/dev/null; wait $watcher 2>/dev/null
  awk -F', *' '$2 > 150' "$tmp/smi" >"$tmp/busy"
  for c in 1 2 3; do cut -d, -f$c "$tmp/busy" | tr -d ' ' >"$tmp/col$c"; done
  clock=$(median "$tmp/col1") power=$(median "$tmp/col2") heat=$(median "$tmp/col3")
  peak=$(sort -n "$tmp/col2" | tail -1); peak=${peak:-null}
}

rows="" n=0
measure() { # label, options...
  label=$1; shift
  watch
  "$nbody" -json "$@" >"$tmp/row" || { echo "FAILED: nbody -json $*" >&2; kill $watcher; exit 1; }
  unwatch
  n=$((n + 1))
  printf '%s{"label":"%s","command":"nbody -json %s","sm_clock_mhz":%s,"power_w":%s,"power_w_peak":%s,"temperature_c":%s,"result":%s}' \
    "$([ $n = 1 ] || echo ',
')" "$label" "$*" "$clock" "$power" "$peak" "$heat" "$(cat "$tmp/row")" >>"$tmp/rows"
  printf '| %s | %s | %.0f | %.0f | %s | %s |\n' "$label" "$(field bodies "$tmp/row")" \
    "$(field interactions_per_second "$tmp/row" | awk '{print $1/1e9}')" "$(field gflops "$tmp/row")" "$clock" "$power" | tee -a "$tmp/table"
  field interactions_per_second "$tmp/row" >"$tmp/rate.$label"
  echo "$clock" >"$tmp/clock.$label"
}
accuracy() { # label, options...
  label=$1; shift
  "$nbody" -json -compare "$@" >"$tmp/row"
  printf '%s{"label":"%s","command":"nbody -json -compare %s","result":%s}' "$([ -s "$tmp/errors" ] && echo ',
')" "$label" "$*" "$(cat "$tmp/row")" >>"$tmp/errors"
  printf '| %s | %s | %s | %s |\n' "$label" "$(field bodies "$tmp/row")" "$(field relative_error "$tmp/row")" "$(field largest_error "$tmp/row")" | tee -a "$tmp/errortable"
}

big=2000128
measure pairs     -numbodies=$big -i=2 -runs=7
measure tile      -numbodies=$big -i=2 -runs=3 -kernel=tile
if [ -z "${BRIEF:-}" ]; then
measure any       -numbodies=$big -i=2 -runs=3 -softening=0.0001
measure equal     -numbodies=$big -i=2 -runs=3 -masses=equal
measure fixed     -numbodies=$big -i=2 -runs=3 -deterministic
measure hostmem   -numbodies=$big -i=2 -runs=3 -hostmem
fi
measure default   -i=100 -runs=9
measure deftile   -i=100 -runs=5 -kernel=tile
measure pairs64   -fp64 -numbodies=262144 -i=10 -runs=7
measure tile64    -fp64 -numbodies=262144 -i=10 -runs=3 -kernel=tile
accuracy pairs    -numbodies=$big
if [ -z "${BRIEF:-}" ]; then
accuracy any      -numbodies=$big -softening=0.0001
accuracy equal    -numbodies=$big -masses=equal
accuracy fixed    -numbodies=$big -deterministic
fi
accuracy tile     -numbodies=$big -kernel=tile
accuracy pairs64  -numbodies=262144 -fp64
accuracy tile64   -numbodies=262144 -fp64 -kernel=tile

gpu=$(nvidia-smi -i 0 --query-gpu=name --format=csv,noheader) driver=$(nvidia-smi -i 0 --query-gpu=driver_version --format=csv,noheader)
limit=$(nvidia-smi -i 0 --query-gpu=power.limit --format=csv,noheader,nounits)
compiler=${NVCC_VERSION:-unknown} sms=$(field multiprocessors "$tmp/first")
version() { awk -v v="$1" 'BEGIN {printf "%d.%d", v / 1000, v % 1000 / 10}'; }
ratio() { awk -v a="$(cat "$tmp/rate.$1")" -v b="$(cat "$tmp/rate.$2")" 'BEGIN {printf "%.3f", a / b}'; }
# One instruction per scheduler and cycle, four schedulers, 32 lanes, two interactions per pair.
bound() { awk -v r="$(cat "$tmp/rate.$1")" -v c="$(cat "$tmp/clock.$1")" -v s="$sms" -v i="$2" 'BEGIN {printf "%.3f", r / (s * 4 * 32 * c * 1e6 / i * 2)}'; }
issue=$(bound pairs 17.4375)

{
  printf '{"gpu":"%s","driver":"%s","cuda_driver":"%s","cuda_runtime":"%s","compiler":"%s","multiprocessors":%s,"power_limit_w":%s,"date":"%s",\n' \
    "$gpu" "$driver" "$(version "$(field cuda_driver "$tmp/first")")" "$(version "$(field cuda_runtime "$tmp/first")")" "$compiler" "$sms" "$limit" "$(date -u +%Y-%m-%d)"
  printf '"made_by":"make bench",\n"ratios":{"single_2M":%s,"single_default":%s,"double_262144":%s,"share_of_issue_bound":%s},\n' \
    "$(ratio pairs tile)" "$(ratio default deftile)" "$(ratio pairs64 tile64)" "$issue"
  printf '"speed":[\n'; cat "$tmp/rows"; printf '],\n"accuracy":[\n'; cat "$tmp/errors"; printf ']}\n'
} >"$out/bench.json"

{
  echo "# Measured: $gpu"
  echo
  echo "Made by \`make bench\` on $(date -u +%Y-%m-%d): $gpu, driver $driver, CUDA $(version "$(field cuda_driver "$tmp/first")"), power limit $limit W; compiled by $compiler."
  echo "The exact command of each row, every single run and all settings are in \`bench.json\`."
  echo
  echo "| row | bodies | 10^9 interactions/s | GFLOP/s | SM clock, MHz | power, W |"
  echo "| --- | --- | --- | --- | --- | --- |"
  cat "$tmp/table"
  echo
  echo "- pairs, default, pairs64: each pair once, general masses (between 0.5 and 1.5 times the mean). This is the headline."
  echo "- tile, deftile, tile64: the textbook kernel of GPU Gems 3, chapter 31, in the same call."
  echo "- any: general masses with a softening so small that the scaled form is not safe. equal: all masses equal, seen in the data. fixed: -deterministic."
  echo "- 20 flops per interaction in single precision, 30 in double. SM clock and power are medians while the row ran."
  echo
  echo "Against the textbook kernel: $(ratio pairs tile) times in single precision at $big bodies, $(ratio default deftile) times at the default size, $(ratio pairs64 tile64) times in double precision."
  echo "Share of the issue bound (17 instructions and 7/16 of a shuffle per pair, at the clock shown): $issue."
  echo
  echo "| row | bodies | relative error of the accelerations (rms) | largest |"
  echo "| --- | --- | --- | --- |"
  cat "$tmp/errortable"
  echo
  echo "Reference: double precision on the CPU, for a sample of the bodies; \"largest\" is over the root mean square acceleration."
} >"$out/bench.md"
tail -n +6 "$out/bench.md"
