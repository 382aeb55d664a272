#!/usr/bin/env bash
# Which lines of the C sources the tests run: coverage.sh LUA…, the suite on each of these Luas and the
# C tests. At least 95 % of them, or the step fails. A binding is compiled for each Lua; of its lines
# those count that one of the Luas ran most of.
. spec/support/steps.sh

least=95
out=$BUILD/coverage
flags=(CC=gcc OPTIMIZE=-O0 "CFLAGS=--coverage -fprofile-update=atomic" LDFLAGS=--coverage)

SKIP='spec/structure spec/reference'
find "$out" -name '*.gcda' -delete 2>/dev/null
for lua in "$@"; do
  build "$out" "${flags[@]}" LUAS="$(version_of "$lua")" build || exit 1
  use_checkout "$out" "$lua"
  suite_counted "suite on $lua" "$(interpreter_of "$lua")" -- --exclude-tags=long
done
for file in spec/c/test_*.c; do
  name=$(basename "$file" .c)
  if [ "$name" != test_oom ]; then
    build "$out" "${flags[@]}" "$out/test/$name" || exit 1
    count "$name" "$out/test/$name"
  fi
done

# Prints "file percent lines" for each source and place where it was compiled.
lines_of() {
  local notes source
  for notes in "$out"/c/*.gcno "$out"/*/obj/*.gcno; do
    case $notes in
    "$out"/c/*) source=src/pure/$(basename "$notes" .gcno).c ;;
    *) source=src/lua/$(basename "$notes" .gcno).c ;;
    esac
    gcov -n -o "$(dirname "$notes")" "$source" 2>/dev/null |
      awk -v wanted="$source" '
        /^File / { file = $2; gsub("\x27", "", file) }
        /^Lines executed:/ && file == wanted { split($0, part, /[:% ]+/); print wanted, part[3], part[5]; exit }'
  done
}

report() {
  lines_of | sort -k1,1 -k2,2nr | awk -v least="$least" '
    $1 != last { printf "%-28s %6.1f %% of %4d lines\n", $1, $2, $3; run += $2 * $3 / 100; all += $3; last = $1 }
    END {
      if (all == 0) { print "no line was counted"; exit 1 }
      printf "%.1f %% of %d lines\n", 100 * run / all, all
      exit 100 * run / all < least
    }'
}

table=$(report)
status=$?
printf '%s\n' "$table" | sed 's/^/# /'
echo "note: C lines run by the tests: $(printf '%s\n' "$table" | tail -n 1)"
enough() {
  printf '%s\n' "$table"
  [ "$status" -eq 0 ]
}
check "the tests run at least $least % of the C lines" enough
finish
