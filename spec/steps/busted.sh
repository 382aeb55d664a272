#!/usr/bin/env bash
# The whole suite on one Lua: busted.sh LUA [busted option or spec]…
# Without specs it runs all of them (spec/nginx, spec/interop and the installed package have steps of their own).
. spec/support/steps.sh
. spec/support/home.sh

lua=$1
shift
build "$BUILD" build LUAS="$(version_of "$lua")" || exit 1
use_checkout "$BUILD" "$lua"
folder=$(mktemp -d)
chmod 755 "$folder" # started by root, nginx's workers are another user
trap 'rm -rf "$folder"' EXIT
use_home "$folder/home"
suite "$(interpreter_of "$lua")" -- "$@"
