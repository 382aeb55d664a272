#!/usr/bin/env bash
# The pages of examples/openresty in headless Chromium, while the service runs and after it was stopped; screenshots for
# people to look at: run.sh [FOLDER]
set -eu
cd "$(dirname "$0")/../.."
screenshots=${1:-$PWD/build/screenshots}
mkdir -p "$screenshots"
modules=$(spec/support/npm_install.sh browser)
folder=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
changes='s/ttl = 60, grace = 60/ttl = 1, grace = 1/
  s/set $image_sources "public thirdparty";//; s/# set $image_sources/set $image_sources/'
: >"$folder/log"
spec/nginx/support/example.sh "$folder" "$port" $((port + 1)) "$changes" >"$folder/log" 2>&1 &
example=$!
trap 'kill -TERM $example 2>/dev/null || true; wait $example 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 100); do
  if grep -q http: "$folder/log"; then break; fi
  sleep 0.1
done
# The emulator is the first child of the example's run.sh.
MODULES=$modules node spec/browser/look.mjs "http://127.0.0.1:$port" "$screenshots" "$(pgrep -o -P "$example")"
