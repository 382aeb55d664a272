#!/usr/bin/env bash
# Starts the emulator on this machine, lists and shows images through signed HTTPS as a user would,
# and stops it. `make demo` builds first; LUA=luajit examples/demo.sh tries another Lua.
set -eu
cd "$(dirname "$0")/.."

lua=${LUA:-lua5.4}
case $lua in
*luajit* | *5.1) version=5.1 ;;
*) version=${lua##*lua} ;;
esac
export LUA_PATH="$PWD/lua/?.lua;;" LUA_CPATH="$PWD/build/$version/?.so;;"
unset JDCLOUD_SESSION_TOKEN http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy

run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

folder=$(mktemp -d)
emulator=
stop() {
  status=$?
  trap - EXIT
  if [ -n "$emulator" ]; then
    kill -TERM "$emulator" 2>/dev/null || true
    wait "$emulator" 2>/dev/null || true
  fi
  rm -rf "$folder"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo '$ jdvm emulator --tls &'
mkfifo "$folder/says"
"$lua" bin/jdvm emulator --tls >"$folder/says" &
emulator=$!
exec 3<"$folder/says"
while read -r -t 20 -u 3 word value rest; do
  echo "$word${value:+ $value}${rest:+ $rest}"
  case $word in
  endpoint) export JDCLOUD_ENDPOINT=$value ;;
  ca_file) export JDCLOUD_CA_FILE=$value ;;
  regions) export JDCLOUD_REGION=$value ;;
  account)
    if [ "$value" = owner ]; then
      read -r JDCLOUD_ACCESS_KEY JDCLOUD_SECRET_KEY _ <<<"$rest"
      export JDCLOUD_ACCESS_KEY JDCLOUD_SECRET_KEY
    fi
    ;;
  ready) break ;;
  esac
done
if [ "${word:-}" != ready ]; then
  echo "demo: the emulator did not get ready" >&2
  exit 1
fi

run "$lua" examples/list_images.lua
run "$lua" examples/show_image.lua
