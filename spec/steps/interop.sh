#!/usr/bin/env bash
# The emulator and the signer against clients that no one here wrote (from npm).
exec "$(dirname "$0")/busted.sh" 5.4 spec/interop
