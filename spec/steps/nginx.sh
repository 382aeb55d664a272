#!/usr/bin/env bash
# The specs that run jdvm inside nginx (its Lua is LuaJIT, so it loads the build for 5.1).
. spec/support/steps.sh

build "$BUILD" build LUAS='5.1 5.4' || exit 1
exec "$(dirname "$0")/busted.sh" 5.4 spec/nginx
