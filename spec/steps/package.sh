#!/usr/bin/env bash
# The rock, made and installed by LuaRocks for every Lua.
exec "$(dirname "$0")/busted.sh" 5.4 spec/package_spec.lua
