/* jdvm.curl: jdvm_http for Lua. Two classes: a client ("multi") and a transfer. Both are boxes
** around a pointer that C owns; either may be collected or closed before the other. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include "compat.h"
#include "bell.h"
#include "../pure/clock.h"
#include "../pure/http.h"

#include <dlfcn.h>
#include <math.h>

#define MULTI "jdvm.curl.multi"
#define TRANSFER "jdvm.curl.transfer"

typedef struct multi_box {
  jdvm_http *http; /* NULL = closed */
} multi_box;

typedef struct transfer_box {
  jdvm_transfer *transfer; /* NULL = finished or cancelled */
  bool in_use;             /* its outcome is being pushed, and a finalizer must not free it */
} transfer_box;

static multi_box *check_multi(lua_State *L) {
  return luaL_checkudata(L, 1, MULTI);
}

static jdvm_http *check_open(lua_State *L) {
  multi_box *box = check_multi(L);
  if (box->http == NULL) {
    luaL_error(L, "jdvm.curl: closed");
  }
  return box->http;
}

static transfer_box *check_transfer(lua_State *L, int index) {
  transfer_box *box = luaL_checkudata(L, index, TRANSFER);
  if (box->transfer == NULL || box->in_use) {
    luaL_argerror(L, index, "transfer has ended");
  }
  return box;
}

/* ---- options ---- */

/* Whether the table at `index` has the field `name`, which is pushed in any case; raises when it is of
** another type. Raw access, so that no metamethod runs; the name's string is new, so a finalizer may. */
static bool has_option(lua_State *L, int index, const char *name, int type) {
  lua_pushstring(L, name);
  lua_rawget(L, index);
  if (lua_type(L, -1) != type && !lua_isnil(L, -1)) {
    luaL_error(L, "option '%s': expected a %s, got %s", name, lua_typename(L, type),
               luaL_typename(L, -1));
  }
  return !lua_isnil(L, -1);
}

/* The text stays on the stack, and so alive whatever a finalizer does to the table. */
static const char *text_option(lua_State *L, int index, const char *name) {
  const char *text = NULL;
  if (has_option(L, index, name, LUA_TSTRING)) {
    size_t length;
    text = lua_tolstring(L, -1, &length);
    if (strlen(text) != length) {
      luaL_error(L, "option '%s' contains a NUL byte", name);
    }
  }
  return text;
}

static bool flag_option(lua_State *L, int index, const char *name, bool otherwise) {
  bool flag = has_option(L, index, name, LUA_TBOOLEAN) ? lua_toboolean(L, -1) != 0 : otherwise;
  lua_pop(L, 1);
  return flag;
}

static double number_option(lua_State *L, int index, const char *name, double otherwise) {
  double number = has_option(L, index, name, LUA_TNUMBER) ? lua_tonumber(L, -1) : otherwise;
  if (number != number) {
    luaL_error(L, "option '%s' is not a number", name);
  }
  lua_pop(L, 1);
  return number;
}

static size_t size_option(lua_State *L, int index, const char *name, double otherwise, double least,
                          double most) {
  double size = number_option(L, index, name, otherwise);
  if (size < least || size > most) {
    luaL_error(L, "option '%s': expected a number from %d to %d", name, (int)least, (int)most);
  }
  return (size_t)size;
}

/* ---- module functions ---- */

/* curl.new(options) -> multi. The options are those of http.h, all optional. */
static int http_new(lua_State *L) {
  jdvm_http_config config;
  multi_box *box;
  if (lua_isnoneornil(L, 1)) {
    lua_settop(L, 0);
    lua_newtable(L);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
#define TEXT(name) config.name = text_option(L, 1, #name);
#define FLAG(name) config.name = flag_option(L, 1, #name, true);
#define SIZE(name, otherwise, least, most)                                                         \
  config.name = size_option(L, 1, #name, otherwise, least, most);
  JDVM_HTTP_TEXTS(TEXT)
  JDVM_HTTP_FLAGS(FLAG)
  JDVM_HTTP_SIZES(SIZE)
  box = jdvm_new_object(L, sizeof *box, MULTI);
  box->http = jdvm_http_new(&config);
  if (box->http == NULL) {
    return luaL_error(L, "jdvm.curl: not enough memory");
  }
  return 1;
}

/* curl.now() -> seconds of a clock that only goes forward */
static int http_now(lua_State *L) {
  lua_pushnumber(L, jdvm_now());
  return 1;
}

/* curl.version() -> text of the library that is loaded; whether the look-up of a name blocks it; the file and the folder
** of the certificates that it trusts by default, or nil */
static int http_version(lua_State *L) {
  const char *file, *folder;
  jdvm_http_trust(&file, &folder);
  lua_pushstring(L, jdvm_http_version());
  lua_pushboolean(L, jdvm_http_blocks_on_names());
  lua_pushstring(L, file);
  lua_pushstring(L, folder);
  return 4;
}

/* ---- multi ---- */

/* The headers: a table of strings, in any order. */
static void add_headers(lua_State *L, int index, jdvm_transfer *transfer) {
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    size_t name_length, value_length;
    const char *name, *value;
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
      luaL_error(L, "headers: expected names and values that are strings, got %s = %s",
                 luaL_typename(L, -2), luaL_typename(L, -1));
    }
    name = lua_tolstring(L, -2, &name_length);
    value = lua_tolstring(L, -1, &value_length);
    jdvm_http_request_header(&transfer->request, name, name_length, value, value_length);
    lua_pop(L, 1);
  }
}

/* multi:start{url, headers, timeout, connect_timeout, read_timeout, max_body, fresh}
** -> transfer, or nothing when a finalizer closed the client meanwhile. What is wrong with URL or
** headers shows when it is finished. */
static int multi_start(lua_State *L) {
  jdvm_http *http;
  jdvm_limits limits;
  const char *url;
  size_t url_length;
  bool has_headers;
  transfer_box *box;
  (void)check_open(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  if (!has_option(L, 2, "url", LUA_TSTRING)) {
    return luaL_error(L, "option 'url' is missing");
  }
  url = lua_tolstring(L, -1, &url_length); /* stays at 3 */
  limits.timeout = number_option(L, 2, "timeout", JDVM_NO_LIMIT);
  limits.connect_timeout = number_option(L, 2, "connect_timeout", 0);
  limits.read_timeout = number_option(L, 2, "read_timeout", 0);
  limits.fresh = flag_option(L, 2, "fresh", false);
  limits.max_body_bytes = size_option(L, 2, "max_body", 0, 0, 1 << 30);
  box = jdvm_new_object(L, sizeof *box, TRANSFER);       /* at 4 */
  has_headers = has_option(L, 2, "headers", LUA_TTABLE); /* at 5 */
  /* What was made above may have let a finalizer run that closed the client. */
  http = check_multi(L)->http;
  if (http == NULL) {
    return 0;
  }
  box->transfer = jdvm_http_take(http);
  if (box->transfer == NULL) {
    return luaL_error(L, "jdvm.curl: not enough memory");
  }
  if (has_headers) {
    add_headers(L, 5, box->transfer);
  }
  jdvm_transfer_start(box->transfer, url, url_length, &limits);
  lua_settop(L, 4);
  return 1;
}

/* Pushes the headers as a table; a name that comes again has its values joined (RFC 9110, 5.3). */
static void push_headers(lua_State *L, const jdvm_response *response) {
  unsigned i;
  lua_createtable(L, 0, (int)response->field_count);
  for (i = 0; i < response->field_count; i++) {
    const jdvm_header_field *field = &response->fields[i];
    const char *text = response->header.bytes;
    lua_pushlstring(L, text + field->name, field->name_length);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushlstring(L, text + field->value, field->value_length);
    } else {
      lua_pushliteral(L, ", ");
      lua_pushlstring(L, text + field->value, field->value_length);
      lua_concat(L, 3);
    }
    lua_rawset(L, -3);
  }
}

static void set_text(lua_State *L, const char *name, const char *text) {
  if (text[0] != '\0') {
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
  }
}

static void set_number(lua_State *L, const char *name, double number) {
  if (number != 0) {
    lua_pushnumber(L, (lua_Number)number);
    lua_setfield(L, -2, name);
  }
}

static void push_failure(lua_State *L, const jdvm_failure *failure) {
  lua_createtable(L, 0, 7);
  set_text(L, "kind", jdvm_kind_name(failure->kind));
  set_text(L, "cause", failure->cause);
  set_text(L, "phase", jdvm_phase_name(failure->phase));
  lua_pushboolean(L, failure->sent);
  lua_setfield(L, -2, "sent");
  lua_pushboolean(L, failure->kept);
  lua_setfield(L, -2, "kept");
  lua_pushboolean(L, failure->lasting);
  lua_setfield(L, -2, "lasting");
  lua_pushboolean(L, failure->at_proxy);
  lua_setfield(L, -2, "at_proxy");
  lua_createtable(L, 0, 4);
  set_text(L, "host", failure->host);
  if (failure->host[0] != '\0') {
    set_number(L, "port", (double)failure->port);
  }
  set_text(L, "reason", failure->reason);
  set_number(L, "status", (double)failure->status);
  set_number(L, "limit", (double)failure->limit);
  set_number(L, "seconds", failure->seconds);
  if (failure->phase == JDVM_PHASE_QUEUED) {
    set_text(L, "queued", "true");
  }
  lua_setfield(L, -2, "facts");
}

static int push_outcome(lua_State *L, const jdvm_transfer *transfer) {
  if (transfer->state == JDVM_SUCCEEDED) {
    const jdvm_response *response = &transfer->response;
    lua_pushinteger(L, response->status);
    push_headers(L, response);
    lua_pushlstring(L, response->body.bytes != NULL ? response->body.bytes : "",
                    response->body.length);
    lua_pushboolean(L, !transfer->opened);
    return 4;
  }
  lua_pushnil(L);
  push_failure(L, &transfer->failure);
  return 2;
}

static void give_back(transfer_box *box) {
  jdvm_transfer *transfer = box->transfer;
  box->transfer = NULL;
  jdvm_transfer_release(transfer);
}

/* multi:finish(transfer [, seconds]) -> status, headers, body, kept | nil, failure | nil alone when it
** still runs after so many seconds, so that a caller who waits in steps can be interrupted between
** two. With an outcome the transfer has ended, and is good for nothing more. */
static int multi_finish(lua_State *L) {
  multi_box *multi = check_multi(L);
  transfer_box *box = check_transfer(L, 2);
  double seconds = luaL_optnumber(L, 3, HUGE_VAL);
  int results;
  luaL_argcheck(L, seconds == seconds, 3, "not a number");
  if (box->transfer->http != multi->http) {
    return luaL_argerror(L, 2, "transfer of another client");
  }
  if (multi->http != NULL) {
    jdvm_http_finish(multi->http, box->transfer, seconds);
    if (box->transfer->state == JDVM_RUNNING) {
      lua_pushnil(L);
      return 1;
    }
  }
  /* Of a client that was closed, what was there at that time is the outcome. When a push raises, the
  ** collector frees the transfer. */
  box->in_use = true;
  results = push_outcome(L, box->transfer);
  box->in_use = false;
  give_back(box);
  return results;
}

/* multi:cancel(transfer): ends it, if it has not ended */
static int multi_cancel(lua_State *L) {
  transfer_box *box;
  (void)check_multi(L);
  box = luaL_checkudata(L, 2, TRANSFER);
  if (!box->in_use) {
    give_back(box);
  }
  return 0;
}

/* multi:sleep(seconds); meanwhile what was started goes on */
static int multi_sleep(lua_State *L) {
  jdvm_http *http = check_open(L);
  double seconds = luaL_checknumber(L, 2);
  if (seconds > 0) {
    jdvm_http_sleep(http, seconds);
  }
  return 0;
}

/* multi:step(): see jdvm_http_step */
static int multi_step(lua_State *L) {
  jdvm_http_step(check_open(L));
  return 0;
}

/* multi:lend() -> array of { fd = number, read = boolean, write = boolean }, and seconds: see
** jdvm_http_lend */
static int multi_lend(lua_State *L) {
  const multi_box *box = check_multi(L);
  size_t count, i;
  double seconds;
  const struct pollfd *sockets = jdvm_http_lend(check_open(L), &count, &seconds);
  lua_newtable(L);
  /* A finalizer that closes the client takes the sockets with it; all else waits while they are lent. */
  for (i = 0; i < count && box->http != NULL; i++) {
    const struct pollfd socket = sockets[i];
    lua_createtable(L, 0, 3);
    lua_pushinteger(L, socket.fd);
    lua_setfield(L, -2, "fd");
    lua_pushboolean(L, (socket.events & POLLIN) != 0);
    lua_setfield(L, -2, "read");
    lua_pushboolean(L, (socket.events & POLLOUT) != 0);
    lua_setfield(L, -2, "write");
    lua_rawseti(L, -2, (int)i + 1);
  }
  lua_pushnumber(L, seconds);
  return 2;
}

/* multi:runs(transfer) -> whether it has not ended yet; nil once it was finished or cancelled */
static int multi_runs(lua_State *L) {
  const transfer_box *box;
  (void)check_multi(L);
  box = luaL_checkudata(L, 2, TRANSFER);
  if (box->transfer == NULL) {
    lua_pushnil(L);
  } else {
    lua_pushboolean(L, box->transfer->state == JDVM_RUNNING);
  }
  return 1;
}

/* multi:close(); also for the collector. Cancels what runs; transfers stay readable. */
static int multi_close(lua_State *L) {
  multi_box *box = check_multi(L);
  jdvm_http *http = box->http;
  box->http = NULL;
  jdvm_http_free(http);
  return 0;
}

/* ---- transfer ---- */

static int transfer_gc(lua_State *L) {
  give_back(luaL_checkudata(L, 1, TRANSFER));
  return 0;
}

/* Never lets the system unmap the shared library that this code is in. A Lua that is closed unloads
** its modules; but libcurl may have left a thread that still looks up a name, and it would return
** into nothing. The linker's -z nodelete does the same, where one can give it flags. */
static void pin(void) {
#if defined(RTLD_NODELETE) && defined(RTLD_NOLOAD)
  static const char here = 0;
  Dl_info self;
  if (dladdr(&here, &self) != 0 && self.dli_fname != NULL) {
    (void)dlopen(self.dli_fname, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD | RTLD_NODELETE);
  }
#endif
}

JDVM_EXPORT int luaopen_jdvm_curl(lua_State *L);
JDVM_EXPORT int luaopen_jdvm_curl(lua_State *L) {
  static const luaL_Reg multi_methods[] = {
      {"start", multi_start}, {"finish", multi_finish}, {"cancel", multi_cancel},
      {"sleep", multi_sleep}, {"step", multi_step},     {"lend", multi_lend},
      {"runs", multi_runs},   {"close", multi_close},   {NULL, NULL}};
  static const luaL_Reg transfer_methods[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"new", http_new},
                                       {"now", http_now},
                                       {"version", http_version},
                                       {"bell", jdvm_bell_new},
                                       {NULL, NULL}};
  if (strstr(jdvm_http_version(), "/not available") != NULL) {
    return luaL_error(
        L,
        "jdvm.curl: libcurl has found another libcrypto than the one it was built for "
        "(%s): check LD_LIBRARY_PATH and LD_PRELOAD",
        jdvm_http_version());
  }
  pin();
  jdvm_new_class(L, MULTI, multi_methods, multi_close);
  jdvm_new_class(L, TRANSFER, transfer_methods, transfer_gc);
  jdvm_bell_class(L);
  jdvm_newlib(L, functions);
  return 1;
}
