#!/usr/bin/env bash
# The suite on one Lua with both modules built for AddressSanitizer, UndefinedBehaviorSanitizer and
# LeakSanitizer: asan.sh LUA [spec]…
# The runtimes are preloaded into the Lua and all it starts; so is libcurl, whose leaks would else be
# laid on a module that is gone. Reports go to files, because leaks of other programs (a shell, nginx)
# are no failure: what names our sources is.
. spec/support/steps.sh

lua=$1
shift
version=$(version_of "$lua")
out=$BUILD/asan-gcc
make -s BUILD="$out" CC=gcc OPTIMIZE=-O1 CFLAGS="$SANITIZE" LDFLAGS="$SANITIZE" LUAS="$version" \
  build || exit 1
use_checkout "$out" "$lua"

reports=$PWD/$BUILD/logs/asan
rm -rf "$reports"
mkdir -p "$reports"

instrumented() {
  env LD_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so) libcurl.so.4" \
    ASAN_OPTIONS="log_path=$reports/report:detect_odr_violation=0" \
    UBSAN_OPTIONS="print_stacktrace=1" \
    LSAN_OPTIONS="exitcode=0:print_suppressions=0" \
    "$(interpreter_of "$lua")" "$@"
}

clean_reports() {
  local bad=0 report
  for report in "$reports"/report.*; do
    if [ -e "$report" ] && grep -qE '/src/(jdvm|lua)_|/jdvm/(core|curl)\.so' "$report"; then
      cat "$report"
      bad=1
    fi
  done
  return $bad
}

suite_counted "suite on $lua under AddressSanitizer" instrumented -- "$@"
check "no report names our sources" clean_reports
finish
