#!/bin/sh
# Fuzzes one target and prints its figures. usage: run.sh TARGET SECONDS
# What it learns stays in build/fuzz/corpus/TARGET, inputs that fail in build/fuzz/found/TARGET.
set -eu
cd "$(dirname "$0")/../.."
target=$1
seconds=$2
corpus=build/fuzz/corpus/$target
found=build/fuzz/found/$target
log=build/fuzz/$target.log
mkdir -p "$corpus" "$found"
folder=$(mktemp -d --tmpdir=/dev/shm)
trap 'rm -rf "$folder"' EXIT
dictionary=""
[ -e "tests/fuzz/$target.dict" ] && dictionary="-dict=tests/fuzz/$target.dict"
# The limits: 25 s and 2 GiB an input, 256 MiB at once.
if ! TMPDIR=$folder OMP_NUM_THREADS=1 "build/fuzz/tests/fuzz/${target}_fuzz" \
  -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -malloc_limit_mb=256 $dictionary \
  -artifact_prefix="$found/" -print_final_stats=1 "$corpus" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
  grep -vE "NEW|REDUCE|pulse|^INFO" "$log" | tail -n 60
  echo "$target: a finding, see $log and $found" >&2
  exit 1
fi
echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $seconds s, no finding"
