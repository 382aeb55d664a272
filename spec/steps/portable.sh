#!/usr/bin/env bash
# The decoder on LuaJIT with its portable scanner, for processors without SSE2 or NEON. The C tests have
# theirs in c.sh, the specs on Lua 5.4 in full_tilt.sh.
BUILD=${BUILD:-build}/portable CFLAGS=-DJDVM_PORTABLE_SCAN \
  exec "$(dirname "$0")/busted.sh" luajit spec/core/json_spec.lua spec/core/json_random_spec.lua
