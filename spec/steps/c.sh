#!/usr/bin/env bash
# The C tests of the pure C part, under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer;
# once as built for this machine, once with the decoder's portable path: c.sh [NAME]
. spec/support/steps.sh

build_test() {
  build "$1" CC=clang OPTIMIZE=-O1 CFLAGS="$SANITIZE $3" LDFLAGS="$SANITIZE" "$1/test/$2"
}

# The sweep is not one of them: it needs a Lua and has steps of its own.
for file in spec/c/test_*"${1:-}"*.c; do
  name=$(basename "$file" .c)
  if [ "$name" != test_oom ]; then
    check "build $name" build_test "$BUILD/asan-clang" "$name" ""
    count "$name" "$BUILD/asan-clang/test/$name"
    check "build $name, portable" build_test "$BUILD/asan-clang-portable" "$name" -DJDVM_PORTABLE_SCAN
    count "$name, portable" "$BUILD/asan-clang-portable/test/$name"
  fi
done
finish
