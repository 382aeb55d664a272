#!/usr/bin/env bash
# All benchmarks, one after the other, so that they do not disturb each other: run.sh [NAME]…
# Each is a script of this folder: bench_NAME.sh or bench_NAME.lua, and lists.sh (end to end).
set -eu
cd "$(dirname "$0")/../.."
here=spec/bench

run() {
  printf '\n== %s\n' "$1"
  case $1 in
  lists) $here/lists.sh ;;
  *)
    if [ -x "$here/bench_$1.sh" ]; then "$here/bench_$1.sh"; else lua5.4 "$here/bench_$1.lua"; fi
    ;;
  esac
}

if [ $# -eq 0 ]; then
  for script in $here/bench_*.sh $here/bench_*.lua; do
    [ -e "$script" ] || continue
    name=$(basename "$script")
    name=${name#bench_}
    set -- "$@" "${name%.*}"
  done
  set -- "$@" lists
fi
uname -srm
for name in "$@"; do
  run "$name"
done
