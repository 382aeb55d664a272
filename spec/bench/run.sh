#!/usr/bin/env bash
# All benchmarks, one after the other, so that they do not disturb each other: run.sh [NAME]…
# Each is a script of this folder, bench_NAME.sh.
set -eu
cd "$(dirname "$0")/../.."

if [ $# -eq 0 ]; then
  for script in spec/bench/bench_*.sh; do
    name=$(basename "$script" .sh)
    set -- "$@" "${name#bench_}"
  done
fi
uname -srm
failed=
for name in "$@"; do
  printf '\n== %s\n' "$name"
  "spec/bench/bench_$name.sh" || failed="$failed $name"
done
if [ -n "$failed" ]; then
  printf '\nnot as wanted, or broken:%s\n' "$failed"
  exit 1
fi
