#!/usr/bin/env bash
# Runs every libFuzzer target of this folder: run.sh [SECONDS], a minute a target by default.
# spec/fuzz/corpus/NAME holds the seeds of fuzz_NAME.c; what the run finds new goes to build/fuzz.
# A finding is kept as build/fuzz/NAME.crash-…; give that file to build/fuzz/fuzz_NAME to see it again.
cd "$(dirname "$0")/../.." || exit 1
. spec/support/steps.sh

seconds=${1:-60}
out=$BUILD/fuzz
flags="$SANITIZE -fsanitize=fuzzer-no-link"

# A target that includes lua.h gets Lua 5.4 and the decoder's binding.
build_target() {
  local objects=() options=()
  build "$out" CC=clang OPTIMIZE=-O1 CFLAGS="$flags" LDFLAGS="$flags" LUAS=5.4 \
    "$out/c/libjdvm.a" "$out/5.4/jdvm/core.so" || return 1
  if grep -q '<lua.h>' "spec/fuzz/$1.c"; then
    objects=(src/lua/json*.c)
    objects=("${objects[@]/#src\/lua/$out/5.4/obj}")
    objects=("${objects[@]/%.c/.o}")
    options=(-I/usr/include/lua5.4 -l:liblua5.4.a "-Wl,-E" -ldl)
  fi
  clang -std=c99 -g -O1 -Isrc $SANITIZE -fsanitize=fuzzer -o "$out/$1" "spec/fuzz/$1.c" \
    "${objects[@]}" "$out/c/libjdvm.a" "${options[@]}" -lcrypto -lcurl -lm
}

run_target() {
  local name=${1#fuzz_}
  mkdir -p "$out/corpus/$name"
  "$out/$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$out/$name." "$out/corpus/$name" "spec/fuzz/corpus/$name"
}

for file in spec/fuzz/fuzz_*.c; do
  target=$(basename "$file" .c)
  check "build $target" build_target "$target"
  check "$target for $seconds s" run_target "$target"
done
finish
