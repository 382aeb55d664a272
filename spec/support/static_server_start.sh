# shellcheck shell=bash
# start_static_server FOLDER: starts static_server.sh in the background on free ports and waits until it
# answers; sets `port`, and `server` to the process that the caller has to end.
start_static_server() {
  local folder=$1
  for _ in 1 2 3 4 5; do
    spec/support/static_server.sh "$folder" >"$folder/port" 2>"$folder/server.log" </dev/null &
    server=$!
    for _ in $(seq 100); do
      port=$(cat "$folder/port")
      if [ -n "$port" ] && curl -sf --noproxy '*' --cacert "$folder/ca.pem" -o "$folder/probe" \
        "https://127.0.0.1:$port/images?pageNumber=1"; then
        return 0
      fi
      kill -0 "$server" 2>/dev/null || break
      sleep 0.1
    done
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
  done
  server=
  tail -n 5 "$folder/server.log" "$folder/error.log" >&2
  return 1
}
