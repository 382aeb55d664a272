#!/usr/bin/env bash
# The suite with the collector at full tilt: full_tilt.sh LUA
exec "$(dirname "$0")/busted.sh" "$1" --helper=spec/support/full_tilt.lua
