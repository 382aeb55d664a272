#!/bin/sh
# Runs the nginx of one emulator and removes its folder afterwards: run.sh NGINX CERTIFICATE NAMES, with the configuration
# in the environment. Prints the process id and the temporary folder for launcher.lua, and what failed.
unset LUA_PATH LUA_CPATH LUA_INIT LD_PRELOAD
# shellcheck disable=SC3045 # every sh that nginx runs under has it
ulimit -n 8192 2>/dev/null
umask 077
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/jdvm-emulator.XXXXXX") || {
  echo "error: cannot make a temporary folder"
  exit 1
}
trap 'rm -rf "$folder"; exit 1' INT TERM HUP
echo "pid $$"
echo "folder $folder"
cd "$folder" || exit 1
# shellcheck disable=SC2154 # launcher.lua sets it
printf '%s\n' "$configuration" >nginx.conf
if [ -n "$2" ] && ! sh "$here/certificates.sh" "$2" "$3" >certificates.log 2>&1; then
  echo "error: openssl could not make a certificate: $(cat certificates.log)"
  rm -rf "$folder"
  exit 1
fi
export JDVM_EMULATOR_FOLDER="$folder"
# An nginx that can (1.19.5) logs to this file before it has read the configuration, too.
log=
if "$1" -h 2>&1 | grep -q -e '-e filename'; then log=$folder/log; fi
"$1" -p "$folder/" -c "$folder/nginx.conf" ${log:+-e "$log"} &
nginx=$!
trap 'kill -KILL "$nginx"' INT TERM HUP
wait "$nginx" # ends at a signal, too
wait "$nginx" 2>/dev/null
cat log 2>/dev/null
rm -rf "$folder"
