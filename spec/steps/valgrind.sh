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

# The specs that reach our C in this process: of the others memcheck would learn nothing, slowly.
if [ $# -eq 0 ]; then
  for spec in $(grep -rlE --include='*_spec.lua' 'jdvm\.(core|curl)\>|support\.hostile|require[ (]"jdvm"' spec | sort); do
    case $spec in
    spec/emulator* | spec/nginx/* | spec/interop/* | spec/structure_* | spec/package_* | spec/readme_* | spec/reference_* | spec/cli_*) ;;
    *) set -- "$@" "$spec" ;;
    esac
  done
fi
suite_counted "suite on $lua under valgrind" memcheck -- --exclude-tags=measures,long "$@"
check "memcheck reports nothing" no_errors
finish
