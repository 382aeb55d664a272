#!/usr/bin/env bash
# Installs what a purpose needs and the machine lacks: deps.sh [demo|test|bench], "test" by default.
# Debian's apt does it, as root or through a sudo that asks nothing; elsewhere the command is printed.
set -eu

# What proves that a package is there (a command, or a file when it holds a slash), and the package.
demo='
cc                                gcc
make                              make
/usr/include/string.h             libc6-dev
/usr/include/*/curl/curl.h        libcurl4-openssl-dev
/usr/include/openssl/evp.h        libssl-dev
lua5.4                            lua5.4
/usr/include/lua5.4/lua.h         liblua5.4-dev
/usr/include/lua5.1/lua.h         liblua5.1-0-dev
/usr/lib/*/lua/5.4/cjson.so       lua-cjson
/usr/share/lua/5.4/argparse.lua   lua-argparse
nginx                             nginx
/usr/lib/nginx/modules/ngx_http_lua_module.so libnginx-mod-http-lua
/usr/share/lua/5.1/resty/core.lua lua-resty-core
openssl                           openssl
/etc/ssl/certs/ca-certificates.crt ca-certificates
'
test="$demo"'
lua5.1                            lua5.1
lua5.2                            lua5.2
lua5.3                            lua5.3
luajit                            luajit2
/usr/include/lua5.2/lua.h         liblua5.2-dev
/usr/include/lua5.3/lua.h         liblua5.3-dev
/usr/include/luajit-2.1/lua.h     libluajit2-5.1-dev
/usr/share/lua/5.4/busted/runner.lua lua-busted
/usr/share/lua/5.4/dkjson.lua     lua-dkjson
/usr/lib/*/lua/5.4/socket/core.so lua-socket
/usr/lib/*/lua/5.4/_cqueues.so    lua-cqueues
/usr/lib/*/lua/5.4/luv.so         lua-luv
/usr/share/lua/5.3/http/request.lua lua-http
luacheck                          lua-check
luarocks                          luarocks
zip                               zip
unzip                             unzip
clang                             clang
clang-format                      clang-format
/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a libclang-rt-dev
/usr/lib/gcc/*/*/libasan.so       libgcc-12-dev
valgrind                          valgrind
shellcheck                        shellcheck
curl                              curl
git                               git
ps                                procps
node                              nodejs
npm                               npm
redis-server                      redis-server
/usr/share/lua/5.1/nginx/redis.lua lua-nginx-redis
chromium                          chromium
'
if [ "$(uname -m)" = x86_64 ]; then
  test="$test
/usr/include/gnu/stubs-32.h gcc-multilib"
fi
bench="$test"'
wrk                               wrk
/usr/share/lua/5.1/openssl/hmac.lua lua-luaossl
/usr/lib/*/lua/5.1/lcurl.so       lua-curl
'

purpose=${1:-test}
case $purpose in
demo | test | bench) ;;
*)
  echo "usage: deps.sh [demo|test|bench]" >&2
  exit 2
  ;;
esac

present() {
  case $1 in
  */*) compgen -G "$1" >/dev/null ;;
  *) command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] ;;
  esac
}

missing=()
while read -r probe package; do
  if [ -n "$probe" ] && ! present "$probe"; then
    missing+=("$package")
  fi
done <<<"${!purpose}"

if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

install=(apt-get install -y --no-install-recommends "${missing[@]}")
if [ "${CI:-}" = true ]; then
  # A machine that is thrown away afterwards need not wait for its disk after each of 600 packages.
  install+=(-o Dpkg::Options::=--force-unsafe-io)
fi
if ! command -v apt-get >/dev/null; then
  echo "jdvm: this needs the equivalents of these Debian packages: ${missing[*]}" >&2
  exit 1
fi
become=()
if [ "$(id -u)" -ne 0 ]; then
  if ! sudo -n true 2>/dev/null; then
    echo "jdvm: packages are missing. Install them with:" >&2
    echo "  sudo apt-get update && sudo ${install[*]}" >&2
    exit 1
  fi
  become=(sudo -n)
fi

echo "jdvm: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Run level 1 keeps Debian's nginx from being started as a service; the tests start their own.
if ! {
  "${become[@]}" apt-get update &&
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 "${install[@]}"
} >"$log" 2>&1 </dev/null; then
  tail -n 40 "$log" >&2
  echo "jdvm: this failed: ${install[*]}" >&2
  exit 1
fi
