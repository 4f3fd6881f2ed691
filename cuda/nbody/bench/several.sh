#!/bin/sh
# make bench-several: how the work spreads over several GPUs. $1 is nbody, $2 the folder for several.json and several.md.
# One GPU and all of them in the same call, copies between GPUs directly and through the host.
set -u
nbody=$1 out=$2 tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$out"
gpus=$(nvidia-smi --query-gpu=name --format=csv,noheader | wc -l)
name=$(nvidia-smi -i 0 --query-gpu=name --format=csv,noheader) driver=$(nvidia-smi -i 0 --query-gpu=driver_version --format=csv,noheader)
[ "$gpus" -ge 2 ] || { echo "several: this machine has $gpus GPU" >&2; exit 3; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" "$2" | head -1; }

measure() { # label, GPUs, options...
  label=$1 devices=$2; shift 2
  "$nbody" -json "$@" >"$tmp/row" || { echo "FAILED: nbody -json $*" >&2; exit 1; }
  shares=$(sed -n 's/.*"shares_milliseconds":\[\([^]]*\)\].*/\1/p' "$tmp/row")
  apart=$(echo "$shares" | awk -F, 'NF > 1 {low = high = $1; for (i = 2; i <= NF; ++i) {if ($i < low) low = $i; if ($i > high) high = $i} printf "%.2f", 100 * (high - low) / high}')
  # "devices" is the number of GPUs; what the program says of each is in "result".
  printf '%s{"label":"%s","command":"nbody -json %s","numdevices":%s,"apart_percent":%s,"result":%s}' \
    "$([ -s "$tmp/rows" ] && echo ',
')" "$label" "$*" "$devices" "${apart:-null}" "$(cat "$tmp/row")" >>"$tmp/rows"
  printf '| %s | %s | %s | %.0f | %s |\n' "$label" "$devices" "$(field bodies "$tmp/row")" "$(field gflops "$tmp/row")" "${apart:-}" | tee -a "$tmp/table"
  field gflops "$tmp/row" >"$tmp/rate.$label"
}
ratio() { awk -v a="$(cat "$tmp/rate.$1")" -v b="$(cat "$tmp/rate.$2")" 'BEGIN {printf "%.3f", a / b}'; }

for size in 2000128 524288 135168; do
  case $size in 2000128) steps=2 ;; 524288) steps=10 ;; *) steps=50 ;; esac
  measure "one-$size" 1 -numbodies=$size -i=$steps -runs=3
  measure "all-$size" "$gpus" -numbodies=$size -i=$steps -runs=3 -numdevices="$gpus"
  measure "host-$size" "$gpus" -numbodies=$size -i=$steps -runs=3 -numdevices="$gpus" -nopeer
done
measure one64 1 -fp64 -numbodies=262144 -i=10 -runs=3
measure all64 "$gpus" -fp64 -numbodies=262144 -i=10 -runs=3 -numdevices="$gpus"

{
  printf '{"gpu":"%s","driver":"%s","compiler":"%s","date":"%s","made_by":"make bench-several",\n"speed":[\n' "$name" "$driver" "${NVCC_VERSION:-unknown}" "$(date -u +%Y-%m-%d)"
  cat "$tmp/rows"; printf ']}\n'
} >"$out/several.json"
{
  echo "# Measured: $gpus GPUs, $name"
  echo
  echo "Made by \`make bench-several\` on $(date -u +%Y-%m-%d): driver $driver, compiled by ${NVCC_VERSION:-unknown}. The exact commands are in \`several.json\`."
  echo
  echo "| row | GPUs | bodies | GFLOP/s | GPUs apart, % |"
  echo "| --- | --- | --- | --- | --- |"
  cat "$tmp/table"
  echo
  echo "- one: one GPU. all: all of them, copying between them directly. host: the same, copying through the host (-nopeer)."
  echo "- GPUs apart: how much sooner the first has done its share of a step than the last."
  echo
  echo "Against one GPU: $(ratio all-2000128 one-2000128) times at 2,000,128 bodies, $(ratio all-524288 one-524288) at 524,288, $(ratio all-135168 one-135168) at 135,168; through the host $(ratio host-2000128 one-2000128), $(ratio host-524288 one-524288), $(ratio host-135168 one-135168); double precision at 262,144 bodies $(ratio all64 one64)."
} >"$out/several.md"
tail -n +5 "$out/several.md"
