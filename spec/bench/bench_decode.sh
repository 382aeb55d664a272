#!/usr/bin/env bash
# Decoding on Lua 5.4, 5.1 and LuaJIT against lua-cjson: bench_decode.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-11}
unset LUA_PATH_5_4 LUA_CPATH_5_4

for lua in lua5.4 lua5.1 luajit; do
  version=5.1
  [ "$lua" != lua5.4 ] || version=5.4
  # On one core, the last: two may differ in speed, and then a ratio of processes says nothing.
  LUA_PATH="spec/bench/?.lua;;" LUA_CPATH="build/$version/?.so;;" \
    taskset -c $(($(nproc) - 1)) "$lua" spec/bench/decode.lua compare "$rounds" "$lua"
done
