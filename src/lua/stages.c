#include "sign.h"

#include "../pure/uri.h"

/* The steps from a request to its Authorization header, one by one: for tests, and for users
** who look into a signature. */

#define SCRATCH_CLASS "jdvm.scratch"

/* What one call of canonical_request needs. It belongs to that call: see sign.h. */
typedef struct scratch {
  jdvm_buf text;
  jdvm_buf store;
  jdvm_pairs query;
  jdvm_headers headers;
} scratch;

static int scratch_destroy(lua_State *L) {
  scratch *s = luaL_checkudata(L, 1, SCRATCH_CLASS);
  jdvm_buf_free(&s->text);
  jdvm_buf_free(&s->store);
  jdvm_pairs_free(&s->query);
  jdvm_headers_free(&s->headers);
  return 0;
}

/* --- arguments in a table ------------------------------------------------------------------ */

void jdvm_check_fields(lua_State *L, const char *what, const char *const *known) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_pushnil(L);
  while (lua_next(L, 1) != 0) {
    const char *const *name = known;
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) {
      luaL_error(L, "%s: names of fields must be strings", what);
    }
    while (*name != NULL && strcmp(*name, lua_tostring(L, -1)) != 0) {
      name++;
    }
    if (*name == NULL) {
      luaL_error(L, "%s: there is no field \"%s\"", what, lua_tostring(L, -1));
    }
  }
}

jdvm_text jdvm_text_field(lua_State *L, const char *what, const char *name) {
  jdvm_text text = {"", 0};
  lua_getfield(L, 1, name);
  if (lua_type(L, -1) == LUA_TSTRING) {
    text.bytes = lua_tolstring(L, -1, &text.length);
  } else if (!lua_isnil(L, -1)) {
    luaL_error(L, "%s: %s must be a string, not %s", what, name, luaL_typename(L, -1));
  }
  return text;
}

jdvm_version jdvm_check_algorithm(lua_State *L, int index, const char *what, bool optional) {
  const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
  if (optional && lua_isnil(L, index)) {
    return JDVM_JDCLOUD2;
  }
  if (strcmp(name, jdvm_algorithm_name(JDVM_JDCLOUD3)) == 0) {
    return JDVM_JDCLOUD3;
  }
  if (strcmp(name, jdvm_algorithm_name(JDVM_JDCLOUD2)) != 0) {
    luaL_error(L, "%s: algorithm is neither %s nor %s", what, jdvm_algorithm_name(JDVM_JDCLOUD2),
               jdvm_algorithm_name(JDVM_JDCLOUD3));
  }
  return JDVM_JDCLOUD2;
}

/* --- canonical request --------------------------------------------------------------------- */

/* Reads the array of {name, value} at `index`. The texts stay valid: the arrays hold them. */
static void read_headers(lua_State *L, int index, jdvm_pairs *headers) {
  int i, length;
  if (!lua_istable(L, index)) {
    luaL_error(L, "canonical_request: headers must be a table, not %s", luaL_typename(L, index));
  }
  length = (int)jdvm_rawlen(L, index);
  for (i = 1; i <= length; i++) {
    jdvm_text name, value;
    lua_rawgeti(L, index, i);
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

static int hash(lua_State *L, jdvm_text bytes, char hex[JDVM_SHA256_HEX]) {
  jdvm_core *core = jdvm_core_of(L);
  unsigned char digest[JDVM_SHA256_SIZE];
  jdvm_error error;
  if (jdvm_sha256(&core->hasher, bytes.bytes, bytes.length, digest, &error) != 0) {
    return jdvm_raise(L, &error);
  }
  jdvm_hex(hex, digest, sizeof digest);
  return 0;
}

/* core.canonical_request{method, path, query, headers, body | payload_hash, algorithm} -> text,
** signed headers. Path and query are as on the wire and are brought into canonical form, as
** the service does with them. `headers` is an array of {name, value}: those that are signed. */
static int stage_canonical_request(lua_State *L) {
  enum { FIELDS = 1, HEADERS };
  static const char what[] = "canonical_request";
  static const char *const known[] = {"algorithm", "method",       "path", "query",
                                      "headers",   "payload_hash", "body", NULL};
  jdvm_version version;
  jdvm_text query, body, sent_hash = {NULL, 0};
  char hex[JDVM_SHA256_HEX];
  scratch *s;
  jdvm_parts parts;
  jdvm_layout layout;
  jdvm_error error;
  jdvm_check_fields(L, what, known);
  lua_settop(L, FIELDS);
  lua_getfield(L, FIELDS, "headers");
  (void)jdvm_text_field(L, what, "algorithm");
  version = jdvm_check_algorithm(L, -1, what, true);
  parts.method = jdvm_text_field(L, what, "method");
  parts.path = jdvm_text_field(L, what, "path");
  query = jdvm_text_field(L, what, "query");
  body = jdvm_text_field(L, what, "body");
  parts.payload_hash = jdvm_text_field(L, what, "payload_hash");
  s = jdvm_new_object(L, sizeof *s, SCRATCH_CLASS);
  parts.on_wire = true;
  parts.query = &s->query;
  parts.headers = &s->headers.to_sign;
  if (!lua_isnil(L, HEADERS)) {
    read_headers(L, HEADERS, &s->headers.extra);
  }
  if (jdvm_headers_receive(&s->headers, version, &sent_hash, &error) != 0) {
    return jdvm_raise(L, &error);
  }
  if (parts.payload_hash.length == 0) {
    parts.payload_hash = sent_hash;
  }
  if (parts.payload_hash.length == 0) {
    (void)hash(L, body, hex);
    parts.payload_hash.bytes = hex;
    parts.payload_hash.length = sizeof hex;
  }
  if (!jdvm_split_query(&s->store, &s->query, query) ||
      !jdvm_canonical_request(&s->text, version, &parts, &layout)) {
    return luaL_error(L, "not enough memory");
  }
  lua_pushlstring(L, s->text.bytes, s->text.length);
  lua_pushlstring(L, s->text.bytes + layout.names_at, layout.names_end - layout.names_at);
  return 2;
}

/* --- the other steps ----------------------------------------------------------------------- */

/* core.string_to_sign(algorithm, date, scope, canonical_request) -> text */
static int stage_string_to_sign(lua_State *L) {
  char hex[JDVM_SHA256_HEX];
  int i;
  for (i = 1; i <= 3; i++) {
    (void)luaL_checkstring(L, i);
  }
  (void)hash(L, jdvm_check_text(L, 4), hex);
  lua_settop(L, 3);
  for (i = 2; i <= 6; i += 2) {
    lua_pushliteral(L, "\n");
    lua_insert(L, i);
  }
  lua_pushlstring(L, hex, sizeof hex);
  lua_concat(L, 7);
  return 1;
}

/* core.signing_key(algorithm, secret, day, region, service) -> 32 bytes */
static int stage_signing_key(lua_State *L) {
  jdvm_core *core = jdvm_core_of(L);
  jdvm_version version = jdvm_check_algorithm(L, 1, "signing_key", false);
  jdvm_text secret = jdvm_check_text(L, 2), day = jdvm_check_text(L, 3);
  jdvm_text region = jdvm_check_text(L, 4), service = jdvm_check_text(L, 5);
  unsigned char key[JDVM_SHA256_SIZE];
  jdvm_error error;
  if (jdvm_signing_key(&core->hasher, version, secret, day, region, service, key, &error) != 0) {
    jdvm_wipe(key, sizeof key); /* of a step on the way */
    return jdvm_raise(L, &error);
  }
  lua_pushlstring(L, (const char *)key, sizeof key);
  jdvm_wipe(key, sizeof key);
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

/* --- percent-encoding ---------------------------------------------------------------------- */

/* Runs `convert` on the text at 1 into memory that holds `times` as much. */
static int convert_text(lua_State *L, bool (*convert)(jdvm_buf *, jdvm_text, bool), size_t times) {
  jdvm_text text = jdvm_check_text(L, 1);
  bool flag = lua_toboolean(L, 2);
  jdvm_buf out;
  if (text.length >= ((size_t)-1) / 4) {
    return luaL_error(L, "not enough memory");
  }
  out.capacity = times * text.length + 1;
  out.length = 0;
  out.bytes = lua_newuserdata(L, out.capacity);
  (void)convert(&out, text, flag); /* has room enough, so that it cannot fail or move */
  lua_pushlstring(L, out.bytes, out.length);
  return 1;
}

/* core.encode_uri(text [, keep_slash]) -> text with all but A-Z a-z 0-9 - . _ ~ as %XX */
static int stage_encode_uri(lua_State *L) {
  return convert_text(L, jdvm_encode_uri, 3);
}

/* core.decode_uri(text [, plus_is_space]) -> text; a "%" without two digits stays */
static int stage_decode_uri(lua_State *L) {
  return convert_text(L, jdvm_decode_uri, 1);
}

void jdvm_stages_register(lua_State *L, int core) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"canonical_request", stage_canonical_request},
                                       {"string_to_sign", stage_string_to_sign},
                                       {"signing_key", stage_signing_key},
                                       {"authorization", stage_authorization},
                                       {"encode_uri", stage_encode_uri},
                                       {"decode_uri", stage_decode_uri},
                                       {NULL, NULL}};
  jdvm_new_class(L, SCRATCH_CLASS, none, scratch_destroy);
  lua_pushvalue(L, core);
  jdvm_setfuncs(L, functions, 1);
}
