# shellcheck shell=bash
# For the scripts beside this file, which source it: tells Lua where the library is, and runs the script under the
# emulator, which puts endpoint, CA, region and keys into its environment and ends with it.

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
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy
if [ -z "${JDVM_EMULATED:-}" ]; then
  export JDVM_EMULATED=1
  exec "$lua" "$top/bin/jdvm" emulator --tls -- "$BASH" "$0" "$@"
fi
