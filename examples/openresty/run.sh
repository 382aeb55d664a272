#!/usr/bin/env bash
# Starts the gateway of this folder on 127.0.0.1 against the emulator: run.sh [PORT [METRICS_PORT]], 8080 and 9145 by
# default. Ctrl-C ends both.
# shellcheck disable=SC2154 # emulator.sh sets folder, lua, lua_path, …
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../emulator.sh"

# What differs from machine to machine, beside a copy of nginx.conf. Cosockets take their CA from nginx.conf, and check
# certificates against names only; the emulator's is for localhost, too.
cp "$here/style.css" "$folder"
sed "s|/etc/ssl/certs/ca-certificates.crt|$JDCLOUD_CA_FILE|; s|127.0.0.1:8080|127.0.0.1:${1:-8080}|
  s|127.0.0.1:9145|127.0.0.1:${2:-9145}|" "$here/nginx.conf" >"$folder/nginx.conf"
unset JDCLOUD_CA_FILE
export JDCLOUD_ENDPOINT=${JDCLOUD_ENDPOINT/127.0.0.1/localhost}
# The nginx that the emulator runs on, and the lines by which that has Lua, if it needs any.
{
  read -r nginx
  cat >"$folder/modules.conf"
} < <("$lua" -e 'print(require("jdvm.emulator.find_nginx")())' | tr '\t' '\n')
# Started by root, the workers would be nobody, who may not read a checkout.
if [ "$(id -u)" -eq 0 ]; then echo "user root;" >>"$folder/modules.conf"; fi
cat >"$folder/paths.conf" <<END
lua_package_path "$here/?.lua;${lua_path/"/$version/?"/"/5.1/?"};;"; # nginx's Lua is LuaJIT
lua_package_cpath "${lua_cpath/"/$version/?"/"/5.1/?"};;";
client_body_temp_path $folder/t1; proxy_temp_path $folder/t2; fastcgi_temp_path $folder/t3;
uwsgi_temp_path $folder/t4; scgi_temp_path $folder/t5;
END

"$nginx" -p "$folder/" -c nginx.conf -e error.log -g 'daemon off;' &
processes+=($!)
until [ -s "$folder/nginx.pid" ]; do sleep 0.1 && kill -0 "${processes[1]}"; done
echo "http://127.0.0.1:${1:-8080}/"
wait "${processes[1]}"
