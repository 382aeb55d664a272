#!/usr/bin/env bash
# The example's page in headless Chromium (Debian's package chromium): screenshots for people to look at, and what a
# program can see: the images are there, nothing was refused. Not part of `make test`. browser.sh [FOLDER]
set -eu
cd "$(dirname "$0")/../.."
folder=${1:-build/screenshots}
port=$((20000 + RANDOM % 20000))
mkdir -p "$folder"
home=$(mktemp -d)
examples/openresty/run.sh "$port" >"$home/log" &
example=$!
trap 'kill -TERM $example 2>/dev/null; wait $example 2>/dev/null; rm -rf "$home"' EXIT
for _ in $(seq 100); do
  if grep -q http: "$home/log"; then break; fi
  sleep 0.1
done

passed=0
failed=0
check() {
  if test "$2" "$3" "$4"; then
    passed=$((passed + 1))
    echo "ok - $1"
  else
    failed=$((failed + 1))
    echo "not ok - $1: $2 $3 $4"
  fi
}

browse() {
  chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$home/profile" \
    --enable-logging=stderr --v=0 "$@" 2>"$home/errors"
}

look() {
  local name=$1 size=$2 path=$3
  rm -f "$folder/$name.png"
  browse --window-size="$size" --screenshot="$folder/$name.png" "http://127.0.0.1:$port/$path"
  check "$name: a screenshot of more than 10 KB" "$(stat -c %s "$folder/$name.png" 2>/dev/null || echo 0)" -gt 10000
  check "$name: nothing refused" "$(grep -cE 'Refused|ERR_|Uncaught' "$home/errors" || true)" = 0
}

look desktop 1200,1400 '?source=public'
look phone 390,1500 '?source=private'
look nothing 390,700 '?text=nothing+has+this'
browse --dump-dom "http://127.0.0.1:$port/?source=public" >"$home/dom"
check "24 images in the document" "$(grep -c 'class="image"' "$home/dom")" = 24
echo "screenshots in $folder"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
