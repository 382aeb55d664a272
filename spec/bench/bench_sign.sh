#!/usr/bin/env bash
# Signing against OpenSSL alone: bench_sign.sh [ROUNDS]
set -eu
cd "$(dirname "$0")/../.."
. spec/bench/paths.sh

JDVM_BENCH_FOLDER=$(mktemp -d)
export JDVM_BENCH_FOLDER
trap 'rm -rf "$JDVM_BENCH_FOLDER"' EXIT
for version in 5.4 5.1; do
  mkdir "$JDVM_BENCH_FOLDER/$version"
  cc -O2 -fPIC -shared -I"/usr/include/lua$version" -o "$JDVM_BENCH_FOLDER/$version/sign_floor.so" \
    spec/bench/sign_floor.c -lcrypto
done
lua5.4 spec/bench/sign.lua "${1:-15}"
