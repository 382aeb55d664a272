#!/usr/bin/env bash
# The allocation sweep of both C modules under AddressSanitizer and LeakSanitizer: oom.sh LUA [NAME]
# NAME picks the entry points of spec/c/oom_entries.lua whose name holds it.
. spec/support/steps.sh
. spec/support/static_server_start.sh

lua=$1
version=$(version_of "$lua")
out=$BUILD/asan-gcc
build_sanitized "$version" "$out/c/libjdvm.a" || exit 1

if [ "$lua" = luajit ]; then
  include=/usr/include/luajit-2.1 library=luajit-5.1
else
  include=/usr/include/lua$lua library=lua$lua
fi
program=$out/test_oom-$lua
objects=(src/lua/*.c)
objects=("${objects[@]/#src\/lua/$out/$version/obj}")
objects=("${objects[@]/%.c/.o}")
# The wrapped names are those that our own objects call; Lua, libcrypto and libcurl are given
# allocators by the program.
# shellcheck disable=SC2086
gcc -std=c99 -g -O1 $SANITIZE -I"$include" -o "$program" spec/c/test_oom.c "${objects[@]}" \
  "$out/c/libjdvm.a" "-l:lib$library.a" -lcrypto -lcurl -lm -ldl \
  -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup -Wl,-E || exit 1

folder=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null
  rm -rf "$folder"
}
trap stop EXIT
mkdir "$folder/pages"
cat >"$folder/pages/1.json" <<'END'
{"requestId":"abc","result":{"images":[{"imageId":"img-1","name":"镜像 \"a\" \u00e9","sizeMB":40,"offline":false,"dataDisks":[],"tags":[{"key":"a","value":"b"}]},{"imageId":"img-2","name":"b","sizeMB":41,"offline":true,"dataDisks":[{"deviceName":"vdb"}],"tags":[]}],"totalCount":2}}
END
start_static_server "$folder" || exit 1

use_checkout "$out" "$lua"
export JDVM_OOM_PLAIN="http://127.0.0.1:$((port + 1))/images?pageNumber=1"
export JDVM_OOM_TLS="https://127.0.0.1:$port/images?pageNumber=1" JDVM_OOM_CA="$folder/ca.pem"
count "allocation sweep on $lua" "$program" spec/c/oom_entries.lua "${@:2}"
finish
