#!/usr/bin/env bash
# Which lines of the C sources asan.sh and c.sh have run: at least 95 %, or the step fails.
. spec/support/steps.sh

least=95
out=$BUILD/asan-coverage

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
