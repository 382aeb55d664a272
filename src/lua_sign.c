#include "lua_sign.h"

#define SIGNER_CLASS "jdvm.signer"

/* Upvalues of signer:sign, so that neither the class nor a header name is looked up by text. */
enum {
  UP_CORE = 1,
  UP_CLASS,
  UP_JSON,
  UP_AUTHORIZATION,
  UP_NAMES, /* and the following: names of the own headers, in their order */
  UP_COUNT = UP_NAMES + JDVM_OWN_HEADERS - 1
};

static jdvm_version check_algorithm(lua_State *L, int index, const char *what) {
  const char *name = lua_tostring(L, index);
  if (name != NULL && strcmp(name, "JDCLOUD2-HMAC-SHA256") == 0) {
    return JDVM_JDCLOUD2;
  }
  if (name != NULL && strcmp(name, "JDCLOUD3-HMAC-SHA256") == 0) {
    return JDVM_JDCLOUD3;
  }
  luaL_error(L, "%s: algorithm is neither JDCLOUD2-HMAC-SHA256 nor JDCLOUD3-HMAC-SHA256", what);
  return JDVM_JDCLOUD2;
}

/* Pushes field `name` of the table at 1 and returns its text; empty when the field is nil. */
static jdvm_text text_field(lua_State *L, const char *what, const char *name) {
  jdvm_text text = {"", 0};
  lua_getfield(L, 1, name);
  if (lua_type(L, -1) == LUA_TSTRING) {
    text.bytes = lua_tolstring(L, -1, &text.length);
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "%s: %s must be a string, not %s", what, name, luaL_typename(L, -1));
  }
  return text;
}

/* A misspelt option would otherwise be a silent default. `known` is one text with a blank after
** each name. */
static void check_fields(lua_State *L, const char *what, const char *const *known) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    const char *const *name = known;
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) {
      while (*name != NULL && strcmp(*name, lua_tostring(L, -1)) != 0) {
        name++;
      }
    }
    if (lua_type(L, -1) != LUA_TSTRING || *name == NULL) {
      luaL_error(L, "%s: unknown field%s%s", what, lua_type(L, -1) == LUA_TSTRING ? " " : "",
                 lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "");
    }
  }
}

/* core.signer{access_key, secret_key, region, service = "vm", session_token = nil,
**             algorithm = "JDCLOUD2-HMAC-SHA256", token_encoding = "base64"} -> signer
** Raises on wrong arguments. */
static int signer_new(lua_State *L) {
  static const char what[] = "signer";
  static const char *const known[] = {"access_key", "secret_key", "session_token",  "region",
                                      "service",    "algorithm",  "token_encoding", NULL};
  jdvm_identity identity;
  jdvm_signer *signer;
  jdvm_text encoding;
  jdvm_error error;
  check_fields(L, what, known);
  lua_settop(L, 1);
  identity.access_key = text_field(L, what, "access_key");
  identity.secret_key = text_field(L, what, "secret_key");
  identity.token = text_field(L, what, "session_token");
  identity.region = text_field(L, what, "region");
  identity.service = text_field(L, what, "service");
  if (lua_isnil(L, -1)) {
    identity.service.bytes = "vm";
    identity.service.length = 2;
  }
  encoding = text_field(L, what, "token_encoding");
  identity.raw_token = strcmp(encoding.bytes, "raw") == 0;
  if (!lua_isnil(L, -1) && !identity.raw_token && strcmp(encoding.bytes, "base64") != 0) {
    return luaL_error(L, "signer: token_encoding is neither base64 nor raw");
  }
  (void)text_field(L, what, "algorithm");
  identity.version = lua_isnil(L, -1) ? JDVM_JDCLOUD2 : check_algorithm(L, -1, what);
  signer = jdvm_new_object(L, sizeof *signer, SIGNER_CLASS);
  if (jdvm_signer_open(signer, &identity, &error) != 0) {
    jdvm_signer_close(signer);
    return jdvm_raise(L, &error);
  }
  return 1;
}

static int signer_destroy(lua_State *L) {
  jdvm_signer_close(luaL_checkudata(L, 1, SIGNER_CLASS));
  return 0;
}

static int signer_tostring(lua_State *L) {
  const jdvm_signer *signer = luaL_checkudata(L, 1, SIGNER_CLASS);
  if (signer->hasher.context == NULL) {
    lua_pushliteral(L, "jdvm signer (closed)");
  } else {
    lua_pushfstring(L, "jdvm signer (%s)", jdvm_algorithm_name(signer->version));
  }
  return 1;
}

/* Reads the array {name1, value1, ...} at `index`. The texts stay valid: the array holds them. */
static void read_query(lua_State *L, int index, jdvm_pairs *query) {
  size_t i, length;
  luaL_checktype(L, index, LUA_TTABLE);
  length = jdvm_rawlen(L, index);
  if (length % 2 != 0) {
    luaL_argerror(L, index, "query has a name without a value");
  }
  for (i = 1; i < length; i += 2) {
    jdvm_text name, value;
    lua_rawgeti(L, index, (int)i);
    lua_rawgeti(L, index, (int)i + 1);
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
      luaL_argerror(L, index, "query contains something else than strings");
    }
    name.bytes = lua_tolstring(L, -2, &name.length);
    value.bytes = lua_tolstring(L, -1, &value.length);
    lua_pop(L, 2);
    if (!jdvm_pairs_add(query, name, value)) {
      luaL_error(L, "not enough memory");
    }
  }
}

/* Reads the table {[name] = value} at `index`, likewise. */
static void read_headers(lua_State *L, int index, jdvm_pairs *headers) {
  luaL_checktype(L, index, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, index) != 0) {
    jdvm_text name, value;
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
      luaL_argerror(L, index, "headers contain something else than strings");
    }
    name.bytes = lua_tolstring(L, -2, &name.length);
    value.bytes = lua_tolstring(L, -1, &value.length);
    lua_pop(L, 1);
    if (!jdvm_pairs_add(headers, name, value)) {
      luaL_error(L, "not enough memory");
    }
  }
}

static jdvm_signer *check_signer(lua_State *L) {
  jdvm_signer *signer = lua_touserdata(L, 1);
  if (signer != NULL && lua_getmetatable(L, 1)) {
    if (!lua_rawequal(L, -1, lua_upvalueindex(UP_CLASS))) {
      signer = NULL;
    }
    lua_pop(L, 1);
  } else {
    signer = NULL;
  }
  luaL_argcheck(L, signer != NULL, 1, "signer expected");
  luaL_argcheck(L, signer->hasher.context != NULL, 1, "signer is closed");
  return signer;
}

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

/* Pushes a header's value; an argument that is sent as it came needs no new string. */
static void push_value(lua_State *L, const jdvm_pair *pair, const jdvm_request *request) {
  if (pair->order == JDVM_CONTENT_TYPE) {
    lua_pushvalue(L, lua_upvalueindex(UP_JSON));
  } else if (pair->value.bytes == request->host.bytes) {
    lua_pushvalue(L, ARG_HOST);
  } else if (pair->value.bytes == request->nonce.bytes) {
    lua_pushvalue(L, ARG_NONCE);
  } else {
    lua_pushlstring(L, pair->value.bytes, pair->value.length);
  }
}

static void push_headers(lua_State *L, const jdvm_signer *signer, const jdvm_request *request) {
  const jdvm_pairs *to_sign = &signer->headers.to_sign, *not_signed = &signer->headers.not_signed;
  size_t i;
  lua_createtable(L, 0, (int)(to_sign->count + not_signed->count + 1));
  for (i = 0; i < to_sign->count; i++) {
    const jdvm_pair *pair = &to_sign->items[i];
    if (pair->order < JDVM_OWN_HEADERS) {
      lua_pushvalue(L, lua_upvalueindex(UP_NAMES + (int)pair->order));
    } else {
      lua_pushlstring(L, pair->name.bytes, pair->name.length);
    }
    push_value(L, pair, request);
    lua_rawset(L, -3);
  }
  for (i = 0; i < not_signed->count; i++) {
    const jdvm_pair *pair = &not_signed->items[i];
    lua_pushlstring(L, pair->name.bytes, pair->name.length);
    lua_pushlstring(L, pair->value.bytes, pair->value.length);
    lua_rawset(L, -3);
  }
  lua_pushvalue(L, lua_upvalueindex(UP_AUTHORIZATION));
  lua_pushlstring(L, signer->authorization.bytes, signer->authorization.length);
  lua_rawset(L, -3);
}

/* signer:sign(method, host, path, query, time, nonce [, body [, headers]]) -> target, headers
** `path` and `query` ({name1, value1, ...} or nil) are plain text; `time` is in seconds since 1970;
** `headers` ({[name] = value}) are sent and signed too. Send target and headers as they are. */
static int signer_sign(lua_State *L) {
  jdvm_signer *signer = check_signer(L);
  jdvm_request request;
  jdvm_error error;
  lua_Number time;
  lua_settop(L, ARG_HEADERS);
  request.method = jdvm_check_text(L, ARG_METHOD);
  request.host = jdvm_check_text(L, ARG_HOST);
  request.path = jdvm_check_text(L, ARG_PATH);
  time = luaL_checknumber(L, ARG_TIME);
  request.nonce = jdvm_check_text(L, ARG_NONCE);
  request.body.bytes = luaL_optlstring(L, ARG_BODY, "", &request.body.length);
  luaL_argcheck(L, time >= 0 && time < (lua_Number)JDVM_TIME_END, ARG_TIME,
                "time is not between the years 1970 and 9999");
  request.seconds = (int64_t)time;
  signer->query.count = 0;
  signer->headers.extra.count = 0;
  if (!lua_isnil(L, ARG_QUERY)) {
    read_query(L, ARG_QUERY, &signer->query);
  }
  if (!lua_isnil(L, ARG_HEADERS)) {
    read_headers(L, ARG_HEADERS, &signer->headers.extra);
  }
  if (jdvm_signer_sign(signer, &request, &error) != 0) {
    return jdvm_raise(L, &error);
  }
  lua_pushlstring(L, signer->target.bytes, signer->target.length);
  push_headers(L, signer, &request);
  return 2;
}

/* Pushes element `i` of the array on top, which must be a {name, value}; then pops it. */
static void read_received(lua_State *L, int index, jdvm_pairs *headers) {
  size_t i, length;
  if (lua_isnil(L, index)) {
    return;
  }
  if (!lua_istable(L, index)) {
    luaL_error(L, "canonical_request: headers must be a table, not %s", luaL_typename(L, index));
  }
  length = jdvm_rawlen(L, index);
  for (i = 1; i <= length; i++) {
    jdvm_text name, value;
    lua_rawgeti(L, index, (int)i);
    if (!lua_istable(L, -1)) {
      luaL_error(L, "canonical_request: headers must contain tables {name, value}");
    }
    lua_rawgeti(L, -1, 1);
    lua_rawgeti(L, -2, 2);
    if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING) {
      luaL_error(L, "canonical_request: names and values of headers must be strings");
    }
    name.bytes = lua_tolstring(L, -2, &name.length);
    value.bytes = lua_tolstring(L, -1, &value.length);
    lua_pop(L, 3);
    if (!jdvm_pairs_add(headers, name, value)) {
      luaL_error(L, "not enough memory");
    }
  }
}

/* core.canonical_request{method, path, query, headers, body | payload_hash, algorithm} -> text,
** signed headers. Path and query are as on the wire and are brought into canonical form: this is
** what a verifier computes. `headers` is an array of {name, value}: those that are signed. */
static int stage_canonical_request(lua_State *L) {
  static const char what[] = "canonical_request";
  static const char *const known[] = {"algorithm", "method",       "path", "query",
                                      "headers",   "payload_hash", "body", NULL};
  jdvm_core *core = jdvm_core_of(L);
  jdvm_version version = JDVM_JDCLOUD2;
  jdvm_text query, body, hash_of_header = {NULL, 0};
  unsigned char digest[JDVM_SHA256_SIZE];
  char hex[JDVM_SHA256_HEX];
  jdvm_parts parts;
  jdvm_layout layout;
  jdvm_error error;
  check_fields(L, what, known);
  lua_settop(L, 1);
  lua_getfield(L, 1, "headers");
  (void)text_field(L, what, "algorithm");
  if (!lua_isnil(L, -1)) {
    version = check_algorithm(L, -1, what);
  }
  parts.method = text_field(L, what, "method");
  parts.path = text_field(L, what, "path");
  query = text_field(L, what, "query");
  body = text_field(L, what, "body");
  parts.payload_hash = text_field(L, what, "payload_hash");
  parts.decoded = false;
  parts.query = &core->query;
  parts.headers = &core->headers.to_sign;
  core->query.count = 0;
  core->store.length = 0;
  core->headers.extra.count = 0;
  read_received(L, 2, &core->headers.extra);
  if (jdvm_headers_receive(&core->headers, version, &hash_of_header, &error) != 0) {
    return jdvm_raise(L, &error);
  }
  if (parts.payload_hash.length == 0) {
    parts.payload_hash = hash_of_header;
  }
  if (parts.payload_hash.length == 0) {
    if (jdvm_sha256(&core->hasher, body.bytes, body.length, digest, &error) != 0) {
      return jdvm_raise(L, &error);
    }
    jdvm_hex(hex, digest, sizeof digest);
    parts.payload_hash.bytes = hex;
    parts.payload_hash.length = sizeof hex;
  }
  if (!jdvm_split_query(&core->store, &core->query, query) ||
      !jdvm_canonical_request(&core->text, version, &parts, &layout)) {
    return luaL_error(L, "not enough memory");
  }
  lua_pushlstring(L, core->text.bytes, core->text.length);
  lua_pushlstring(L, core->text.bytes + layout.names_at, layout.names_end - layout.names_at);
  return 2;
}

/* core.string_to_sign(algorithm, date, scope, canonical_request) -> text */
static int stage_string_to_sign(lua_State *L) {
  jdvm_core *core = jdvm_core_of(L);
  jdvm_text canonical = jdvm_check_text(L, 4);
  unsigned char digest[JDVM_SHA256_SIZE];
  char hex[JDVM_SHA256_HEX];
  jdvm_error error;
  (void)luaL_checkstring(L, 1);
  (void)luaL_checkstring(L, 2);
  (void)luaL_checkstring(L, 3);
  if (jdvm_sha256(&core->hasher, canonical.bytes, canonical.length, digest, &error) != 0) {
    return jdvm_raise(L, &error);
  }
  jdvm_hex(hex, digest, sizeof digest);
  lua_settop(L, 3);
  lua_pushliteral(L, "\n");
  lua_insert(L, 2);
  lua_pushliteral(L, "\n");
  lua_insert(L, 4);
  lua_pushliteral(L, "\n");
  lua_pushlstring(L, hex, sizeof hex);
  lua_concat(L, 7);
  return 1;
}

/* core.signing_key(algorithm, secret, day, region, service) -> 32 bytes */
static int stage_signing_key(lua_State *L) {
  jdvm_core *core = jdvm_core_of(L);
  jdvm_version version = check_algorithm(L, 1, "signing_key");
  jdvm_text secret = jdvm_check_text(L, 2), day = jdvm_check_text(L, 3);
  jdvm_text region = jdvm_check_text(L, 4), service = jdvm_check_text(L, 5);
  unsigned char key[JDVM_SHA256_SIZE];
  jdvm_error error;
  if (jdvm_signing_key(&core->hasher, version, secret, day, region, service, key, &error) != 0) {
    return jdvm_raise(L, &error);
  }
  lua_pushlstring(L, (const char *)key, sizeof key);
  return 1;
}

/* core.authorization(algorithm, access_key, scope, signed_headers, signature) -> header value */
static int stage_authorization(lua_State *L) {
  int i;
  for (i = 1; i <= 5; i++) {
    (void)luaL_checkstring(L, i);
  }
  lua_pushfstring(L, "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s", lua_tostring(L, 1),
                  lua_tostring(L, 2), lua_tostring(L, 3), lua_tostring(L, 4), lua_tostring(L, 5));
  return 1;
}

static int push_store(lua_State *L, bool done, jdvm_core *core) {
  if (!done) {
    return luaL_error(L, "not enough memory");
  }
  lua_pushlstring(L, core->store.bytes, core->store.length);
  return 1;
}

/* core.encode_uri(text [, keep_slash]) -> percent-encoded text */
static int stage_encode_uri(lua_State *L) {
  jdvm_core *core = jdvm_core_of(L);
  jdvm_text text = jdvm_check_text(L, 1);
  core->store.length = 0;
  return push_store(L, jdvm_encode(&core->store, text, lua_toboolean(L, 2)), core);
}

/* core.decode_uri(text [, plus_is_space]) -> text; a "%" without two digits stays */
static int stage_decode_uri(lua_State *L) {
  jdvm_core *core = jdvm_core_of(L);
  jdvm_text text = jdvm_check_text(L, 1);
  core->store.length = 0;
  return push_store(L, jdvm_decode_uri(&core->store, text, lua_toboolean(L, 2)), core);
}

static void register_signer(lua_State *L, int core) {
  static const luaL_Reg methods[] = {{"close", signer_destroy}, {NULL, NULL}};
  int i;
  jdvm_new_class(L, SIGNER_CLASS, methods, signer_destroy);
  luaL_getmetatable(L, SIGNER_CLASS);
  lua_pushcfunction(L, signer_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_getfield(L, -1, "__index");
  lua_pushvalue(L, core);
  lua_pushvalue(L, -3);
  lua_pushliteral(L, "application/json");
  lua_pushliteral(L, "authorization");
  for (i = 0; i < JDVM_OWN_HEADERS; i++) {
    lua_pushlstring(L, jdvm_own_header_names[i].bytes, jdvm_own_header_names[i].length);
  }
  lua_pushcclosure(L, signer_sign, UP_COUNT);
  lua_setfield(L, -2, "sign");
  lua_pop(L, 2);
}

void jdvm_sign_register(lua_State *L, int core) {
  static const luaL_Reg functions[] = {{"signer", signer_new},
                                       {"canonical_request", stage_canonical_request},
                                       {"string_to_sign", stage_string_to_sign},
                                       {"signing_key", stage_signing_key},
                                       {"authorization", stage_authorization},
                                       {"encode_uri", stage_encode_uri},
                                       {"decode_uri", stage_decode_uri},
                                       {NULL, NULL}};
  luaL_checkstack(L, UP_COUNT + 8, "too many values");
  register_signer(L, core);
  lua_pushvalue(L, core);
  jdvm_setfuncs(L, functions, 1);
}
