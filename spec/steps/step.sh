#!/usr/bin/env bash
# Runs one step of the tests for the Makefile: step.sh NAME SCRIPT [ARGUMENT]…, a script of spec/steps that ends with
# "N passed, N failed". Its output goes to build/logs/NAME.log and its count to NAME.count; what is printed is one line,
# and the text of what failed. A step that counts nothing, runs longer than LIMIT seconds or leaves a process running
# has failed. It has a home and a folder for temporary files of its own, which are removed.
set -u
cd "$(dirname "$0")/../.." || exit 1
. spec/support/home.sh

LIMIT=${LIMIT:-900}
logs=$PWD/build/logs
name=$1 script=$2
shift 2
mkdir -p "$logs"
rm -f "$logs/$name.count"
unset MAKEFLAGS MFLAGS MAKELEVEL # the makes inside a step share no jobs with the one outside

folder=$(mktemp -d)
chmod 755 "$folder" # started by root, nginx's workers are another user
use_home "$folder/home"
temporary=$folder/tmp
mkdir "$temporary"
pid=

# The processes of the step, which have its folder for temporary files in their environment.
remaining() {
  grep -slzFx "TMPDIR=$temporary" /proc/[0-9]*/environ | sed 's|/proc/||; s|/environ||'
}

clean_up() {
  [ -z "$pid" ] || kill -KILL -- "-$pid" 2>/dev/null
  remaining | xargs -r kill -KILL 2>/dev/null
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

began=$(date +%s%N)
# What bash starts in the background ignores Ctrl-C; the tests are about that too.
env --default-signal=INT,QUIT TMPDIR="$temporary" timeout -k 10 "$LIMIT" "spec/steps/$script" "$@" \
  >"$logs/$name.log" 2>&1 </dev/null &
pid=$!
wait "$pid" 2>/dev/null
status=$?
took=$((($(date +%s%N) - began) / 1000000))

passed=0 failed=0 note=
line=$(tail -n 1 "$logs/$name.log" | grep -E '^[0-9]+ passed, [0-9]+ failed$')
if [ -n "$line" ]; then
  read -r passed _ failed _ <<<"$line"
else
  note=" (it printed no count)"
fi
if [ "$status" -eq 124 ] || [ "$status" -eq 137 ]; then
  note=" (stopped after $LIMIT s)"
fi
if [ "$failed" -eq 0 ] && { [ "$status" -ne 0 ] || [ "$passed" -eq 0 ]; }; then
  failed=1
  note="$note (exit status $status)"
fi
left=$(for id in $(remaining); do tr '\0' ' ' <"/proc/$id/cmdline"; echo; done 2>/dev/null | grep .)
if [ -n "$left" ]; then
  failed=$((failed + 1))
  note="$note (it left a process running: $(head -n 1 <<<"$left"))"
fi
echo "$passed $failed" >"$logs/$name.count"
printf '%-10s %5d passed %3d failed %5d.%d s%s\n' \
  "$name" "$passed" "$failed" $((took / 1000)) $((took % 1000 / 100)) "$note"
sed -n 's/^note: /           /p' "$logs/$name.log"
if [ "$failed" -gt 0 ]; then
  if grep -q '^not ok - ' "$logs/$name.log"; then
    awk '/^not ok - /{show=1} /^(ok - |# |note: |[0-9]+ passed, )/{show=0} show' "$logs/$name.log" | head -n 200
  else
    tail -n 40 "$logs/$name.log"
  fi | sed 's/^/    /'
fi
[ "$failed" -eq 0 ]
