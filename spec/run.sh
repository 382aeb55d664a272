#!/usr/bin/env bash
# Runs the test steps and ends with the total: run.sh [STEP…], all steps by default; run.sh --list.
# Each step is a script of spec/steps that ends with "N passed, N failed"; its output goes to
# build/logs/STEP.log. A step that counts nothing, exits non-zero or hangs is a failure.
set -u
cd "$(dirname "$0")/.." || exit 1
. spec/support/home.sh

LOGS=$PWD/build/logs
LIMIT=1200 # seconds a step may take

# Name, whether another step may run beside it ("alone" where time is measured), script, arguments.
steps='
lint       beside  lint.sh
c          beside  c.sh
portable   beside  portable.sh
lua5.4     beside  busted.sh 5.4
lua5.3     beside  busted.sh 5.3
lua5.2     beside  busted.sh 5.2
lua5.1     beside  busted.sh 5.1
luajit     beside  busted.sh luajit
gc         beside  full_tilt.sh 5.4
asan       beside  asan.sh 5.4
valgrind   beside  valgrind.sh 5.4
coverage   beside  coverage.sh 5.4 luajit
oom5.1     beside  oom.sh 5.1
oom5.2     beside  oom.sh 5.2
oom5.3     beside  oom.sh 5.3
oom5.4     beside  oom.sh 5.4
oomjit     beside  oom.sh luajit
fuzz       beside  fuzz.sh 5
nginx      alone   nginx.sh
interop    beside  interop.sh
package    beside  package.sh
'

names=()
declare -A how=() script=() began=() pid_of=()
while read -r name mode command; do
  if [ -n "$name" ]; then
    names+=("$name")
    how[$name]=$mode
    script[$name]=$command
  fi
done <<<"$steps"

if [ "${1:-}" = --list ]; then
  printf '%s\n' "${names[@]}"
  exit 0
fi
if [ $# -gt 0 ]; then
  for name in "$@"; do
    if [ -z "${script[$name]:-}" ]; then
      echo "run.sh: no step '$name'; there are: ${names[*]}" >&2
      exit 2
    fi
  done
  names=("$@")
fi

mkdir -p "$LOGS"
home=$(mktemp -d)
chmod 755 "$home" # started by root, nginx's workers are another user
use_home "$home/home"
export TMPDIR="$home/tmp"
mkdir "$TMPDIR"
total_passed=0
total_failed=0

# Ends the steps that still run, each by its process group, and removes what they left.
clean_up() {
  local name
  for name in "${!pid_of[@]}"; do
    kill -TERM -- "-${pid_of[$name]}" 2>/dev/null
  done
  rm -rf "$home"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

start() {
  local name=$1
  local -a command
  read -ra command <<<"${script[$name]}"
  began[$name]=$(date +%s%N)
  # What bash starts in the background ignores Ctrl-C; the tests are about that too.
  setsid env --default-signal=INT,QUIT timeout -k 10 "$LIMIT" "spec/steps/${command[0]}" "${command[@]:1}" \
    >"$LOGS/$name.log" 2>&1 </dev/null &
  pid_of[$name]=$!
}

# Adds up a step that has ended and prints its line, and the text of what failed in it.
collect() {
  local name=$1 status=$2 log=$LOGS/$1.log line took passed=0 failed=0 note=
  took=$((($(date +%s%N) - began[$name]) / 1000000))
  line=$(tail -n 1 "$log" | grep -E '^[0-9]+ passed, [0-9]+ failed$')
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
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  printf '%-10s %5d passed %3d failed %5d.%d s%s\n' \
    "$name" "$passed" "$failed" $((took / 1000)) $((took % 1000 / 100)) "$note"
  grep -E '^note: ' "$log" | sed 's/^note: /           /'
  if [ "$failed" -gt 0 ]; then
    if grep -q '^not ok - ' "$log"; then
      awk '/^not ok - /{show=1} /^(ok - |# |note: |[0-9]+ passed, )/{show=0} show' "$log" | head -n 200
    else
      tail -n 40 "$log"
    fi | sed 's/^/    /'
  fi
}

# Waits until one running step ends and collects it.
reap() {
  local ended status name
  wait -n -p ended "${pid_of[@]}"
  status=$?
  for name in "${!pid_of[@]}"; do
    if [ "${pid_of[$name]}" = "$ended" ]; then
      unset "pid_of[$name]"
      collect "$name" "$status"
    fi
  done
}

drain() {
  while [ ${#pid_of[@]} -gt "$1" ]; do
    reap
  done
}

for name in "${names[@]}"; do
  if [ "${how[$name]}" = alone ]; then
    drain 0
    start "$name"
    drain 0
  else
    drain 1
    start "$name"
  fi
done
drain 0

echo "$total_passed passed, $total_failed failed"
[ "$total_failed" -eq 0 ] && [ "$total_passed" -gt 0 ]
