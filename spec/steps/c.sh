#!/usr/bin/env bash
# The C tests of the pure C part, under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer.
. spec/support/steps.sh

build_test() {
  make -s CC=clang BUILD="$BUILD/asan-clang" OPTIMIZE=-O1 CFLAGS="$SANITIZE" LDFLAGS="$SANITIZE" \
    "$BUILD/asan-clang/test/$1"
}

for file in spec/c/test_*.c; do
  name=$(basename "$file" .c)
  if [ "$name" != test_oom ]; then
    check "build $name" build_test "$name"
    count "$name" "$BUILD/asan-clang/test/$name"
  fi
done
finish
