#!/usr/bin/env bash
# What needs no run: luacheck, StyLua, clang-format, shellcheck, and every C file through gcc and clang with all
# warnings as errors, for each Lua's headers; and through the bare flags that LuaRocks uses.
. spec/support/steps.sh

WARNINGS=$(sed -n 's/^WARNINGS *:= *//p' Makefile)

include_of() {
  if [ "$1" = luajit ]; then echo /usr/include/luajit-2.1; else echo "/usr/include/lua$1"; fi
}

files() {
  git -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@"
}

luacheck_clean() {
  files '*.lua' bin/jdvm | xargs luacheck -q --no-color
}

clang_format_clean() {
  files '*.c' '*.h' | xargs clang-format --dry-run -Werror
}

shellcheck_clean() {
  files '*.sh' .ci/run | xargs shellcheck -S warning -e SC1091,SC2034
}

# Compiles every C file: those of the bindings for each Lua, the others (a test may drive a Lua) for one.
compile_all() {
  local file lua status=0
  for file in $(files 'src/pure/*.c' 'spec/*/*.c'); do
    "$@" -I/usr/include/lua5.4 "$file" || status=1
  done
  for lua in $LUAS; do
    for file in $(files 'src/lua/*.c'); do
      "$@" "-I$(include_of "$lua")" "$file" || status=1
    done
  done
  return "$status"
}

# The code for a libcurl that lacks what newer ones offer; some of what it uses is deprecated by now.
old_libcurl() {
  local number file
  for number in 0x073d00 0x074200; do
    for file in src/pure/libcurl.c src/pure/libcurl_events.c src/pure/http.c; do
      "$@" -Wno-deprecated-declarations "-DJDVM_CURL_NUM=$number" "$file" || return
    done
  done
}

# For 32 bits, where gcc can: the headers of OpenSSL and libcurl are the same, but for what names the machine.
narrow() {
  compile_all "${gcc[@]}" -m32 -idirafter "/usr/include/$(gcc -print-multiarch)"
}

# Other libraries that call themselves OpenSSL are refused in one sentence.
refuses_boringssl() {
  local message
  message=$(gcc -fsyntax-only -DOPENSSL_IS_BORINGSSL src/pure/crypto.c 2>&1) && return 1
  [[ $message == *"BoringSSL and AWS-LC are not supported"* ]]
}

bare_flags() {
  local file
  for file in $(files 'src/*/*.c'); do
    cc -fsyntax-only -I/usr/include/lua5.1 "$file" || return
  done
}

check luacheck luacheck_clean
check StyLua spec/stylua/run.sh --check
check "loops for Lua 5.5" lua5.4 spec/support/constant_loops.lua
check clang-format clang_format_clean
check shellcheck shellcheck_clean
# -O2 because some warnings of gcc come from its optimizer.
# shellcheck disable=SC2206
gcc=(gcc -std=c99 -O2 -fPIC $WARNINGS -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Isrc -c -o /dev/null)
# shellcheck disable=SC2206
clang=(clang -std=c99 -fsyntax-only $WARNINGS -Wmost -Wcomma -Wunreachable-code -Isrc)
check gcc compile_all "${gcc[@]}"
check clang compile_all "${clang[@]}"
if echo '#include <stdio.h>' | gcc -m32 -fsyntax-only -x c - 2>/dev/null; then
  check "gcc -m32" narrow
else
  echo "no -m32 here: apt-get install gcc-multilib"
fi
check "gcc, older libcurl" old_libcurl "${gcc[@]}"
check "the flags of LuaRocks" bare_flags
check "no BoringSSL" refuses_boringssl
finish
