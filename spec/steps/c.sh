#!/usr/bin/env bash
# The C tests of the pure C part, under AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer; those of the
# decoder also with its portable scanner: c.sh [NAME]
. spec/support/steps.sh

# The sweep is not one of them: it needs a Lua and has steps of its own.
for file in spec/c/test_*"${1:-}"*.c; do
  name=$(basename "$file" .c)
  if [ "$name" != test_oom ]; then
    build_covered 5.4 "$BUILD/asan-coverage/test/$name" && count "$name" "$COVERED/test/$name"
  fi
done
portable=$BUILD/asan-clang-portable
build "$portable" CC=clang OPTIMIZE=-O1 CFLAGS="$SANITIZE -DJDVM_PORTABLE_SCAN" LDFLAGS="$SANITIZE" \
  "$portable/test/test_json" && count "test_json, portable" "$portable/test/test_json"
finish
