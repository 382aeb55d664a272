#!/usr/bin/env bash
# The allocation sweep of both C modules under AddressSanitizer and LeakSanitizer: oom.sh LUA [NAME]
. spec/support/steps.sh

lua=$1
version=$(version_of "$lua")
out=$BUILD/asan-gcc
make -s BUILD="$out" CC=gcc OPTIMIZE=-O1 CFLAGS="$SANITIZE" LDFLAGS="$SANITIZE" LUAS="$version" \
  build "$out/c/libjdvm.a" || exit 1

if [ "$lua" = luajit ]; then
  include=/usr/include/luajit-2.1 library=luajit-5.1
else
  include=/usr/include/lua$lua library=lua$lua
fi
program=$out/test_oom-$lua
# The wrapped names are those that our own objects call; Lua, libcrypto and libcurl are given
# allocators by the program.
# shellcheck disable=SC2086
gcc -std=c99 -g -O1 $SANITIZE -I"$include" -o "$program" spec/c/test_oom.c "$out/$version"/obj/*.o \
  "$out/c/libjdvm.a" "-l:lib$library.a" -lcrypto -lcurl -lm -ldl \
  -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup -Wl,-E || exit 1

use_checkout "$out" "$lua"
count "allocation sweep on $lua" "$program" spec/c/oom_entries.lua "${@:2}"
finish
