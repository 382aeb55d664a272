#!/usr/bin/env bash
# The suite on one Lua under valgrind's memcheck: valgrind.sh LUA [spec]…
. spec/support/steps.sh

lua=$1
shift
build "$BUILD" build LUAS="$(version_of "$lua")" || exit 1
use_checkout "$BUILD" "$lua"
report=$PWD/$BUILD/logs/memcheck
rm -f "$report"

memcheck() {
  JDVM_SPEC_SLOW=1 valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
    --show-leak-kinds=definite --num-callers=30 --child-silent-after-fork=yes \
    --suppressions=spec/support/valgrind.supp --log-file="$report" "$(interpreter_of "$lua")" "$@"
}

no_errors() {
  cat "$report"
  [ ! -s "$report" ]
}

# Only this process is watched: what specs of commands start is not.
SKIP='structure reference readme cli emulator emulator_launcher'
suite_counted "suite on $lua under valgrind" memcheck -- --exclude-tags=measures,long "$@"
check "memcheck reports nothing" no_errors
finish
