#!/bin/sh
# Installs the packages that spec/NAME/package.json names into build/NAME, once, and prints the folder of modules:
# npm_install.sh NAME
set -eu
cd "$(dirname "$0")/../.."
folder=$PWD/build/$1
if ! cmp -s "spec/$1/package.json" "$folder/installed.json"; then
  mkdir -p "$folder"
  cp "spec/$1/package.json" "$folder/package.json"
  (cd "$folder" && npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error >&2)
  cp "$folder/package.json" "$folder/installed.json"
fi
echo "$folder/node_modules"
