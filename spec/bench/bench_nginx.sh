#!/usr/bin/env bash
# jdvm inside nginx beside proxy_pass and a constant, on the loopback: bench_nginx.sh [ROUNDS] [SECONDS]
set -eu
cd "$(dirname "$0")/../.."
export LUA_PATH="$PWD/lua/?.lua;$PWD/?.lua;;" LUA_CPATH="$PWD/build/5.4/?.so;;" PATH="$PATH:/usr/sbin"
exec lua5.4 spec/bench/nginx.lua "$@"
