#!/usr/bin/env bash
# Adds up what the steps of the tests counted: total.sh NAME… A step without a count has failed.
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
for name in "$@"; do
  good=0 bad=1
  [ ! -f "build/logs/$name.count" ] || read -r good bad <"build/logs/$name.count"
  passed=$((passed + good)) failed=$((failed + bad))
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
