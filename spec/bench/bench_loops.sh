#!/usr/bin/env bash
# Event loops, on each Lua, from an emulator that takes 300 ms over TLS: how long a ticker of 5 ms waits, one list and 16
# side by side, and what calls that are broken off leave behind: bench_loops.sh [CALLS]
set -eu
cd "$(dirname "$0")/../.."
calls=${1:-10000}

for lua in lua5.1 lua5.2 lua5.3 lua5.4 luajit; do
  version=${lua#lua}
  [ "$lua" != luajit ] || version=5.1
  for loop in cqueues luv; do
    LUA_PATH="lua/?.lua;./?.lua;;" LUA_CPATH="build/$version/?.so;;" "$lua" spec/bench/loops.lua "$loop" "$lua" "$calls"
  done
done
