#!/usr/bin/env bash
# Decoding on Lua 5.4, 5.1 and LuaJIT against lua-cjson and dkjson, and instructions a page where valgrind is
# installed: bench_decode.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-11}
unset LUA_PATH_5_4 LUA_CPATH_5_4

# On one core, the last: two may differ in speed, and then a ratio of processes says nothing.
core=$(($(nproc) - 1))

run() {
  local lua=$1 version=5.1
  [ "$lua" != lua5.4 ] || version=5.4
  shift
  env LUA_PATH="spec/bench/?.lua;;" LUA_CPATH="build/$version/?.so;;" \
    taskset -c "$core" "$@"
}

# Instructions a page: those of 50 less those of 10, so that start and set-up cancel out, and the traces that LuaJIT
# makes of what it meets first.
instructions() {
  local lua=$1 decoder=$2 document=$3 few many
  few=$(count "$lua" "$decoder" "$document" 10)
  many=$(count "$lua" "$decoder" "$document" 50)
  echo $(((many - few) / 40))
}

count() {
  run "$1" valgrind --tool=callgrind --callgrind-out-file=/dev/null "$1" spec/bench/decode.lua count "$2" "$3" "$4" 2>&1 |
    sed -n 's/.*Collected : //p'
}

for lua in lua5.4 lua5.1 luajit; do
  run "$lua" "$lua" spec/bench/decode.lua compare "$rounds" "$lua"
  if command -v valgrind >/dev/null; then
    none=$(instructions "$lua" nothing page)
    cjson=$(($(instructions "$lua" lua-cjson page) - none))
    own=$(($(instructions "$lua" jdvm page) - none))
    echo "  instructions a page, collector stopped: lua-cjson $cjson, jdvm $own = $((own * 1000 / cjson))/1000"
  fi
done
