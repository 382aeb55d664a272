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

/* Reads the array {name1, value1, ...} into the room, if that suffices: the array holds the texts.
** Returns the bytes that a call needs: for the parameters, and for what jdvm_sign() writes. */
static size_t read_query(lua_State *L, const jdvm_signer *signer, jdvm_request *request, void *room,
                         size_t size) {
  int i, count = lua_isnil(L, QUERY) ? 0 : (int)jdvm_rawlen(L, QUERY);
  size_t length =
      request->method.length + request->host.length + request->path.length + request->nonce.length;
  size_t pairs = (size_t)count / 2 * sizeof(jdvm_pair), needed;
  luaL_argcheck(L, count % 2 == 0, QUERY, "query has a name without a value");
  request->query = room;
  request->count = (size_t)count / 2;
  for (i = 0; i < count; i++) {
    jdvm_text text;
    lua_rawgeti(L, QUERY, i + 1);
    if (lua_type(L, -1) != LUA_TSTRING) {
      luaL_argerror(L, QUERY, "query contains something else than strings");
    }
    text.bytes = lua_tolstring(L, -1, &text.length);
    lua_pop(L, 1);
    length += text.length;
    if (pairs <= size) {
      jdvm_pair *pair = &request->query[i / 2];
      *(i % 2 == 0 ? &pair->name : &pair->value) = text;
    }
  }
  needed = jdvm_sign_room(signer, request->count, length);
  if (needed == SIZE_MAX) {
    luaL_error(L, "not enough memory");
  }
  return needed + pairs;
}

/* The headers of a request; their names are upvalues of signer:sign, so that no Lua hashes them at
** every call. */
enum { CONTENT_TYPE = 1, HOST_HEADER, DATE, NONCE_HEADER, TOKEN, AUTHORIZATION };
static const char *const header_names[] = {
    "content-type", "host", "x-jdcloud-date", "x-jdcloud-nonce", "x-jdcloud-security-token",
    "authorization"};

/* Takes the value on top of the stack as that header into the table below it. */
static void set_header(lua_State *L, int header) {
  lua_pushvalue(L, lua_upvalueindex(header));
  lua_insert(L, -2);
  lua_rawset(L, -3);
}

static void push_text(lua_State *L, jdvm_text text) {
  lua_pushlstring(L, text.bytes, text.length);
}

/* Signs the request that the arguments describe. The results are in `small`, or in a userdata that is
** left on the stack. */
static void sign(lua_State *L, void *small, size_t size, jdvm_signed *result) {
  void *room = small;
  jdvm_signer *signer = luaL_checkudata(L, SELF, SIGNER_CLASS);
  jdvm_request request;
  lua_Number time;
  size_t needed;
  jdvm_error error;
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
  while ((needed = read_query(L, signer, &request, room, size)) > size) {
    size = needed;
    room = lua_newuserdata(L, size);
  }
  luaL_argcheck(L, !is_closed(signer), SELF, "signer is closed");
  if (jdvm_sign(signer, &request, (char *)(request.query + request.count), result, &error) != 0) {
    jdvm_core_raise(L, &error);
  }
}

/* Room for the results of most requests. */
typedef union small_room {
  jdvm_pair aligned;
  char bytes[4096];
} small_room;

/* signer:sign(method, host, path, query, time, nonce) -> target, headers
** `path` and `query` ({name1, value1, ...} or nil) are plain text; `time` is in seconds since 1970.
** Send target and headers as they are. */
static int signer_sign(lua_State *L) {
  small_room small;
  jdvm_signed result;
  sign(L, &small, sizeof small, &result);
  push_text(L, result.target);
  lua_createtable(L, 0, 6);
  lua_pushliteral(L, "application/json");
  set_header(L, CONTENT_TYPE);
  lua_pushvalue(L, HOST);
  set_header(L, HOST_HEADER);
  push_text(L, result.date);
  set_header(L, DATE);
  lua_pushvalue(L, NONCE);
  set_header(L, NONCE_HEADER);
  if (result.token.length > 0) {
    push_text(L, result.token);
    set_header(L, TOKEN);
  }
  push_text(L, result.authorization);
  set_header(L, AUTHORIZATION);
  return 2;
}

/* signer:canonical_request(...) -> the text whose hash signer:sign signs for the same arguments. When
** the service says "sign result is not same", compare it with what the service, or another client,
** makes of the request. It holds the session token, but no key. */
static int signer_canonical_request(lua_State *L) {
  small_room small;
  jdvm_signed result;
  sign(L, &small, sizeof small, &result);
  push_text(L, result.canonical);
  return 1;
}

void jdvm_signer_register(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"canonical_request", signer_canonical_request}, {"close", signer_destroy}, {NULL, NULL}};
  size_t i, count = sizeof header_names / sizeof *header_names;
  jdvm_new_class(L, SIGNER_CLASS, methods, signer_destroy);
  luaL_getmetatable(L, SIGNER_CLASS);
  lua_pushcfunction(L, signer_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_getfield(L, -1, "__index");
  for (i = 0; i < count; i++) {
    lua_pushstring(L, header_names[i]);
  }
  lua_pushcclosure(L, signer_sign, (int)count);
  lua_setfield(L, -2, "sign");
  lua_pop(L, 2);
  lua_pushcfunction(L, signer_new);
  lua_setfield(L, -2, "signer");
}
