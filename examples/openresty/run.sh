#!/usr/bin/env bash
# Starts the gateway of this folder on 127.0.0.1 against the emulator: run.sh [PORT], 8080 by default. Ctrl-C ends both.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
port=${1:-8080}
lua=${LUA:-lua5.4}

folder=$(mktemp -d)
emulator=
gateway=
stop() {
  status=$?
  trap - EXIT
  for process in $gateway $emulator; do
    kill -TERM "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  rm -rf "$folder"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkfifo "$folder/says"
[ -e "$root/build/5.1/jdvm/core.so" ] || make -s -C "$root" build
"$lua" "$root/bin/jdvm" emulator --tls >"$folder/says" &
emulator=$!
exec 3<"$folder/says"
while read -r -t 20 -u 3 word value rest; do
  case $word in
  # nginx checks certificates against names only; the emulator's is for localhost, too.
  endpoint) export JDCLOUD_ENDPOINT=${value/127.0.0.1/localhost} ;;
  ca_file) ca_file=$value ;;
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
  echo "run.sh: the emulator did not get ready" >&2
  exit 1
fi

# What differs from machine to machine, beside a copy of nginx.conf.
sed "s|/etc/ssl/certs/ca-certificates.crt|$ca_file|" "$here/nginx.conf" >"$folder/nginx.conf"
cp "$here/style.css" "$folder"
# The nginx that the emulator runs on, and the lines by which that has Lua, if it needs any.
{
  read -r nginx
  cat >"$folder/modules.conf"
} < <(LUA_PATH="$root/lua/?.lua;;" "$lua" -e 'print(require("jdvm.emulator.find_nginx")())' | tr '\t' '\n')
# Started by root, the workers would be nobody, who may not read a checkout.
if [ "$(id -u)" -eq 0 ]; then echo "user root;" >>"$folder/modules.conf"; fi
cat >"$folder/paths.conf" <<END
lua_package_path "$here/?.lua;$root/lua/?.lua;;";
lua_package_cpath "$root/build/5.1/?.so;;";
client_body_temp_path $folder/t1; proxy_temp_path $folder/t2; fastcgi_temp_path $folder/t3;
uwsgi_temp_path $folder/t4; scgi_temp_path $folder/t5;
END
echo "listen 127.0.0.1:$port;" >"$folder/listen.conf"

"$nginx" -p "$folder/" -c nginx.conf -e error.log -g 'daemon off;' &
gateway=$!
for _ in $(seq 100); do
  if [ -s "$folder/nginx.pid" ]; then
    echo "http://127.0.0.1:$port/"
    wait "$gateway"
    exit
  fi
  kill -0 "$gateway" 2>/dev/null || break
  sleep 0.1
done
cat "$folder/error.log" >&2
exit 1
