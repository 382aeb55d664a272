#!/usr/bin/env bash
# Decoding against lua-cjson: bench_decode.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/../.."
. spec/bench/paths.sh
exec lua5.4 spec/bench/decode.lua "${1:-11}"
