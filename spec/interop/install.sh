#!/bin/sh
# Installs the official JavaScript SDK into build/interop, once, and prints its node_modules folder.
set -eu
cd "$(dirname "$0")/../.."
folder=$PWD/build/interop
if ! cmp -s spec/interop/package.json "$folder/installed.json"; then
  mkdir -p "$folder"
  cp spec/interop/package.json "$folder/package.json"
  (cd "$folder" && npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error >&2)
  cp "$folder/package.json" "$folder/installed.json"
fi
echo "$folder/node_modules"
