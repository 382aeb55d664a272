#!/usr/bin/env bash
# Lists and shows images of an emulator on this machine through signed HTTPS, as a user would. `make demo` builds first;
# LUA=luajit examples/demo.sh tries another Lua.
# shellcheck disable=SC2154 # emulator.sh sets top and lua
set -eu
. "$(dirname "$0")/emulator.sh"
cd "$top"

run() {
  printf '\n$ %s\n' "$*"
  "$@"
}

run "$lua" examples/list_images.lua
run "$lua" examples/show_image.lua
