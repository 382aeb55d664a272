#!/usr/bin/env bash
# The pages of the example for OpenResty, in Chromium.
. spec/support/steps.sh
build "$BUILD" build LUAS='5.1 5.4' || exit 1
exec spec/browser/run.sh
