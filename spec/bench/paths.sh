# shellcheck shell=bash
# Where Lua 5.4 finds the checkout and what is in this folder.
unset LUA_PATH_5_4 LUA_CPATH_5_4
export LUA_PATH="$PWD/spec/bench/?.lua;$PWD/lua/?.lua;$PWD/?.lua;;" LUA_CPATH="$PWD/build/5.4/?.so;;"
