#!/usr/bin/env bash
# Lists of 10,000 images over TLS, and one call, whole processes: against libcurl that discards the bodies, against what
# a user would write with lua-curl, lua-cjson and luaossl, and against curl: bench_lists.sh [ROUNDS] [PAGES]
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-9}
pages=${2:-100}
here=spec/bench

folder=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

mkdir "$folder/pages"
cc -O2 -o "$folder/measure" $here/lists_measure.c
cc -O2 -o "$folder/discard" $here/lists_discard.c -lcurl
lua5.4 $here/lists_pages.lua "$folder/pages" "$pages"
. spec/support/static_server_start.sh
start_static_server "$folder"

export JDVM_BENCH_FOLDER=$folder
lua5.4 $here/lists.lua "https://127.0.0.1:$port" "$folder/ca.pem" "$pages" "$rounds"
