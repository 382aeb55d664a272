-- The shell programs that keep nginx and its temporary folder from outliving the command. Lua alone has
-- neither processes nor signals.

local M = {}

-- Becomes the supervisor. Its parent is the Lua process of the command, which reads what it says.
M.become = [=[
if command -v setsid >/dev/null 2>&1; then
  session=own
  export session
  exec setsid sh -c "$supervise" jdvm-emulator </dev/null
fi
exec sh -c "$supervise" jdvm-emulator </dev/null
]=]

-- Runs in a session of its own, where neither Ctrl-C nor a kill of the whole group reaches it. Stops when it is
-- told to, when nginx ends, when the command ends in whatever way, and when the command's parent ends.
-- Reads variables of the environment: configuration, announcement, nginx, port, candidate, certificate, names.
-- Says, a line each: `pid N`, `folder PATH`, `+TEXT` for the user, `.` now and then, `status N` at the end.
--
-- The clock is nginx: its worker writes a line into a named pipe now and then, which costs no process, and when no
-- process of nginx is left the pipe ends.
M.supervise = [=[
command=$PPID
folder= nginx_pid= stop=
trap 'stop=1' INT TERM HUP
trap '' PIPE
unset LUA_PATH LUA_CPATH LUA_INIT LD_PRELOAD

fail() { printf 'jdvm: emulator: %s\n' "$*" >&2; finish 4; }

finish() {
  trap '' INT TERM HUP
  if [ -n "$nginx_pid" ]; then
    kill -TERM "$nginx_pid" 2>/dev/null
    wait "$nginx_pid" 2>/dev/null
  fi
  # Whatever is left of nginx shares this session and nothing else does; TERM is ignored here by now.
  [ -z "$session" ] || kill -TERM 0
  [ -z "$folder" ] || rm -rf "$folder"
  echo "status $1" 2>/dev/null
  exit "$1"
}

# Sets `ppid`; fails when the process is gone or only waits to be collected.
parent_of() {
  ppid=
  if [ -r /proc/self/stat ]; then
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    set -- ${line##*) }
    [ "$1" != Z ] || return 1
    ppid=$2
  else
    ppid=$(ps -o ppid= -p "$1") && [ -n "$ppid" ]
  fi
}

# Returns 0 when nginx serves on port $1, 1 when that is taken, 2 when it ended for another reason (in `said`).
start() {
  port_here=$1 said=
  eval "printf '%s\n' $configuration" >"$folder/nginx.conf"
  "$nginx" -p "$folder/" -c "$folder/nginx.conf" >"$folder/pulse" 2>&1 </dev/null &
  nginx_pid=$!
  exec 3<"$folder/pulse"
  while read -r line <&3; do
    case $line in
      ready) return 0 ;;
      *'bind() to'*)
        kill -KILL "$nginx_pid"
        wait "$nginx_pid" 2>/dev/null
        nginx_pid=
        return 1 ;;
      *) said="$said
$line" ;;
    esac
  done
  [ -z "$stop" ] || finish 0
  nginx_pid=
  return 2
}

echo "pid $$"
parent_of "$command" || exit 4
grandparent=$ppid
umask 077
folder=$(mktemp -d "${TMPDIR:-/tmp}/jdvm-emulator.XXXXXX") && mkfifo "$folder/pulse" ||
  fail "cannot make a temporary folder"
echo "folder $folder"
user=
[ "$(id -u)" != 0 ] || user="user root;"
if [ -n "$certificate" ]; then
  (cd "$folder" && eval "$make_certificate") >"$folder/log" 2>&1 ||
    fail "openssl could not make a certificate: $(cat "$folder/log")"
fi

tries=0
while :; do
  chosen=$port
  [ "$port" != 0 ] || chosen=$((20000 + (candidate + tries * 7919) % 12000))
  start "$chosen"
  case $? in
    0) break ;;
    1) [ "$port" = 0 ] || fail "port $port is taken" ;;
    *) fail "nginx did not start:$said" ;;
  esac
  tries=$((tries + 1))
  [ "$tries" -lt 50 ] || fail "found no free port"
done
eval "printf '%s\n' $announcement"

while [ -z "$stop" ]; do
  if ! read -r line <&3; then
    [ -n "$stop" ] || fail "nginx ended: $(tail -n 5 "$folder/log")"
    break
  fi
  parent_of "$command" && [ "$ppid" = "$grandparent" ] || break
  echo . 2>/dev/null || break
done
finish 0
]=]

-- A certification authority of its own and a server certificate signed by it, both made for this run.
M.make_certificate = [=[
new_key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
authority='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
leaf="basicConstraints=CA:FALSE\nsubjectAltName=$names\nextendedKeyUsage=serverAuth\n"

root() { # name subject extensions
  printf '[req]\ndistinguished_name=d\n[d]\n[e]\n%b' "$3" >"$1.cnf"
  openssl req -new -x509 $new_key -keyout "$1.key" -subj "$2" -days 30 -config "$1.cnf" -extensions e -out "$1.pem"
}

request() { # name subject
  printf '[req]\ndistinguished_name=d\n[d]\n' >"$1.cnf"
  openssl req -new $new_key -keyout "$1.key" -subj "$2" -config "$1.cnf" -out "$1.csr"
}

sign() { # name extensions issuer
  printf '%b' "$2" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -days 30 -set_serial 1 -extfile "$1.ext" -out "$1.pem"
}

make_all() {
  root ca '/CN=jdvm emulator CA' "$authority" &
  if [ "$certificate" = self-signed ]; then
    root server /CN=localhost "$leaf"
    wait "$!"
    return
  fi
  request server /CN=localhost && wait "$!" || return 1
  case $certificate in
    unknown-ca) root elsewhere '/CN=another CA' "$authority" && sign server "$leaf" elsewhere ;;
    chain)
      request first '/CN=first intermediate CA' && sign first "$authority" ca &&
      request second '/CN=second intermediate CA' && sign second "$authority" first &&
      sign server "$leaf" second && cat second.pem first.pem >>server.pem ;;
    *) sign server "$leaf" ca ;;
  esac
}
make_all
]=]

return M
