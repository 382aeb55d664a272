#!/usr/bin/env bash
# Starts the emulator on this machine, lists and shows images through signed HTTPS as a user would,
# and stops it. `make demo` builds first; LUA=luajit examples/demo.sh tries another Lua.
set -eu
cd "$(dirname "$0")/.."
. examples/emulator.sh

run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

run "$lua" examples/list_images.lua
run "$lua" examples/show_image.lua
