#!/usr/bin/env bash
# The suite on one Lua with that Lua's program and both modules built for AddressSanitizer,
# UndefinedBehaviorSanitizer and LeakSanitizer: asan.sh LUA [spec]…
# The instrumented Lua comes first in PATH, so that the commands which a spec starts are covered too.
. spec/support/steps.sh

lua=$1
shift
version=$(version_of "$lua")
build_covered "$version" build || exit 1
out=$PWD/$COVERED
mkdir -p "$out/bin"
# libcurl is linked, though nothing here calls it: a library that is unloaded before the end would
# have its leaks reported without a name.
# shellcheck disable=SC2086
gcc -std=c99 -g -O1 $SANITIZE -o "$out/bin/lua$lua" spec/support/lua_main.c -I"/usr/include/lua$lua" \
  -l:"liblua$lua.a" -Wl,--no-as-needed -lcurl -lcrypto -lm -ldl -Wl,-E || exit 1
export PATH="$out/bin:$PATH"
export LUA_PATH="$PWD/lua/?.lua;$PWD/?.lua;;" LUA_CPATH="$out/$version/?.so;;"

reports=$PWD/$BUILD/logs/asan
rm -rf "$reports"
mkdir -p "$reports"
export ASAN_OPTIONS="log_path=$reports/report" UBSAN_OPTIONS=print_stacktrace=1

no_reports() {
  ! cat "$reports"/report.* 2>/dev/null
}

SKIP='spec/structure spec/reference'
suite_counted "suite on $lua under AddressSanitizer" "$out/bin/lua$lua" -- --exclude-tags=measures,long "$@"
check "the sanitizers report nothing" no_reports
finish
