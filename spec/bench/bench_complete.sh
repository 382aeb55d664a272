#!/usr/bin/env bash
# How many lists miss an image while images are deleted and created: jdvm, and a loop over pages: bench_complete.sh [LISTS]
set -eu
cd "$(dirname "$0")/../.."
. spec/bench/paths.sh
exec lua5.4 spec/bench/complete.lua "${1:-100}"
