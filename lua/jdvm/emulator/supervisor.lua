-- The shell programs that keep nginx and its temporary folder from outliving the command. Lua alone has
-- neither processes nor signals.

local M = {}

-- Runs in the foreground group: hands signals on and returns when the supervisor does. Its parent is the Lua
-- process of the command.
M.front = [=[
trap 'kill -TERM "$supervisor" 2>/dev/null' INT TERM HUP
if command -v setsid >/dev/null 2>&1; then session=setsid; else session=; fi
export session
$session sh -c "$supervise" jdvm-emulator "$PPID" </dev/null &
supervisor=$!
while :; do
  wait "$supervisor"
  status=$?
  kill -0 "$supervisor" 2>/dev/null || exit "$status"
done
]=]

-- Runs in a session of its own, where neither Ctrl-C nor a kill of the whole group reaches it. Stops when it is
-- told to, when nginx ends, when the command ends in whatever way, and when the command's parent ends.
-- Reads: configuration, announcement, nginx, port, certificate, names (variables of the environment).
M.supervise = [=[
command=$1
folder= nginx_pid= stop=
trap 'stop=1' INT TERM HUP
trap '' PIPE
unset LUA_PATH LUA_CPATH LUA_INIT LD_PRELOAD

fail() { printf 'jdvm: emulator: %s\n' "$*" >&2; finish 1; }

finish() {
  trap '' INT TERM HUP
  if [ -n "$nginx_pid" ] && kill -TERM "$nginx_pid" 2>/dev/null; then
    patience=100
    while kill -0 "$nginx_pid" 2>/dev/null && [ "$patience" -gt 0 ]; do
      sleep 0.02
      patience=$((patience - 1))
    done
  fi
  [ -z "$folder" ] || rm -rf "$folder"
  # Whatever is left of nginx shares this session and nothing else does; TERM is ignored here by now.
  [ -z "$session" ] || kill -TERM 0
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

free_port() { echo $((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000)); }

start() {
  printf '%s\n' "$configuration" | sed "s|@PORT@|$1|g; s|@USER@|$user|; s|@FOLDER@|$folder|g" >"$folder/nginx.conf"
  "$nginx" -p "$folder/" -c "$folder/nginx.conf" >"$folder/log" 2>&1 </dev/null &
  nginx_pid=$!
  while [ ! -e "$folder/ready" ]; do
    [ -z "$stop" ] || finish 0
    if grep -q 'bind() to' "$folder/log"; then
      kill -KILL "$nginx_pid"
      wait "$nginx_pid" 2>/dev/null
      nginx_pid=
      return 1
    fi
    kill -0 "$nginx_pid" 2>/dev/null || { nginx_pid=; return 2; }
    sleep 0.01
  done
}

parent_of "$command" || exit 1
grandparent=$ppid
umask 077
folder=$(mktemp -d "${TMPDIR:-/tmp}/jdvm-emulator.XXXXXX") || fail "cannot make a temporary folder"
mkdir "$folder/temp"
user=
[ "$(id -u)" != 0 ] || user="user root $(id -gn);"
if [ -n "$certificate" ]; then
  eval "$make_certificate" >"$folder/log" 2>&1 || fail "openssl could not make a certificate: $(cat "$folder/log")"
fi

tries=0
while :; do
  chosen=$port
  [ "$port" != 0 ] || chosen=$(free_port)
  start "$chosen"
  case $? in
    0) break ;;
    1) [ "$port" = 0 ] || fail "port $port is taken" ;;
    *) fail "nginx did not start: $(sed -n '1,/emerg\|error/p' "$folder/log")" ;;
  esac
  tries=$((tries + 1))
  [ "$tries" -lt 50 ] || fail "found no free port"
done
printf '%s\n' "$announcement" | sed "s|@PORT@|$chosen|g; s|@FOLDER@|$folder|g"

while [ -z "$stop" ]; do
  kill -0 "$nginx_pid" 2>/dev/null || fail "nginx ended: $(tail -n 5 "$folder/log")"
  parent_of "$command" && [ "$ppid" = "$grandparent" ] || break
  sleep 0.2 &
  wait $!
done
finish 0
]=]

-- A certification authority of its own and a server certificate signed by it, both made for this run.
M.make_certificate = [=[
certify() ( # name subject extensions issuer
  cd "$folder" || exit
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
  if [ "$4" = self ]; then
    printf '[req]\ndistinguished_name=d\n[d]\n[e]\n%b' "$3" >"$1.cnf"
    openssl req -new -x509 -key "$1.key" -subj "$2" -days 30 -config "$1.cnf" -extensions e -out "$1.pem"
  else
    printf '[req]\ndistinguished_name=d\n[d]\n' >"$1.cnf"
    printf '%b' "$3" >"$1.ext"
    openssl req -new -key "$1.key" -subj "$2" -config "$1.cnf" -out "$1.csr" &&
    openssl x509 -req -in "$1.csr" -CA "$4.pem" -CAkey "$4.key" -days 30 \
      -set_serial "0x$(od -An -N8 -tx1 /dev/urandom | tr -d ' ')" -extfile "$1.ext" -out "$1.pem"
  fi
)
authority='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
leaf="basicConstraints=CA:FALSE\nsubjectAltName=$names\nextendedKeyUsage=serverAuth\n"
certify ca '/CN=jdvm emulator CA' "$authority" self &&
case $certificate in
  unknown-ca) certify elsewhere '/CN=another CA' "$authority" self &&
    certify server /CN=localhost "$leaf" elsewhere ;;
  self-signed) certify server /CN=localhost "$leaf" self ;;
  chain) certify first '/CN=first intermediate CA' "$authority" ca &&
    certify second '/CN=second intermediate CA' "$authority" first &&
    certify server /CN=localhost "$leaf" second &&
    cat "$folder/second.pem" "$folder/first.pem" >>"$folder/server.pem" ;;
  *) certify server /CN=localhost "$leaf" ca ;;
esac
]=]

return M
