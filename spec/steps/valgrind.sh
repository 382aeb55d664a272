#!/usr/bin/env bash
# The specs of the C modules on one Lua under valgrind's memcheck: valgrind.sh LUA [spec]…
. spec/support/steps.sh

lua=$1
shift
build "$BUILD" build LUAS="$(version_of "$lua")" || exit 1
use_checkout "$BUILD" "$lua"
report=$PWD/$BUILD/logs/memcheck
mkdir -p "$(dirname "$report")"
rm -f "$report"

memcheck() {
  JDVM_SPEC_SLOW=1 valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
    --show-leak-kinds=definite --num-callers=30 --child-silent-after-fork=yes \
    --log-file="$report" "$(interpreter_of "$lua")" "$@"
}

no_errors() {
  cat "$report"
  [ ! -s "$report" ]
}

# The specs of the two C modules: of the others memcheck would learn nothing, slowly.
[ $# -gt 0 ] || set -- spec/core_spec.lua spec/core/*_spec.lua spec/curl_spec.lua spec/curl/*_spec.lua
suite_counted "suite on $lua under valgrind" memcheck -- --exclude-tags=measures,long "$@"
check "memcheck reports nothing" no_errors
finish
