#!/usr/bin/env bash
# Which lines of the C sources the suite runs: coverage.sh LUA. At least 95 % of them, or it fails.
. spec/support/steps.sh

lua=$1
least=95
version=$(version_of "$lua")
out=$BUILD/coverage
build "$out" CC=gcc OPTIMIZE=-O0 CFLAGS='--coverage -fprofile-update=atomic' LDFLAGS=--coverage \
  LUAS="$version" build || exit 1
find "$out" -name '*.gcda' -delete
use_checkout "$out" "$lua"

# Prints "file executed lines" for each source.
lines_of() {
  local object folder source
  for object in "$out"/c/*.gcno "$out/$version"/obj/*.gcno; do
    folder=$(dirname "$object")
    source=src/$(basename "$object" .gcno).c
    gcov -n -o "$folder" "$source" 2>/dev/null |
      awk -v wanted="$source" '
        /^File / { file = $2; gsub("\x27", "", file) }
        /^Lines executed:/ && file == wanted {
          split($0, part, /[:% ]+/); printf "%s %s %s\n", wanted, part[3], part[5]
        }'
  done
}

report() {
  lines_of | awk -v least="$least" '
    { printf "%-24s %6.1f %% of %4d lines\n", $1, $2, $3; run += $2 * $3 / 100; all += $3 }
    END {
      if (all == 0) { print "no line was counted"; exit 1 }
      printf "total %.1f %% of %d lines\n", 100 * run / all, all
      exit 100 * run / all < least
    }'
}

suite_counted "suite on $lua" "$(interpreter_of "$lua")" --
table=$(report)
status=$?
printf '%s\n' "$table" | sed 's/^/# /'
echo "note: C lines run by the suite: $(printf '%s\n' "$table" | tail -n 1)"
enough() {
  printf '%s\n' "$table"
  [ "$status" -eq 0 ]
}
check "the suite runs at least $least % of the C lines" enough
finish
