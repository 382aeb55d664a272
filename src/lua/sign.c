#include "core.h"

#include "../pure/sign.h"

#define SIGNER_CLASS "jdvm.signer"

/* Arguments of signer:sign. */
enum { SELF = 1, METHOD, HOST, PATH, QUERY, TIME, NONCE };

/* Pushes field `name` of the options, a string or nil, and returns its text; empty for nil. */
static jdvm_text text_field(lua_State *L, const char *name) {
  jdvm_text text = {"", 0};
  lua_getfield(L, 1, name);
  if (lua_type(L, -1) == LUA_TSTRING) {
    text.bytes = lua_tolstring(L, -1, &text.length);
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "signer: %s must be a string, not %s", name, luaL_typename(L, -1));
  }
  return text;
}

/* core.signer{access_key, secret_key, region, service = "vm", session_token = nil,
**             algorithm = "JDCLOUD2-HMAC-SHA256", token_encoding = "base64"} -> signer
** Raises on wrong arguments; no message contains a secret. */
static int signer_new(lua_State *L) {
  jdvm_identity identity;
  jdvm_signer *signer;
  const char *word;
  jdvm_error error;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  identity.access_key = text_field(L, "access_key");
  identity.secret_key = text_field(L, "secret_key");
  identity.token = text_field(L, "session_token");
  identity.region = text_field(L, "region");
  identity.service = text_field(L, "service");
  if (lua_isnil(L, -1)) {
    identity.service.bytes = "vm";
    identity.service.length = 2;
  }
  word = text_field(L, "token_encoding").bytes;
  identity.raw_token = strcmp(word, "raw") == 0;
  if (!lua_isnil(L, -1) && !identity.raw_token && strcmp(word, "base64") != 0) {
    return luaL_error(L, "signer: token_encoding is neither base64 nor raw");
  }
  word = text_field(L, "algorithm").bytes;
  identity.version =
      strcmp(word, jdvm_algorithm_name(JDVM_JDCLOUD3)) == 0 ? JDVM_JDCLOUD3 : JDVM_JDCLOUD2;
  if (!lua_isnil(L, -1) && strcmp(word, jdvm_algorithm_name(identity.version)) != 0) {
    return luaL_error(L, "signer: algorithm is neither %s nor %s",
                      jdvm_algorithm_name(JDVM_JDCLOUD2), jdvm_algorithm_name(JDVM_JDCLOUD3));
  }
  signer = jdvm_new_object(L, sizeof *signer, SIGNER_CLASS);
  if (jdvm_signer_open(signer, &identity, &error) != 0) {
    jdvm_signer_close(signer);
    return jdvm_core_raise(L, &error);
  }
  return 1;
}

/* signer:close(); also for the collector. Wipes the keys. */
static int signer_destroy(lua_State *L) {
  jdvm_signer_close(luaL_checkudata(L, SELF, SIGNER_CLASS));
  return 0;
}

static bool is_closed(const jdvm_signer *signer) {
  return signer->hasher.context == NULL;
}

static int signer_tostring(lua_State *L) {
  const jdvm_signer *signer = luaL_checkudata(L, SELF, SIGNER_CLASS);
  lua_pushfstring(L, "jdvm signer (%s)",
                  is_closed(signer) ? "closed" : jdvm_algorithm_name(signer->version));
  return 1;
}

/* The string argument at `index`: no number, of which Lua would have to make a string. */
static jdvm_text text_argument(lua_State *L, int index) {
  jdvm_text text;
  luaL_checktype(L, index, LUA_TSTRING);
  text.bytes = lua_tolstring(L, index, &text.length);
  return text;
}

/* Element i of the array {name1, value1, ...}; the array holds it. */
static jdvm_text query_text(lua_State *L, int i) {
  jdvm_text text;
  lua_rawgeti(L, QUERY, i);
  if (lua_type(L, -1) != LUA_TSTRING) {
    luaL_argerror(L, QUERY, "query contains something else than strings");
  }
  text.bytes = lua_tolstring(L, -1, &text.length);
  lua_pop(L, 1);
  return text;
}

/* Bytes of memory that a call needs: parameters, and what jdvm_sign() writes. */
static size_t room_for(lua_State *L, const jdvm_signer *signer, jdvm_request *request) {
  size_t length =
      request->method.length + request->host.length + request->path.length + request->nonce.length;
  size_t room;
  int i, count = lua_isnil(L, QUERY) ? 0 : (int)jdvm_rawlen(L, QUERY);
  luaL_argcheck(L, count % 2 == 0, QUERY, "query has a name without a value");
  for (i = 1; i <= count; i++) {
    length += query_text(L, i).length;
  }
  request->count = (size_t)count / 2;
  room = jdvm_sign_room(signer, request->count, length);
  if (room == SIZE_MAX) {
    luaL_error(L, "not enough memory");
  }
  return room + request->count * sizeof(jdvm_pair);
}

static void push_results(lua_State *L, const jdvm_signed *result) {
  lua_pushlstring(L, result->target.bytes, result->target.length);
  lua_createtable(L, 0, 6);
  lua_pushliteral(L, "application/json");
  lua_setfield(L, -2, "content-type");
  lua_pushvalue(L, HOST);
  lua_setfield(L, -2, "host");
  lua_pushlstring(L, result->date.bytes, result->date.length);
  lua_setfield(L, -2, "x-jdcloud-date");
  lua_pushvalue(L, NONCE);
  lua_setfield(L, -2, "x-jdcloud-nonce");
  if (result->token.length > 0) {
    lua_pushlstring(L, result->token.bytes, result->token.length);
    lua_setfield(L, -2, "x-jdcloud-security-token");
  }
  lua_pushlstring(L, result->authorization.bytes, result->authorization.length);
  lua_setfield(L, -2, "authorization");
  lua_pushlstring(L, result->canonical.bytes, result->canonical.length);
}

/* signer:sign(method, host, path, query, time, nonce) -> target, headers, canonical_request
** `path` and `query` ({name1, value1, ...} or nil) are plain text; `time` is in seconds since 1970.
** Send target and headers as they are. When the service says "sign result is not same", compare the
** canonical request with the one that it, or another client, makes of the same request; it holds the
** session token, but no key. */
static int signer_sign(lua_State *L) {
  union {
    jdvm_pair aligned;
    char bytes[4096];
  } small;
  void *room = &small;
  size_t size = sizeof small, needed;
  jdvm_signer *signer = luaL_checkudata(L, SELF, SIGNER_CLASS);
  jdvm_request request;
  jdvm_signed result;
  lua_Number time;
  jdvm_error error;
  size_t i;
  lua_settop(L, NONCE);
  request.method = text_argument(L, METHOD);
  request.host = text_argument(L, HOST);
  request.path = text_argument(L, PATH);
  request.nonce = text_argument(L, NONCE);
  time = luaL_checknumber(L, TIME);
  luaL_argcheck(L, time >= 0 && time < (lua_Number)JDVM_TIME_END, TIME,
                "time is not between the years 1970 and 9999");
  request.seconds = (int64_t)time;
  if (!lua_isnil(L, QUERY)) {
    luaL_checktype(L, QUERY, LUA_TTABLE);
  }
  /* A finalizer may run, and with it any Lua code, whenever Lua allocates: so the room is made
  ** first, again if the query has grown meanwhile, and between reading the query and having signed
  ** Lua allocates nothing. */
  while ((needed = room_for(L, signer, &request)) > size) {
    size = needed;
    room = lua_newuserdata(L, size);
  }
  luaL_argcheck(L, !is_closed(signer), SELF, "signer is closed");
  request.query = room;
  for (i = 0; i < request.count; i++) {
    request.query[i].name = query_text(L, (int)(2 * i + 1));
    request.query[i].value = query_text(L, (int)(2 * i + 2));
  }
  if (jdvm_sign(signer, &request, (char *)(request.query + request.count), &result, &error) != 0) {
    return jdvm_core_raise(L, &error);
  }
  push_results(L, &result);
  return 3;
}

void jdvm_signer_register(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"sign", signer_sign}, {"close", signer_destroy}, {NULL, NULL}};
  jdvm_new_class(L, SIGNER_CLASS, methods, signer_destroy);
  luaL_getmetatable(L, SIGNER_CLASS);
  lua_pushcfunction(L, signer_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pop(L, 1);
  lua_pushcfunction(L, signer_new);
  lua_setfield(L, -2, "signer");
}
