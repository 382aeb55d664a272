#include "json.h"

/* Elements of an array wait on the stack until their number is known: up to so many, and near the end
** of what a C function may have of the stack (8000 slots in 5.1) only a few. Of an object the fields
** wait whose keys are remembered, key and value each: JDVM_PLACE_KEYS at most, and of all objects that
** are open JDVM_KEYS. */
#define WAITING 128
#define FEW_WAITING 4
#define CROWDED 3000

#define SMALL_STRING 512 /* strings with escapes up to this are made in place */

/* --- values without parts ------------------------------------------------------------------ */

/* Pushes a string that jdvm_json_string() has read. */
static void push_text(jdvm_decoder *d, const jdvm_json_text *text) {
  char small[SMALL_STRING], *value = small;
  size_t room = jdvm_json_room(&d->json, text);
  if (text->plain) {
    lua_pushlstring(d->L, (const char *)text->bytes, text->length);
    return;
  }
  if (room > sizeof small) {
    if (room > d->scratch_size) {
      (void)lua_newuserdata(d->L, room);
      lua_replace(d->L, d->scratch);
      d->scratch_size = room;
    }
    value = lua_touserdata(d->L, d->scratch);
  }
  lua_pushlstring(d->L, value, jdvm_json_unescape(text, value));
}

/* Pushes the string behind the quote before `at`. */
static const unsigned char *build_string(jdvm_decoder *d, const unsigned char *at) {
  const unsigned char *stop = jdvm_scan_plain(at, d->json.end);
  jdvm_json_text text;
  if (stop < d->json.end && *stop == '"') {
    lua_pushlstring(d->L, (const char *)at, (size_t)(stop - at));
    return stop + 1;
  }
  at = jdvm_json_string(&d->json, at, &text);
  if (at != NULL) {
    push_text(d, &text);
  }
  return at;
}

static const unsigned char *build_number(jdvm_decoder *d, const unsigned char *at) {
  jdvm_number number;
  const unsigned char *end = jdvm_json_number(&d->json, at, &number);
  if (end == NULL) {
    return NULL;
  }
  if (number.kind == JDVM_REAL) {
    lua_pushnumber(d->L, (lua_Number)number.real);
  } else if (number.kind == JDVM_INTEGER && jdvm_fits_integer(number.integer)) {
    jdvm_push_integer(d->L, number.integer);
  } else {
    lua_pushlstring(d->L, (const char *)at, (size_t)(end - at));
  }
  return end;
}

/* --- objects and arrays -------------------------------------------------------------------- */

/* The position of what follows the comma that must come next, or behind the `close` that may; that
** it was the latter shows in *last. */
static const unsigned char *read_comma(jdvm_decoder *d, const unsigned char *at,
                                       unsigned char close, const char *expected, bool *last) {
  at = jdvm_json_space(&d->json, at);
  if (at == d->json.end || (*at != ',' && *at != close)) {
    return jdvm_json_fail(&d->json, at, expected);
  }
  *last = *at == close;
  return *last ? at + 1 : jdvm_json_space(&d->json, at + 1);
}

/* Makes room on the stack for a table and what of it waits, and puts nil in the table's place; returns
** the stack index of that. */
static int open_table(lua_State *L, int waiting) {
  luaL_checkstack(L, waiting + LUA_MINSTACK, "JSON is nested too deeply");
  lua_pushnil(L);
  return lua_gettop(L);
}

/* The object whose keys and values wait, exactly as large as they need. No key is among them twice,
** so their order does not matter. */
static void close_object(lua_State *L, int base, int count) {
  lua_createtable(L, 0, count);
  lua_replace(L, base);
  while (count-- > 0) {
    lua_rawset(L, base);
  }
}

static void close_array(lua_State *L, int base, int count) {
  lua_createtable(L, count, 0);
  lua_replace(L, base);
  for (; count > 0; count--) {
    lua_rawseti(L, base, count);
  }
}

/* The key that stands at `at`, with its colon, if it can be told by comparing: most often it is the
** one that came there last time. */
JDVM_INLINE jdvm_key *guess_key(const jdvm_decoder *d, const unsigned char *at,
                                const jdvm_key *place, jdvm_key *guess) {
  if (at >= d->safe) {
    return NULL;
  }
  if (jdvm_key_matches(guess, at)) {
    return guess;
  }
  if (jdvm_key_matches(guess->next, at)) {
    return guess->next;
  }
  return *at == '"' ? jdvm_shapes_match(d->shapes, place, at) : NULL;
}

/* Reads the key at `at` and its colon. *key is NULL if it is not remembered, or not looked for: of an
** object whose fields no longer wait nothing is gained by it, and a map may have thousands of keys. */
static const unsigned char *read_key(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                     bool look, const char *expected, jdvm_json_text *text,
                                     jdvm_key **key) {
  uint32_t used = d->shapes->used;
  *key = NULL;
  if (at == d->json.end || *at != '"') {
    return jdvm_json_fail(&d->json, at, expected);
  }
  at = jdvm_json_string(&d->json, at + 1, text);
  if (at == NULL) {
    return NULL;
  }
  if (look && text->plain) {
    *key = jdvm_shapes_key(d->shapes, place, text->bytes, text->length);
  }
  if (d->shapes->used > used) {
    lua_pushlstring(d->L, (const char *)text->bytes, text->length);
    lua_rawseti(d->L, d->home, 1 + (*key)->index);
  }
  at = jdvm_json_space(&d->json, at);
  return at < d->json.end && *at == ':' ? at + 1 : jdvm_json_fail(&d->json, at, JDVM_WANT_COLON);
}

/* What is wanted of the field whose key is on top of the stack; NULL: nothing. */
static const jdvm_field *choose(lua_State *L, const jdvm_field *wanted) {
  size_t length;
  const char *name = lua_tolstring(L, -1, &length);
  const jdvm_field *below = jdvm_field_child(wanted, name, length);
  return below == NULL && wanted->others ? &jdvm_field_whole : below;
}

/* Reads an object; `at` is behind its brace. Its fields wait on the stack. When there is a reason not
** to wait (a key that comes twice or is not remembered), those that wait go into a table, and the
** others are set as they come. */
static const unsigned char *build_object(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                         const jdvm_field *wanted, int levels) {
  lua_State *L = d->L;
  const unsigned char *begin = at - 1;
  const uint64_t object = ++d->shapes->objects;
  jdvm_key **link = &place->first; /* where the key that comes next is remembered */
  const char *expected = JDVM_WANT_FIELD;
  int base = open_table(L, 2 * JDVM_PLACE_KEYS), count = 0;
  bool waits = true, last = false;
  at = jdvm_json_space(&d->json, at);
  if (at < d->json.end && *at == '}') {
    last = true;
    at++;
  }
  while (!last) {
    const jdvm_field *below = NULL;
    jdvm_json_text text;
    jdvm_key *key = waits ? guess_key(d, at, place, *link) : NULL;
    if (key != NULL) {
      at += key->length;
    } else {
      at = read_key(d, at, place, waits, expected, &text, &key);
      if (at == NULL) {
        return NULL;
      }
    }
    if (waits && (key == NULL || key->seen == object)) {
      close_object(L, base, count);
      waits = false;
    }
    if (key != NULL) {
      lua_rawgeti(L, d->home, 1 + key->index);
      key->seen = object;
      *link = key;
      link = &key->next;
    } else {
      push_text(d, &text);
      key = jdvm_shapes_others(d->shapes, place);
    }
    at = jdvm_json_space(&d->json, at);
    if (wanted != NULL && (below = choose(L, wanted)) == NULL) {
      lua_pop(L, 1);
      at = jdvm_json_skip(&d->json, at, levels);
    } else if (at < d->json.end && *at == 'n' && !d->options->keep_null) {
      at = jdvm_json_word(&d->json, at, "null");
      if (waits) {
        lua_pop(L, 1);
      } else { /* it may have had another value */
        lua_pushnil(L);
        lua_rawset(L, base);
      }
    } else {
      at = jdvm_json_build(d, at, key, below != NULL && below->whole ? NULL : below, levels,
                           JDVM_WANT_VALUE);
      if (waits) {
        count++;
      } else if (at != NULL) {
        lua_rawset(L, base);
      }
    }
    if (at == NULL || (at = read_comma(d, at, '}', JDVM_WANT_FIELD_END, &last)) == NULL) {
      return NULL;
    }
    expected = JDVM_WANT_KEY;
  }
  if (waits) {
    close_object(L, base, count);
  }
  if (wanted != NULL && wanted->item && d->options->source != 0) {
    /* Whatever the text held of that name gives way. */
    lua_pushvalue(L, d->options->source);
    lua_pushlstring(L, (const char *)begin, (size_t)(at - begin));
    lua_rawset(L, base);
  }
  return at;
}

/* Reads an array; `at` is behind its bracket. Its elements wait on the stack, as far as there is
** room; of what is wanted, each gets the same. */
static const unsigned char *build_array(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                        const jdvm_field *wanted, int levels) {
  lua_State *L = d->L;
  const char *expected = JDVM_WANT_ELEMENT;
  const int most = lua_gettop(L) < CROWDED ? WAITING : FEW_WAITING;
  int base = open_table(L, most), count = 0;
  bool waits = true, last = false;
  at = jdvm_json_space(&d->json, at);
  if (at < d->json.end && *at == ']') {
    close_array(L, base, 0);
    lua_pushvalue(L, d->array_mt);
    lua_setmetatable(L, base);
    return at + 1;
  }
  while (!last) {
    at = jdvm_json_build(d, at, place, wanted, levels, expected);
    if (at == NULL) {
      return NULL;
    }
    count++;
    if (!waits) {
      lua_rawseti(L, base, count);
    } else if (count == most) {
      close_array(L, base, count);
      waits = false;
    }
    expected = JDVM_WANT_VALUE;
    at = read_comma(d, at, ']', JDVM_WANT_ELEMENT_END, &last);
    if (at == NULL) {
      return NULL;
    }
  }
  if (waits) {
    close_array(L, base, count);
  }
  return at;
}

const unsigned char *jdvm_json_build(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                     const jdvm_field *wanted, int levels, const char *expected) {
  if (at == d->json.end) {
    return jdvm_json_fail(&d->json, at, expected);
  }
  switch (*at) {
  case '"':
    return build_string(d, at + 1);
  case '{':
  case '[':
    if (levels == 0) {
      return jdvm_json_fail(&d->json, at, JDVM_WANT_SHALLOW);
    }
    return *at == '{' ? build_object(d, at + 1, place, wanted, levels - 1)
                      : build_array(d, at + 1, place, wanted, levels - 1);
  case 't':
    lua_pushboolean(d->L, 1);
    return jdvm_json_word(&d->json, at, "true");
  case 'f':
    lua_pushboolean(d->L, 0);
    return jdvm_json_word(&d->json, at, "false");
  case 'n':
    lua_pushlightuserdata(d->L, NULL);
    return jdvm_json_word(&d->json, at, "null");
  default:
    if (*at != '-' && (*at < '0' || *at > '9')) {
      return jdvm_json_fail(&d->json, at, expected);
    }
    return build_number(d, at);
  }
}
