#!/usr/bin/env bash
# Signing, on Lua 5.4, 5.1 and LuaJIT, against OpenSSL alone: bench_sign.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-15}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for version in 5.4 5.1; do
  mkdir "$folder/$version"
  cc -O2 -fPIC -shared -I"/usr/include/lua$version" -o "$folder/$version/sign_floor.so" \
    spec/bench/sign_floor.c -lcrypto
done

# On one core: see bench_decode.sh.
measure() {
  LUA_PATH=";;" LUA_CPATH="build/$2/?.so;$folder/$2/?.so;;" taskset -c $(($(nproc) - 1)) "$1" spec/bench/sign.lua \
    "$rounds"
}
unset LUA_PATH_5_4 LUA_CPATH_5_4
measure lua5.4 5.4
measure lua5.1 5.1
measure luajit 5.1
