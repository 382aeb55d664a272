#!/bin/sh
# Starts a changed copy of examples/openresty in a folder: example.sh FOLDER PORT METRICS_PORT SED_SCRIPT
set -eu
root=$PWD
for part in lua bin build; do ln -s "$root/$part" "$1/$part"; done
cp -r examples "$1"
sed -i "$4" "$1/examples/openresty/nginx.conf"
exec "$1/examples/openresty/run.sh" "$2" "$3"
