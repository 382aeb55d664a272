# What the scripts in spec/steps share. Sourced with the repository as the working folder.
# A step prints "ok - …" and "not ok - …" lines (failing output indented) and calls `finish` last.
# shellcheck shell=bash

set -u
export LC_ALL=C.UTF-8 TZ=UTC
unset "${!JDCLOUD_@}" "${!JDC_@}" "${!JD_@}"
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy \
  NO_PROXY no_proxy SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE LUA_INIT LUA_PATH_5_2 LUA_PATH_5_3 LUA_PATH_5_4 \
  LUA_CPATH_5_2 LUA_CPATH_5_3 LUA_CPATH_5_4 LUA_INIT_5_2 LUA_INIT_5_3 LUA_INIT_5_4
export PATH="$PATH:/usr/sbin:/sbin"

BUILD=${BUILD:-build}
LUAS='5.1 5.2 5.3 5.4 luajit'
# Flags of an instrumented build; the first error ends the program.
# shellcheck disable=SC2034
SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'
passed=0
failed=0

# The version whose build a Lua loads: LuaJIT takes the one made for 5.1.
version_of() {
  if [ "$1" = luajit ]; then echo 5.1; else echo "$1"; fi
}

interpreter_of() {
  if [ "$1" = luajit ]; then command -v luajit; else command -v "lua$1"; fi
}

# Where a Lua finds the checkout: lua_path BUILD_FOLDER LUA
use_checkout() {
  export LUA_PATH="$PWD/lua/?.lua;$PWD/?.lua;;"
  LUA_CPATH="$PWD/$1/$(version_of "$2")/?.so;;"
  export LUA_CPATH
}

# build FOLDER ARGUMENT…: make into a build folder. Steps that run at the same time may want the same
# one, so only one of them builds in it.
build() {
  local folder=$1
  shift
  mkdir -p "$folder"
  flock "$folder/.lock" make -s BUILD="$folder" "$@"
}

# The build for gcc's sanitizers and one version of Lua, further targets as named.
build_sanitized() {
  local version=$1
  shift
  build "$BUILD/asan-gcc" CC=gcc OPTIMIZE=-O1 CFLAGS="$SANITIZE" LDFLAGS="$SANITIZE" LUAS="$version" build "$@"
}

# The same with counters of which lines run, for coverage.sh; counts of other objects than those now built go.
build_covered() {
  local version=$1 counts
  shift
  COVERED=$BUILD/asan-coverage
  build "$COVERED" CC=gcc OPTIMIZE=-O1 CFLAGS="$SANITIZE --coverage -fprofile-update=atomic" \
    LDFLAGS="$SANITIZE --coverage" LUAS="$version" "$@" || return 1
  find "$COVERED" -name '*.gcda' | while read -r counts; do
    [ "$counts" -nt "${counts%.gcda}.gcno" ] || rm -f "$counts"
  done
}

indent() {
  sed 's/^/  /'
}

# check NAME COMMAND…: one test; it passes when the command exits with 0.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1 </dev/null); then
    passed=$((passed + 1))
    echo "ok - $name"
  else
    failed=$((failed + 1))
    echo "not ok - $name"
    printf '%s\n' "$output" | tail -n 200 | indent
  fi
}

# count NAME COMMAND…: runs a program that ends with its own "N passed, N failed" and adds it up. An
# exit status that contradicts the count, or no count at all, is one more failure.
count() {
  local name=$1 output status
  shift
  output=$(mktemp)
  "$@" 2>&1 </dev/null | tee "$output"
  status=${PIPESTATUS[0]}
  add_counts "$name" "$status" "$output"
  rm -f "$output"
}

# add_counts NAME STATUS FILE: what `count` does once the program has ended.
add_counts() {
  local name=$1 status=$2 file=$3 line good bad
  line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$file" | tail -n 1)
  if [ -z "$line" ]; then
    failed=$((failed + 1))
    echo "not ok - $name"
    echo "  ended with status $status and printed no count"
    tail -n 60 "$file" | indent
    return
  fi
  read -r good _ bad _ <<<"$line"
  passed=$((passed + good))
  failed=$((failed + bad))
  echo "# $name: $line"
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then
    failed=$((failed + 1))
    echo "not ok - $name"
    echo "  counted no failure but ended with status $status"
    tail -n 60 "$file" | indent
  fi
}

# suite RUNNER… -- [busted option or spec]…: runs busted by an interpreter (a command). Where no spec
# is named it runs every spec but those of nginx, interop, the package, and those that SKIP names by their paths.
#
# Two tags in the names of tests: #measures judges time or memory, which a checker distorts; #long is
# much of the same in Lua, which a checker of C learns nothing from.
suite() {
  local -a runner=() arguments=()
  local argument specs=
  while [ "$1" != -- ]; do
    runner+=("$1")
    shift
  done
  shift
  for argument in "$@"; do
    arguments+=("$argument")
    case $argument in -*) ;; *) specs=given ;; esac
  done
  if [ -z "$specs" ]; then
    for argument in $(find spec -name '*_spec.lua' | sort); do
      case " spec/package ${SKIP:-} " in
      *" ${argument%_spec.lua} "*) ;;
      *) case $argument in spec/nginx/* | spec/interop/*) ;; *) arguments+=("$argument") ;; esac ;;
      esac
    done
  fi
  "${runner[@]}" "$(command -v busted)" --ignore-lua -o spec/support/report.lua "${arguments[@]}"
}

# The same as one part of a step: suite_counted NAME RUNNER… -- [busted option or spec]…
suite_counted() {
  local name=$1
  shift
  count "$name" suite "$@"
}

finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}
