#!/usr/bin/env bash
# Whole processes over TLS, from a service that answers at once and from one that takes 50 ms: lists of 10,000 images
# against libcurl that discards the bodies, what a user would write with lua-curl, lua-cjson and luaossl, and the official
# JavaScript SDK; one call against curl: bench_lists.sh [ROUNDS] [PAGES]
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-9}
pages=${2:-100}
here=spec/bench
. spec/bench/paths.sh

folder=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  server=
}
trap 'stop; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

mkdir "$folder/pages"
cc -O2 -o "$folder/measure" $here/lists_measure.c
cc -O2 -o "$folder/discard" $here/lists_discard.c -lcurl
lua5.4 -e "require('pages').write('$folder/pages', $pages)"
modules=$(spec/support/npm_install.sh interop)
. spec/support/static_server_start.sh
export JDVM_BENCH_FOLDER=$folder NODE_PATH=$modules NODE_EXTRA_CA_CERTS=$folder/ca.pem

for case in near slow; do
  if [ $case = slow ]; then export SERVICE_TIME=0.05; fi
  start_static_server "$folder"
  lua5.4 $here/lists.lua $case "https://127.0.0.1:$port" "$folder/ca.pem" "$pages" "$rounds"
  stop
done
