#!/usr/bin/env bash
# The whole suite on one Lua: busted.sh LUA [busted option or spec]…
# Without specs it runs every spec of the spec folder itself (spec/nginx, spec/interop and the
# installed package have their own steps).
. spec/support/steps.sh

lua=$1
shift
make -s build LUAS="$(version_of "$lua")" || exit 1
use_checkout "$BUILD" "$lua"
if [ $# -eq 0 ]; then
  for spec in spec/*_spec.lua; do
    [ "$spec" = spec/package_spec.lua ] || set -- "$@" "$spec"
  done
fi
exec "$(interpreter_of "$lua")" "$(command -v busted)" --ignore-lua -o spec/support/report.lua "$@"
