#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif
#include "bell.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define BELL "jdvm.curl.bell"

/* A pipe: one end is ready for reading while the bell rings. */
typedef struct bell {
  int in, out; /* 0, 0: none */
} bell;

int jdvm_bell_new(lua_State *L) {
  bell *made = jdvm_new_object(L, sizeof *made, BELL);
  int ends[2], i;
  if (pipe(ends) != 0) {
    return luaL_error(L, "jdvm.curl: no pipe: %s", strerror(errno));
  }
  made->in = ends[0];
  made->out = ends[1];
  for (i = 0; i < 2; i++) {
    (void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[i], F_SETFL, O_NONBLOCK);
  }
  return 1;
}

static int bell_fd(lua_State *L) {
  const bell *asked = luaL_checkudata(L, 1, BELL);
  lua_pushinteger(L, asked->in);
  return 1;
}

static int bell_ring(lua_State *L) {
  const bell *rung = luaL_checkudata(L, 1, BELL);
  while (write(rung->out, "", 1) < 0 && errno == EINTR) {
  }
  return 0; /* a pipe that is full rings already */
}

static int bell_clear(lua_State *L) {
  const bell *rung = luaL_checkudata(L, 1, BELL);
  char waste[64];
  while (read(rung->in, waste, sizeof waste) > 0) {
  }
  return 0;
}

static int bell_gc(lua_State *L) {
  bell *gone = luaL_checkudata(L, 1, BELL);
  if (gone->out > 0) {
    (void)close(gone->in);
    (void)close(gone->out);
  }
  gone->in = gone->out = -1;
  return 0;
}

void jdvm_bell_class(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"fd", bell_fd}, {"ring", bell_ring}, {"clear", bell_clear}, {NULL, NULL}};
  jdvm_new_class(L, BELL, methods, bell_gc);
}
