#!/usr/bin/env bash
# jdvm inside nginx: nginx.sh [busted option or spec]…
# As it is; then the specs that run our C modules there once more with the modules built for AddressSanitizer and
# UndefinedBehaviorSanitizer. nginx's Lua is LuaJIT, so it loads the build for 5.1; the driver is Lua 5.4.
. spec/support/steps.sh

build "$BUILD" build LUAS='5.1 5.4' || exit 1
use_checkout "$BUILD" 5.4
export BUILD

suite() {
  NGINX_CHECK=$1 "$(interpreter_of 5.4)" "$(command -v busted)" --ignore-lua -o spec/support/report.lua "${@:2}"
}

if [ $# -gt 0 ]; then
  count "nginx" suite "${NGINX_CHECK:-}" "$@"
else
  build_sanitized 5.1 || exit 1
  count "nginx" suite "" spec/nginx/*_spec.lua
  count "nginx under AddressSanitizer" suite asan spec/nginx/client_spec.lua spec/nginx/cache_spec.lua
fi
finish
