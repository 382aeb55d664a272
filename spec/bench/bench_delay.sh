#!/usr/bin/env bash
# Lists of 10,000 images over TLS from a service that is slow (50 ms an answer) and from one that is far (50 ms a
# round trip, connection set-up included), with pages in flight, against libcurl that discards the bodies:
# bench_delay.sh [ROUNDS] [PAGES]
set -eu
cd "$(dirname "$0")/../.."
rounds=${1:-5}
pages=${2:-100}
here=spec/bench

folder=$(mktemp -d)
server=
stop() {
  exec 5>&- || true
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  [ -z "$server" ] || wait "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

mkdir "$folder/pages"
cc -O2 -o "$folder/measure" $here/lists_measure.c
cc -O2 -o "$folder/discard" $here/lists_discard.c -lcurl
cc -O2 -o "$folder/proxy" $here/delay_proxy.c
lua5.4 $here/lists_pages.lua "$folder/pages" "$pages"
. spec/support/static_server_start.sh
export JDVM_BENCH_FOLDER=$folder

for case in slow far; do
  if [ $case = slow ]; then
    SERVICE_TIME=0.05 start_static_server "$folder"
    reached=$port
  else
    HTTP2=1 start_static_server "$folder"
    mkfifo "$folder/hold"
    "$folder/proxy" "$port" 50 <"$folder/hold" >"$folder/proxy_port" &
    exec 5>"$folder/hold"
    while [ ! -s "$folder/proxy_port" ]; do sleep 0.05; done
    reached=$(cat "$folder/proxy_port")
  fi
  lua5.4 $here/delay.lua $case "https://127.0.0.1:$reached" "$folder/ca.pem" "$pages" "$rounds"
  kill "$server" && wait "$server" || true
  server=
done
