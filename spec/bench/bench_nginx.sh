#!/usr/bin/env bash
# jdvm inside nginx beside proxy_pass and a constant, on the loopback: bench_nginx.sh [ROUNDS] [SECONDS]
set -eu
cd "$(dirname "$0")/../.."
. spec/bench/paths.sh
exec env PATH="$PATH:/usr/sbin" lua5.4 spec/bench/nginx.lua "$@"
