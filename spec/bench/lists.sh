#!/usr/bin/env bash
# Lists of 10,000 images over TLS, whole processes against named peers: lists.sh [ROUNDS] [PAGES].
# JDVM_BENCH_PEERS may name a file with more peers, a line each, "name: command": the command is given
# ENDPOINT CA_FILE PAGES touch|keep and must list all images, as the scripts beside this one do.
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-9}
pages=${2:-100}
here=spec/bench

if [ ! -d spec/interop/node_modules/jdcloud-sdk-js ]; then
  (cd spec/interop && npm ci --ignore-scripts --no-audit --no-fund >/dev/null 2>&1) || {
    echo "lists.sh: npm could not install the JavaScript SDK" >&2
    exit 1
  }
fi

folder=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

mkdir "$folder/pages" "$folder/temp"
chmod 755 "$folder" # nginx's worker drops to another user when it is started by root
cc -O2 -o "$folder/measure" $here/lists_measure.c
cc -O2 -o "$folder/discard" $here/lists_discard.c -lcurl
lua5.4 $here/lists_pages.lua "$folder/pages" "$pages"

port=
for _ in 1 2 3 4 5; do
  $here/lists_server.sh "$folder" >"$folder/port" 2>"$folder/nginx.log" &
  server=$!
  for _ in $(seq 100); do
    port=$(cat "$folder/port")
    if [ -n "$port" ] && curl -s --cacert "$folder/ca.pem" -o /dev/null \
      "https://127.0.0.1:$port/v1/regions/cn-north-1/images?pageNumber=1"; then
      break 2
    fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.1
    port=
  done
  port=
done
if [ -z "$port" ]; then
  cat "$folder/nginx.log" >&2
  exit 1
fi

export JDVM_BENCH_FOLDER=$folder
export NODE_PATH=$PWD/spec/interop/node_modules NODE_EXTRA_CA_CERTS=$folder/ca.pem
lua5.4 $here/lists.lua "https://127.0.0.1:$port" "$folder/ca.pem" "$pages" "$rounds"
