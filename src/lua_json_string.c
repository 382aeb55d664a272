#include "lua_json_parts.h"

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

/* Pushes a plain string; if `key` and its length allow, from the cache, or into it too. */
JDVM_INLINE void push_plain(jdvm_decoder *d, const unsigned char *bytes, size_t length,
                            jdvm_key *key) {
  jdvm_value *value;
  if (key->score <= 0 || length >= JDVM_VALUE_BYTES) {
    lua_pushlstring(d->L, (const char *)bytes, length);
    return;
  }
  value = &d->memory->values[jdvm_hash(bytes, length) & d->value_mask];
  key->value = value;
  if (value->length == length + 1 &&
      (d->json.end - bytes >= JDVM_VALUE_ROOM ? jdvm_value_matches(value, bytes)
                                              : memcmp(value->bytes, bytes, length) == 0)) {
    key->score += key->score < JDVM_SCORE_MOST;
    lua_pushvalue(d->L, value->slot);
    return;
  }
  key->score--;
  lua_pushlstring(d->L, (const char *)bytes, length);
  value->bytes = bytes;
  value->length = (uint32_t)length + 1;
  value->slot = d->value_slots + (int)(value - d->memory->values);
  jdvm_copy(d->L, -1, value->slot);
}

const unsigned char *jdvm_json_push_string(jdvm_decoder *d, const unsigned char *at,
                                           jdvm_key *key) {
  const unsigned char *stop = jdvm_scan_plain(at, d->json.end);
  jdvm_json_text text;
  if (stop < d->json.end && *stop == '"') {
    push_plain(d, at, (size_t)(stop - at), key);
    return stop + 1;
  }
  at = jdvm_json_string(&d->json, at, &text);
  if (at != NULL) {
    if (text.plain) {
      push_plain(d, text.bytes, text.length, key);
    } else {
      jdvm_json_push_text(d, &text);
    }
  }
  return at;
}
