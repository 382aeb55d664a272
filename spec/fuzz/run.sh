#!/usr/bin/env bash
# Runs every libFuzzer target of this folder: run.sh [SECONDS], a minute a target by default.
# spec/fuzz/corpus/NAME holds the seeds of fuzz_NAME.c; what the run finds new goes to build/fuzz.
# A finding is kept as build/fuzz/NAME.crash-…; give that file to build/fuzz/fuzz_NAME to see it again.
cd "$(dirname "$0")/../.." || exit 1
. spec/support/steps.sh

seconds=${1:-60}
out=$BUILD/fuzz
flags="$SANITIZE -fsanitize=fuzzer-no-link"

# A target that includes lua.h gets a Lua, FUZZ_LUA (5.4, or luajit), and the decoder's binding.
lua=${FUZZ_LUA:-5.4}
if [ "$lua" = luajit ]; then
  include=/usr/include/luajit-2.1 library=-l:libluajit-5.1.a
else
  include=/usr/include/lua$lua library=-l:liblua$lua.a
fi

build_target() {
  local version objects=() options=()
  version=$(version_of "$lua")
  build "$out" CC=clang OPTIMIZE=-O1 CFLAGS="$flags" LDFLAGS="$flags" LUAS="$version" \
    "$out/c/libjdvm.a" "$out/$version/jdvm/core.so" || return 1
  if grep -q '<lua.h>' "spec/fuzz/$1.c"; then
    objects=(src/lua/json*.c)
    objects=("${objects[@]/#src\/lua/$out/$version/obj}")
    objects=("${objects[@]/%.c/.o}")
    options=("-I$include" "$library" "-Wl,-E" -ldl)
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
