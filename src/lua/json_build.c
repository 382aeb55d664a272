#include "json_parts.h"

/* Makes room for a table and what of it waits. The caller pushes what holds the table's place. */
JDVM_INLINE void open_frame(jdvm_decoder *d, jdvm_frame *f) {
  f->base = lua_gettop(d->L) + 1;
  f->batch = f->base < JDVM_CROWDED ? d->batch : JDVM_SMALL_BATCH;
  if (f->base + d->level_slots - 1 > d->ceiling) {
    luaL_checkstack(d->L, d->level_slots, "JSON is nested too deeply");
    d->ceiling = f->base + d->level_slots - 1;
  }
}

/* Pushes the string behind the quote at `at`, where there are JDVM_VALUE_ROOM bytes: most often it
** is the last one of the same key. */
JDVM_INLINE const unsigned char *push_string(jdvm_decoder *d, const unsigned char *at,
                                             jdvm_key *key) {
  if (key->score > 0) {
    const jdvm_value *value = key->value;
    if (jdvm_value_matches(value, at)) {
      lua_pushvalue(d->L, value->slot);
      return at + value->length;
    }
  }
  return jdvm_json_push_string(d, at, key);
}

/* Pushes the scalar at `at`, where there are JDVM_VALUE_ROOM bytes. */
JDVM_INLINE const unsigned char *push_scalar(jdvm_decoder *d, const unsigned char *at) {
  if (*at >= '1' && *at <= '9') {
    const unsigned char *digits = at;
    int32_t value = 0;
    do {
      value = value * 10 + (*at++ - '0');
    } while ((unsigned)(*at - '0') <= 9 && at - digits < 9);
    if ((unsigned)(*at - '0') > 9 && *at != '.' && (*at | 0x20) != 'e') {
      jdvm_push_integer(d->L, value);
      return at;
    }
    at = digits;
  } else if (memcmp(at, "true", 4) == 0) {
    lua_pushboolean(d->L, 1);
    return at + 4;
  } else if (memcmp(at, "fals", 4) == 0 && at[4] == 'e') {
    lua_pushboolean(d->L, 0);
    return at + 5;
  }
  return jdvm_json_push_scalar(d, at, JDVM_WANT_VALUE);
}

/* The object whose keys and values wait on the stack, exactly as large as they need. No key is
** among them twice, so their order does not matter. */
static void close_pairs(jdvm_decoder *d, int base, int count) {
  lua_State *L = d->L;
  lua_createtable(L, 0, count);
  lua_replace(L, base);
  while (count-- > 0) {
    lua_rawset(L, base);
  }
}

static void close_elements(jdvm_decoder *d, int base, int count) {
  lua_State *L = d->L;
  lua_createtable(L, count, 0);
  lua_replace(L, base);
  for (; count > 0; count--) {
    lua_rawseti(L, base, count);
  }
}

/* Reads the key at `at`, which was not guessed, and its colon. When the key cannot be remembered
** *key is NULL and the position is still the key's. */
static const unsigned char *read_key(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                     const char *expected, jdvm_key **key) {
  jdvm_shapes *shapes = &d->memory->shapes;
  const unsigned char *begin = at;
  uint32_t used = shapes->used;
  jdvm_json_text text;
  *key = NULL;
  if (at == d->json.end || *at != '"') {
    return jdvm_json_fail(&d->json, at, expected);
  }
  at = jdvm_json_string(&d->json, at + 1, &text);
  if (at == NULL) {
    return NULL;
  }
  if (text.plain) {
    *key = jdvm_shapes_key(shapes, place, text.bytes, text.length);
  }
  if (*key == NULL) {
    return begin;
  }
  if (shapes->used > used) {
    lua_pushlstring(d->L, (const char *)text.bytes, text.length);
    lua_rawseti(d->L, d->home, 1 + (*key)->index);
    (*key)->score = 1;
  }
  return jdvm_json_colon(d, at);
}

static const unsigned char *build_object(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                         int levels);
static const unsigned char *build_array(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                        const jdvm_field *wanted, int levels);

/* Reads an object; `at` is behind its brace. Its fields wait on the stack above a place for the
** table: key and value each, or the values alone behind the function that will make it. LuaJIT, for
** which there are such functions, also has the keys in memory->pending. If there is a reason not to
** wait (a key twice, a key that cannot be remembered, too many fields), the rest is left to the
** plain reader. Expanded once for each kind of Lua. */
JDVM_INLINE const unsigned char *read_object(jdvm_decoder *d, const unsigned char *at,
                                             jdvm_key *place, int levels, const bool luajit) {
  const unsigned char *begin;
  const uint32_t object = ++d->objects, pending = d->pending;
  uint16_t *keys = d->memory->pending + pending;
  jdvm_key **link = &place->first;
  int count = 0;
  bool last = false, by_function = false;
  jdvm_frame f;
  open_frame(d, &f);
  if (luajit) {
    if (JDVM_PENDING - pending < JDVM_BATCH) {
      f.batch = 0;
    }
    by_function = jdvm_json_open_object(d, place);
  } else {
    lua_pushnil(d->L);
  }
  if (at == d->json.end || *at <= ' ') {
    at = jdvm_json_space(&d->json, at);
  }
  if (at < d->json.end && *at == '}') {
    close_pairs(d, f.base, 0);
    return at + 1;
  }
  for (;;) {
    jdvm_key *key = *link;
    begin = at;
    if (at < d->safe && jdvm_key_matches(key, at)) {
      at += key->length;
    } else if (at < d->safe && jdvm_key_matches(key->next, at)) {
      key = key->next;
      at += key->length;
    } else if (at < d->safe && *at == '"' &&
               (key = jdvm_shapes_match(&d->memory->shapes, place, at)) != NULL) {
      *link = key;
      at += key->length;
    } else {
      at = read_key(d, at, place, link == &place->first ? JDVM_WANT_FIELD : JDVM_WANT_KEY, &key);
      if (at == NULL) {
        return NULL;
      }
      if (key == NULL) {
        break;
      }
      *link = key;
      if (at == d->json.end) {
        return jdvm_json_fail(&d->json, at, JDVM_WANT_VALUE);
      }
    }
    if (key->seen >= object) {
      if (key->seen == object) {
        break;
      }
      jdvm_json_renew_key(d, key);
    }
    if (count == f.batch) {
      break;
    }
    key->seen = object;
    link = &key->next;
    if (*at <= ' ') {
      at = jdvm_json_space(&d->json, at);
      if (at == d->json.end) {
        return jdvm_json_fail(&d->json, at, JDVM_WANT_VALUE);
      }
    }
    if (*at == 'n' && !d->options->keep_null) {
      at = jdvm_json_word(&d->json, at, "null");
    } else {
      if (luajit) {
        keys[count] = key->index;
      }
      if (!by_function) {
        lua_pushvalue(d->L, key->slot);
      }
      count++;
      if (at >= d->value_safe) {
        d->pending = pending + (uint32_t)count;
        at = jdvm_json_build(d, at, key, NULL, levels, JDVM_WANT_VALUE);
      } else if (*at == '"') {
        at = push_string(d, at + 1, key);
      } else if (*at == '{' || *at == '[') {
        d->pending = pending + (uint32_t)count;
        if (levels == 0) {
          return jdvm_json_fail(&d->json, at, JDVM_WANT_SHALLOW);
        }
        at = *at == '{' ? build_object(d, at + 1, key, levels - 1)
                        : build_array(d, at + 1, key, NULL, levels - 1);
      } else {
        at = push_scalar(d, at);
      }
    }
    if (at == NULL) {
      return NULL;
    }
    at = jdvm_json_comma(d, at, '}', JDVM_WANT_FIELD_END, &last);
    if (at == NULL) {
      return NULL;
    }
    if (last) {
      break;
    }
  }
  d->pending = pending;
  if (luajit && by_function) { /* `luajit` too: other Luas lack what is called here */
    jdvm_json_construct(d, place, f.base, keys, count);
  } else {
    if (luajit) {
      jdvm_json_meet_shape(d, place, keys, count);
    }
    close_pairs(d, f.base, count);
  }
  return last ? at
              : jdvm_json_plain_fields(d, begin, place, NULL, levels,
                                       link == &place->first ? JDVM_WANT_FIELD : JDVM_WANT_KEY);
}

#if JDVM_MAY_BE_LUAJIT
static const unsigned char *build_object_luajit(jdvm_decoder *d, const unsigned char *at,
                                                jdvm_key *place, int levels) {
  return read_object(d, at, place, levels, true);
}
#endif

static const unsigned char *build_object(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                         int levels) {
#if JDVM_MAY_BE_LUAJIT
  if (d->memory->is_luajit) {
    return build_object_luajit(d, at, place, levels);
  }
#endif
  return read_object(d, at, place, levels, false);
}

/* Gives the table on top of the stack the metatable that marks empty arrays. */
static void mark_array(jdvm_decoder *d) {
  lua_State *L = d->L;
  if (d->options->no_array_mt) {
    return;
  }
  if (lua_isnil(L, d->array_mt)) {
    if (d->options->array_mt != 0) {
      lua_pushvalue(L, d->options->array_mt);
    } else {
      lua_getfield(L, LUA_REGISTRYINDEX, JDVM_ARRAY_MT);
    }
    lua_replace(L, d->array_mt);
  }
  lua_pushvalue(L, d->array_mt);
  lua_setmetatable(L, -2);
}

/* Reads an array; `at` is behind its bracket. Its elements wait on the stack, as far as there is
** room; of what is wanted, each gets the same. */
static const unsigned char *build_array(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                        const jdvm_field *wanted, int levels) {
  lua_State *L = d->L;
  const char *expected = JDVM_WANT_ELEMENT;
  int count = 0;
  bool last = false, direct = false;
  jdvm_frame f;
  open_frame(d, &f);
  lua_pushnil(L);
  at = jdvm_json_space(&d->json, at);
  if (at < d->json.end && *at == ']') {
    close_elements(d, f.base, 0);
    mark_array(d);
    return at + 1;
  }
  do {
    at = jdvm_json_build(d, at, place, wanted, levels, expected);
    if (at == NULL) {
      return NULL;
    }
    count++;
    if (direct) {
      lua_rawseti(L, f.base, count);
    } else if (count == 2 * f.batch) {
      close_elements(d, f.base, count);
      direct = true;
    }
    expected = JDVM_WANT_VALUE;
    at = jdvm_json_comma(d, at, ']', JDVM_WANT_ELEMENT_END, &last);
    if (at == NULL) {
      return NULL;
    }
  } while (!last);
  if (!direct) {
    close_elements(d, f.base, count);
  }
  return at;
}

/* Reads the object at `at` of which only some fields are wanted. An item also gets its own text, if
** that was asked for: whatever the text held of that name gives way. */
static const unsigned char *build_wanted(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                         const jdvm_field *wanted, int levels) {
  lua_State *L = d->L;
  const unsigned char *begin = at;
  at = jdvm_json_space(&d->json, at + 1);
  luaL_checkstack(L, LUA_MINSTACK, "JSON is nested too deeply");
  lua_newtable(L);
  if (at < d->json.end && *at == '}') {
    at++;
  } else {
    at = jdvm_json_plain_fields(d, at, place, wanted, levels, JDVM_WANT_FIELD);
  }
  if (at != NULL && wanted->item && d->options->source != 0) {
    lua_pushvalue(L, d->options->source);
    lua_pushlstring(L, (const char *)begin, (size_t)(at - begin));
    lua_rawset(L, -3);
  }
  return at;
}

const unsigned char *jdvm_json_build(jdvm_decoder *d, const unsigned char *at, jdvm_key *place,
                                     const jdvm_field *wanted, int levels, const char *expected) {
  const unsigned char *end = d->json.end;
  if (at == end) {
    return jdvm_json_fail(&d->json, at, expected);
  }
  if (*at == '"') {
    at++;
    return end - at >= JDVM_VALUE_ROOM ? push_string(d, at, place)
                                       : jdvm_json_push_string(d, at, place);
  }
  if (*at != '{' && *at != '[') {
    return jdvm_json_push_scalar(d, at, expected);
  }
  if (levels == 0) {
    return jdvm_json_fail(&d->json, at, JDVM_WANT_SHALLOW);
  }
  if (*at == '[') {
    return build_array(d, at + 1, place, wanted, levels - 1);
  }
  if (wanted == NULL) {
    return build_object(d, at + 1, place, levels - 1);
  }
  return build_wanted(d, at, place, wanted, levels - 1);
}
