/* A program that closes its Lua and lives on, as servers with a Lua inside do; with -DSLOW_DNS the library that makes
** looking up a name take two seconds, for LD_PRELOAD. outlive SCRIPT: prints "alive" after three seconds. */
#define _DEFAULT_SOURCE
#include <unistd.h>

#ifdef SLOW_DNS

#include <netdb.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result) {
  (void)node, (void)service, (void)hints, (void)result;
  (void)sleep(2);
  return EAI_NONAME;
}

#else

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

int main(int count, char **arguments) {
  lua_State *L = luaL_newstate();
  if (L == NULL || count != 2) {
    return 2;
  }
  luaL_openlibs(L);
  if (luaL_dofile(L, arguments[1])) {
    (void)puts(lua_tostring(L, -1));
  }
  lua_close(L);
  (void)sleep(3);
  (void)puts("alive");
  return 0;
}

#endif
