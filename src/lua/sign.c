#include "sign.h"

#define SIGNER_CLASS "jdvm.signer"

/* Upvalues of signer:sign, so that neither the class nor a header name is looked up by its text. */
enum {
  UP_CLASS = 1,
  UP_JSON,
  UP_AUTHORIZATION,
  UP_NAMES, /* and the following: names of the own headers, in their order */
  UP_COUNT = UP_NAMES + JDVM_OWN_HEADERS - 1
};

/* Arguments of signer:sign. */
enum {
  ARG_SELF = 1,
  ARG_METHOD,
  ARG_HOST,
  ARG_PATH,
  ARG_QUERY,
  ARG_TIME,
  ARG_NONCE,
  ARG_BODY,
  ARG_HEADERS
};

/* core.signer{access_key, secret_key, region, service = "vm", session_token = nil,
**             algorithm = "JDCLOUD2-HMAC-SHA256", token_encoding = "base64"} -> signer
** Raises on wrong arguments; no message contains a secret. */
static int signer_new(lua_State *L) {
  static const char what[] = "signer";
  static const char *const known[] = {"access_key", "secret_key", "session_token",  "region",
                                      "service",    "algorithm",  "token_encoding", NULL};
  jdvm_identity identity;
  jdvm_signer *signer;
  jdvm_text encoding;
  jdvm_error error;
  jdvm_check_fields(L, what, known);
  lua_settop(L, 1);
  identity.access_key = jdvm_text_field(L, what, "access_key");
  identity.secret_key = jdvm_text_field(L, what, "secret_key");
  identity.token = jdvm_text_field(L, what, "session_token");
  identity.region = jdvm_text_field(L, what, "region");
  identity.service = jdvm_text_field(L, what, "service");
  if (lua_isnil(L, -1)) {
    identity.service.bytes = "vm";
    identity.service.length = 2;
  }
  encoding = jdvm_text_field(L, what, "token_encoding");
  identity.raw_token = strcmp(encoding.bytes, "raw") == 0;
  if (!lua_isnil(L, -1) && !identity.raw_token && strcmp(encoding.bytes, "base64") != 0) {
    return luaL_error(L, "signer: token_encoding is neither base64 nor raw");
  }
  (void)jdvm_text_field(L, what, "algorithm");
  identity.version = jdvm_check_algorithm(L, -1, what, true);
  signer = jdvm_new_object(L, sizeof *signer, SIGNER_CLASS);
  if (jdvm_signer_open(signer, &identity, &error) != 0) {
    jdvm_signer_close(signer);
    return jdvm_raise(L, &error);
  }
  return 1;
}

/* signer:close(); also for the collector. Wipes the keys. */
static int signer_destroy(lua_State *L) {
  jdvm_signer_close(luaL_checkudata(L, 1, SIGNER_CLASS));
  return 0;
}

static bool is_closed(const jdvm_signer *signer) {
  return signer->hasher.context == NULL;
}

static int signer_tostring(lua_State *L) {
  const jdvm_signer *signer = luaL_checkudata(L, 1, SIGNER_CLASS);
  lua_pushfstring(L, "jdvm signer (%s)",
                  is_closed(signer) ? "closed" : jdvm_algorithm_name(signer->who.version));
  return 1;
}

/* --- signer:sign, arguments ---------------------------------------------------------------- */

static jdvm_signer *check_signer(lua_State *L) {
  jdvm_signer *signer = lua_touserdata(L, ARG_SELF);
  if (signer == NULL || !lua_getmetatable(L, ARG_SELF) ||
      !lua_rawequal(L, -1, lua_upvalueindex(UP_CLASS))) {
    luaL_argerror(L, ARG_SELF, "signer expected");
  }
  lua_pop(L, 1);
  luaL_argcheck(L, !is_closed(signer), ARG_SELF, "signer is closed");
  return signer;
}

/* Reads the array {name1, value1, ...}. The texts stay valid: the array holds them. */
static void read_query(lua_State *L, jdvm_pairs *query) {
  size_t length = jdvm_rawlen(L, ARG_QUERY);
  int i;
  luaL_argcheck(L, length % 2 == 0, ARG_QUERY, "query has a name without a value");
  for (i = 1; i < (int)length; i += 2) {
    jdvm_text name, value;
    lua_rawgeti(L, ARG_QUERY, i);
    lua_rawgeti(L, ARG_QUERY, i + 1);
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
      luaL_argerror(L, ARG_QUERY, "query contains something else than strings");
    }
    name.bytes = lua_tolstring(L, -2, &name.length);
    value.bytes = lua_tolstring(L, -1, &value.length);
    lua_pop(L, 2);
    if (!jdvm_pairs_add(query, name, value)) {
      luaL_error(L, "not enough memory");
    }
  }
}

/* Reads the table {[name] = value}, likewise. */
static void read_headers(lua_State *L, jdvm_pairs *headers) {
  lua_pushnil(L);
  while (lua_next(L, ARG_HEADERS) != 0) {
    jdvm_text name, value;
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
      luaL_argerror(L, ARG_HEADERS, "headers contain something else than strings");
    }
    name.bytes = lua_tolstring(L, -2, &name.length);
    value.bytes = lua_tolstring(L, -1, &value.length);
    lua_pop(L, 1);
    if (!jdvm_pairs_add(headers, name, value)) {
      luaL_error(L, "not enough memory");
    }
  }
}

/* Raises unless the argument is a table or nil; tells which. */
static bool has_table(lua_State *L, int index) {
  int type = lua_type(L, index);
  if (type != LUA_TTABLE && type != LUA_TNIL) {
    luaL_checktype(L, index, LUA_TTABLE);
  }
  return type == LUA_TTABLE;
}

static void read_request(lua_State *L, jdvm_request *request) {
  lua_Number time;
  request->method = jdvm_check_text(L, ARG_METHOD);
  request->host = jdvm_check_text(L, ARG_HOST);
  request->path = jdvm_check_text(L, ARG_PATH);
  time = luaL_checknumber(L, ARG_TIME);
  luaL_argcheck(L, time >= 0 && time < (lua_Number)JDVM_TIME_END, ARG_TIME,
                "time is not between the years 1970 and 9999");
  request->seconds = (int64_t)time;
  request->nonce = jdvm_check_text(L, ARG_NONCE);
  request->body.bytes = NULL;
  request->body.length = 0;
  if (!lua_isnil(L, ARG_BODY)) {
    request->body = jdvm_check_text(L, ARG_BODY);
  }
}

/* Reads what is in tables and signs. Lua allocates nothing here, so nobody else can use the signer
** before its results have been copied. */
static void sign(lua_State *L, jdvm_signer *signer, const jdvm_request *request) {
  jdvm_error error;
  signer->query.count = 0;
  signer->headers.extra.count = 0;
  if (has_table(L, ARG_QUERY)) {
    read_query(L, &signer->query);
  }
  if (has_table(L, ARG_HEADERS)) {
    read_headers(L, &signer->headers.extra);
  }
  if (jdvm_signer_sign(signer, request, &error) != 0) {
    jdvm_raise(L, &error);
  }
}

/* --- signer:sign, results ------------------------------------------------------------------ */

/* A copy of the results in memory of this call alone. */
typedef struct results {
  jdvm_text target;
  jdvm_text authorization;
  jdvm_text own[JDVM_OWN_HEADERS];
  size_t count;     /* of further headers */
  jdvm_text *pairs; /* their names and values in turn */
} results;

static jdvm_text keep(char **room, jdvm_text text) {
  if (text.bytes != NULL) {
    memcpy(*room, text.bytes, text.length);
    text.bytes = *room;
    *room += text.length;
  }
  return text;
}

static size_t count_others(const jdvm_pairs *headers) {
  size_t i, count = 0;
  for (i = 0; i < headers->count; i++) {
    count += headers->items[i].order >= JDVM_OWN_HEADERS;
  }
  return count;
}

static jdvm_text *keep_others(char **room, jdvm_text *to, const jdvm_pairs *headers) {
  size_t i;
  for (i = 0; i < headers->count; i++) {
    if (headers->items[i].order >= JDVM_OWN_HEADERS) {
      *to++ = keep(room, headers->items[i].name);
      *to++ = keep(room, headers->items[i].value);
    }
  }
  return to;
}

/* Bytes that keep_results takes, at most. */
static size_t room_for(const jdvm_signer *signer, const jdvm_request *request) {
  size_t i, room = signer->target.length + signer->authorization.length + signer->who.token.length +
                   request->nonce.length + JDVM_TIMESTAMP + 1;
  for (i = 0; i < signer->headers.extra.count; i++) {
    const jdvm_pair *pair = &signer->headers.extra.items[i];
    room += pair->name.length + pair->value.length + 2 * sizeof(jdvm_text);
  }
  return room;
}

static void keep_results(results *kept, const jdvm_signer *signer, const jdvm_request *request,
                         char *room) {
  kept->pairs = (jdvm_text *)(void *)room; /* first: the room is aligned */
  kept->count = 0;
  if (signer->headers.extra.count > 0) {
    kept->count = count_others(&signer->headers.to_sign) + signer->headers.not_signed.count;
    room += kept->count * 2 * sizeof(jdvm_text);
    (void)keep_others(&room, keep_others(&room, kept->pairs, &signer->headers.to_sign),
                      &signer->headers.not_signed);
  }
  kept->target = keep(&room, signer->target);
  kept->authorization.bytes = signer->authorization.bytes;
  kept->authorization.length = signer->authorization.length;
  kept->authorization = keep(&room, kept->authorization);
  memcpy(kept->own, signer->own, sizeof kept->own);
  kept->own[JDVM_TOKEN] = keep(&room, kept->own[JDVM_TOKEN]);
  kept->own[JDVM_DATE] = keep(&room, kept->own[JDVM_DATE]);
  *room++ = '\0';
  if (kept->own[JDVM_NONCE].bytes != request->nonce.bytes) {
    kept->own[JDVM_NONCE] = keep(&room, kept->own[JDVM_NONCE]);
  }
}

/* Pushes the value of an own header. What came as an argument, or is known, needs no new string. */
static void push_own(lua_State *L, const results *kept, const jdvm_request *request, int i) {
  if (i == JDVM_CONTENT_TYPE) {
    lua_pushvalue(L, lua_upvalueindex(UP_JSON));
  } else if (i == JDVM_HOST) {
    lua_pushvalue(L, ARG_HOST);
  } else if (i == JDVM_DATE) {
    lua_pushstring(L, kept->own[i].bytes); /* newer Luas remember recent texts by their address */
  } else if (kept->own[i].bytes == request->nonce.bytes) {
    lua_pushvalue(L, ARG_NONCE);
  } else {
    lua_pushlstring(L, kept->own[i].bytes, kept->own[i].length);
  }
}

static void push_headers(lua_State *L, const results *kept, const jdvm_request *request) {
  size_t n;
  int i;
  lua_createtable(L, 0, 5 + (int)kept->count);
  for (i = 0; i < JDVM_OWN_HEADERS; i++) {
    if (kept->own[i].bytes != NULL) {
      lua_pushvalue(L, lua_upvalueindex(UP_NAMES + i));
      push_own(L, kept, request, i);
      lua_rawset(L, -3);
    }
  }
  lua_pushvalue(L, lua_upvalueindex(UP_AUTHORIZATION));
  lua_pushlstring(L, kept->authorization.bytes, kept->authorization.length);
  lua_rawset(L, -3);
  for (n = 0; n < kept->count; n++) {
    lua_pushlstring(L, kept->pairs[2 * n].bytes, kept->pairs[2 * n].length);
    lua_pushlstring(L, kept->pairs[2 * n + 1].bytes, kept->pairs[2 * n + 1].length);
    lua_rawset(L, -3);
  }
}

/* signer:sign(method, host, path, query, time, nonce [, body [, headers]]) -> target, headers
** `path` and `query` ({name1, value1, ...} or nil) are plain text; `time` is in seconds since 1970;
** `headers` ({[name] = value}) are sent and signed too. Send target and headers as they are. */
static int signer_sign(lua_State *L) {
  union {
    jdvm_text aligned;
    char bytes[2048];
  } small;
  char *room = small.bytes;
  size_t size = sizeof small;
  jdvm_signer *signer;
  jdvm_request request;
  results kept;
  lua_settop(L, ARG_HEADERS);
  (void)check_signer(L);
  read_request(L, &request);
  /* Not before: a number becomes a string there, which may let a finalizer run that closes the signer. */
  signer = check_signer(L);
  sign(L, signer, &request);
  /* Making room may have let somebody else use the signer. */
  while (room_for(signer, &request) > size) {
    size = room_for(signer, &request);
    room = lua_newuserdata(L, size);
    (void)check_signer(L);
    sign(L, signer, &request);
  }
  keep_results(&kept, signer, &request, room);
  lua_pushlstring(L, kept.target.bytes, kept.target.length);
  push_headers(L, &kept, &request);
  return 2;
}

/* Is the class complete? Then signers may exist, and it must not change under them. */
static bool has_class(lua_State *L) {
  bool found = false;
  luaL_getmetatable(L, SIGNER_CLASS);
  if (lua_istable(L, -1)) {
    lua_getfield(L, -1, "__index");
    if (lua_istable(L, -1)) {
      lua_getfield(L, -1, "sign");
      found = lua_isfunction(L, -1);
      lua_pop(L, 1);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return found;
}

static void make_class(lua_State *L) {
  static const luaL_Reg methods[] = {{"close", signer_destroy}, {NULL, NULL}};
  int i;
  jdvm_new_class(L, SIGNER_CLASS, methods, signer_destroy);
  luaL_getmetatable(L, SIGNER_CLASS);
  lua_pushcfunction(L, signer_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_getfield(L, -1, "__index");
  lua_pushvalue(L, -2);
  lua_pushliteral(L, "application/json");
  lua_pushliteral(L, "authorization");
  for (i = 0; i < JDVM_OWN_HEADERS; i++) {
    lua_pushlstring(L, jdvm_own_header_names[i].bytes, jdvm_own_header_names[i].length);
  }
  lua_pushcclosure(L, signer_sign, UP_COUNT);
  lua_setfield(L, -2, "sign");
  lua_pop(L, 2);
}

void jdvm_signer_register(lua_State *L) {
  luaL_checkstack(L, UP_COUNT + 8, "too many values");
  if (!has_class(L)) {
    make_class(L);
  }
  lua_pushcfunction(L, signer_new);
  lua_setfield(L, -2, "signer");
}
