# shellcheck shell=bash
# Starts the emulator for the scripts beside this file, which source it: puts endpoint, CA, region and keys into the
# environment, and where Lua finds the library. At the end of the script it stops what stands in `processes`.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
case $top in
*/lib/luarocks/rocks-*) # installed by LuaRocks
  version=${top##*/rocks-} version=${version%%/*}
  lua=${LUA:-lua$version} tree=${top%/lib/luarocks/*}
  lua_path="$tree/share/lua/$version/?.lua" lua_cpath="$tree/lib/lua/$version/?.so"
  ;;
*)
  lua=${LUA:-lua5.4} version=5.1
  case $lua in *5.[2-9]) version=${lua##*lua} ;; esac
  lua_path="$top/lua/?.lua" lua_cpath="$top/build/$version/?.so"
  ;;
esac
export LUA_PATH="$lua_path;;" LUA_CPATH="$lua_cpath;;"
folder=$(mktemp -d)
processes=()
stop() {
  status=$?
  trap - EXIT
  kill -TERM "${processes[@]}" 2>/dev/null || true
  wait "${processes[@]}" 2>/dev/null || true
  rm -rf "$folder"
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
unset JDCLOUD_SESSION_TOKEN http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy

echo '$ jdvm emulator --tls &'
mkfifo "$folder/says"
"$lua" "$top/bin/jdvm" emulator --tls >"$folder/says" &
processes+=($!)
exec 3<"$folder/says"
while read -r -t 20 -u 3 word value rest; do
  echo "$word${value:+ $value}${rest:+ $rest}"
  case $word:$value in
  endpoint:*) export JDCLOUD_ENDPOINT=$value ;;
  ca_file:*) export JDCLOUD_CA_FILE=$value ;;
  regions:*) export JDCLOUD_REGION=$value ;;
  account:owner)
    read -r JDCLOUD_ACCESS_KEY JDCLOUD_SECRET_KEY _ <<<"$rest"
    export JDCLOUD_ACCESS_KEY JDCLOUD_SECRET_KEY
    ;;
  ready:*) break ;;
  esac
done
if [ "${word:-}" != ready ]; then
  echo "the emulator did not get ready" >&2
  exit 1
fi
