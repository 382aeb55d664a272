#!/usr/bin/env bash
# The suite with the collector at full tilt, and with the decoder built for processors whose vector
# instructions it does not know: full_tilt.sh LUA [spec]…
lua=$1
shift
BUILD=${BUILD:-build}/portable CFLAGS=-DJDVM_PORTABLE_SCAN \
  exec "$(dirname "$0")/busted.sh" "$lua" --helper=spec/support/full_tilt.lua --exclude-tags=long "$@"
