#!/usr/bin/env bash
# How many lists miss an image while images are deleted and created: jdvm, and a loop over pages: bench_complete.sh [LISTS]
set -eu
cd "$(dirname "$0")/../.."
exec env LUA_PATH="lua/?.lua;./?.lua;;" LUA_CPATH="build/5.4/?.so;;" lua5.4 spec/bench/complete.lua "${1:-100}"
