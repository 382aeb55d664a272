#!/usr/bin/env bash
# Serves pre-made answers with keep-alive from one nginx worker: static_server.sh FOLDER, which holds
# pages/N.json. A GET of …/images?pageNumber=N on PORT (TLS) or PORT + 1 (plain) gives that file, or
# pages/empty.json if there is one. Makes a CA and a certificate in FOLDER (ca.pem), prints PORT, and stays
# in the foreground until it is ended. SERVICE_TIME is what an answer takes in seconds (nginx's Lua module
# waits).
set -eu
folder=$1
wait="" modules="" nginx=nginx
if [ -n "${SERVICE_TIME:-}" ]; then
  wait="access_by_lua_block { ngx.sleep($SERVICE_TIME) }"
  {
    read -r nginx
    modules=$(cat)
  } < <(LUA_PATH="lua/?.lua;;" lua5.4 -e 'print(require("jdvm.emulator.find_nginx")())' | tr '\t' '\n')
fi
cd "$folder"
mkdir -p temp
port=$((20000 + RANDOM % 12000))

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -keyout ca.key -out ca.pem \
  -subj "/CN=jdvm bench CA" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "/CN=localhost" 2>/dev/null
printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >san
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile san \
  -out server.pem 2>/dev/null

user= # started by root, nginx's worker would drop to a user who may not read the folder
if [ "$(id -u)" -eq 0 ]; then user='user root;'; fi
cat >nginx.conf <<END
$modules
$user
daemon off;
worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  default_type application/json;
  sendfile on;
  tcp_nopush off;
  tcp_nodelay on;
  keepalive_requests 1000000;
  open_file_cache max=2000;
  server {
    listen 127.0.0.1:$port ssl;
    listen 127.0.0.1:$((port + 1));
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    location ~ /images\$ {
      $wait
      root $folder/pages;
      try_files /\$arg_pageNumber.json /empty.json =404;
    }
  }
}
END
echo "$port"
exec "$nginx" -p "$folder/" -c nginx.conf -e error.log
