#include "json_parts.h"

void jdvm_json_push_text(jdvm_decoder *d, const jdvm_json_text *text) {
  size_t room = jdvm_json_room(&d->json, text);
  char *value = d->memory->small;
  if (text->plain) {
    lua_pushlstring(d->L, (const char *)text->bytes, text->length);
    return;
  }
  if (room > JDVM_SMALL_STRING) {
    if (room > d->scratch_size) {
      (void)lua_newuserdata(d->L, room);
      lua_replace(d->L, d->scratch);
      d->scratch_size = room;
    }
    value = lua_touserdata(d->L, d->scratch);
  }
  lua_pushlstring(d->L, value, jdvm_json_unescape(text, value));
}

/* True if the cached string is that one, which ends with a quote. */
JDVM_INLINE bool is_value(const jdvm_decoder *d, const jdvm_value *value,
                          const unsigned char *bytes, size_t length) {
  return value->length == length + 1 &&
         (bytes < d->value_safe ? jdvm_value_matches(value, bytes)
                                : memcmp(value->bytes, bytes, length) == 0);
}

/* Pushes a plain string from the cache, or into it too; returns the position behind its quote. A
** string has two places to be in. It comes into the second and moves to the first when it is met
** again, so that those that come only once push out each other. */
static const unsigned char *push_cached(jdvm_decoder *d, const unsigned char *bytes, size_t length,
                                        jdvm_key *key) {
  jdvm_value *value = &d->memory->values[jdvm_hash(bytes, length) & d->value_mask];
  key->value = value;
  if (!is_value(d, value, bytes, length)) {
    jdvm_value found = value[1];
    if (!is_value(d, &found, bytes, length)) {
      key->score--;
      key->value = ++value;
      lua_pushlstring(d->L, (const char *)bytes, length);
      value->bytes = bytes;
      value->length = (uint32_t)length + 1;
      jdvm_copy(d->L, -1, value->slot);
      return bytes + length + 1;
    }
    value[1] = value[0];
    value[0] = found;
  }
  key->score += key->score < JDVM_SCORE_MOST;
  lua_pushvalue(d->L, value->slot);
  return bytes + length + 1;
}

/* Pushes a string that is not ASCII, or has escapes, or is malformed. */
static const unsigned char *push_rare(jdvm_decoder *d, const unsigned char *at, jdvm_key *key) {
  jdvm_json_text text;
  at = jdvm_json_string(&d->json, at, &text);
  if (at == NULL) {
    return NULL;
  }
  if (text.plain && key->score > 0 && text.length < JDVM_VALUE_BYTES) {
    return push_cached(d, text.bytes, text.length, key);
  }
  jdvm_json_push_text(d, &text);
  return at;
}

const unsigned char *jdvm_json_push_string(jdvm_decoder *d, const unsigned char *at,
                                           jdvm_key *key) {
  const unsigned char *stop = jdvm_scan_plain(at, d->json.end);
  if (stop == d->json.end || *stop != '"') {
    return push_rare(d, at, key);
  }
  if (key->score > 0 && stop - at < JDVM_VALUE_BYTES) {
    return push_cached(d, at, (size_t)(stop - at), key);
  }
  lua_pushlstring(d->L, (const char *)at, (size_t)(stop - at));
  return stop + 1;
}
