#!/usr/bin/env bash
# Runs every libFuzzer target of this folder: run.sh [SECONDS], a minute a target by default.
# spec/fuzz/corpus/NAME holds the seeds of fuzz_NAME.c; what the run finds new goes to build/fuzz.
# A finding is kept as build/fuzz/NAME.crash-…; give that file to build/fuzz/fuzz_NAME to see it again.
cd "$(dirname "$0")/../.." || exit 1
. spec/support/steps.sh

seconds=${1:-60}
out=$BUILD/fuzz
flags="$SANITIZE -fsanitize=fuzzer-no-link"

build_target() {
  build "$out" CC=clang OPTIMIZE=-O1 CFLAGS="$flags" LDFLAGS="$flags" "$out/c/libjdvm.a" &&
    clang -std=c99 -g -O1 -Isrc $SANITIZE -fsanitize=fuzzer -o "$out/$1" "spec/fuzz/$1.c" \
      "$out/c/libjdvm.a" -lcrypto -lcurl -lm
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
