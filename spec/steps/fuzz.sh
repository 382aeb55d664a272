#!/usr/bin/env bash
# A few seconds of every fuzz target, from its seeds.
exec spec/fuzz/run.sh "${1:-5}"
