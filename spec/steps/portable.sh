#!/usr/bin/env bash
# The decoder with its portable scanner, for machines without SSE2 or NEON: the C tests and the specs.
. spec/support/steps.sh

out=$BUILD/portable
flags=-DJDVM_PORTABLE_SCAN
make -s BUILD="$out" CFLAGS="$flags" LUAS='5.1 5.4' build "$out/test/test_json" || exit 1
count "test_json with the portable scanner" "$out/test/test_json"
for lua in 5.4 luajit; do
  use_checkout "$out" "$lua"
  suite_counted "decoder specs on $lua with the portable scanner" "$(interpreter_of "$lua")" -- \
    spec/json_spec.lua spec/json_random_spec.lua
done
finish
