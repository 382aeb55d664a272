#!/usr/bin/env bash
# What needs no run: luacheck, StyLua, clang-format, shellcheck, and every C file through gcc and clang with
# all warnings as errors, for each Lua's headers; and through the bare flags that LuaRocks uses.
. spec/support/steps.sh

WARNINGS=$(sed -n 's/^WARNINGS *:= *//p' Makefile)
GCC_ONLY='-Wlogical-op -Wduplicated-cond -Wduplicated-branches'
CLANG_ONLY='-Wmost -Wcomma -Wunreachable-code'

include_of() {
  if [ "$1" = luajit ]; then echo /usr/include/luajit-2.1; else echo "/usr/include/lua$1"; fi
}

files() {
  git -c safe.directory='*' ls-files --cached --others --exclude-standard -- "$@"
}

# Compiles FILE and throws the object away; -O2 because some warnings come from the optimizer.
compile() {
  local compiler=$1 file=$2
  shift 2
  # shellcheck disable=SC2086
  "$compiler" -O2 -fPIC "$@" -Isrc -c -o /dev/null "$file"
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

check luacheck luacheck_clean
check StyLua spec/stylua/run.sh --check
check clang-format clang_format_clean
check shellcheck shellcheck_clean

for file in $(files 'src/pure/*.c' 'spec/*/*.c'); do
  # A test that drives a Lua is compiled for one of them; the allocation sweep does it for all.
  lua=/usr/include/lua5.4
  # shellcheck disable=SC2086
  check "gcc $file" compile gcc "$file" -std=c99 $WARNINGS $GCC_ONLY -I$lua
  # shellcheck disable=SC2086
  check "clang $file" compile clang "$file" -std=c99 $WARNINGS $CLANG_ONLY -I$lua
done

for file in $(files 'src/lua/*.c'); do
  for lua in $LUAS; do
    # shellcheck disable=SC2086
    check "gcc $file, $lua" compile gcc "$file" -std=c99 $WARNINGS $GCC_ONLY "-I$(include_of "$lua")"
    # shellcheck disable=SC2086
    check "clang $file, $lua" compile clang "$file" -std=c99 $WARNINGS $CLANG_ONLY "-I$(include_of "$lua")"
  done
done

# The code for a libcurl that lacks what newer ones offer; some of what it uses is deprecated by now.
for number in 0x073d00 0x074200; do
  # shellcheck disable=SC2086
  check "gcc for libcurl $number" compile gcc src/pure/libcurl.c -std=c99 $WARNINGS $GCC_ONLY \
    -Wno-deprecated-declarations "-DJDVM_CURL_NUM=$number"
done

for file in $(files 'src/*/*.c'); do
  check "bare flags $file" compile cc "$file" -I/usr/include/lua5.1
done

finish
