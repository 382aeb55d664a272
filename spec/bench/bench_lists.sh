#!/usr/bin/env bash
# Lists of 10,000 images over TLS, whole processes against named peers: bench_lists.sh [ROUNDS] [PAGES].
# JDVM_BENCH_PEERS may name a file with more peers, a line each, "name: command": the command is given
# ENDPOINT CA_FILE PAGES touch|keep and must list all images, as the scripts beside this one do.
# JDVM_BENCH_GOPATH may name a GOPATH with the official Go SDK, whose sources are in no package; Debian's package
# golang-github-gofrs-uuid-dev has what it needs.
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-9}
pages=${2:-100}
here=spec/bench

modules=$(spec/support/npm_install.sh interop) || {
  echo "bench_lists.sh: npm could not install the JavaScript SDK" >&2
  exit 1
}

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
if [ -n "${JDVM_BENCH_GOPATH:-}" ]; then
  GO111MODULE=off GOPATH=$JDVM_BENCH_GOPATH:/usr/share/gocode go build -o "$folder/sdk_go" $here/lists_sdk.go
fi

. spec/support/static_server_start.sh
start_static_server "$folder"

export JDVM_BENCH_FOLDER=$folder
export NODE_PATH=$modules NODE_EXTRA_CA_CERTS=$folder/ca.pem
lua5.4 $here/lists.lua "https://127.0.0.1:$port" "$folder/ca.pem" "$pages" "$rounds"
