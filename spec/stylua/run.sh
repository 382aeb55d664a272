#!/bin/sh
# Formats the Lua files of the repository: run.sh [--check]. The formatter comes from npm into build/stylua, once.
set -eu
cd "$(dirname "$0")/../.."
STYLUA_MODULES=$(spec/support/npm_install.sh stylua)
export STYLUA_MODULES
git -c safe.directory='*' ls-files -z --cached --others --exclude-standard -- '*.lua' bin/jdvm ':!lua/jdvm/types.lua' |
  xargs -0 node spec/stylua/stylua.mjs "$@"
