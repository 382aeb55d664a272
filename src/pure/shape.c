#include "shape.h"

/* A chain longer than this is a collision of somebody's making: give up on the key. */
#define MAX_CHAIN 16

/* Makes a key that is in no bucket, and that no text matches yet. */
static jdvm_key *new_key(jdvm_shapes *shapes, jdvm_key *place) {
  jdvm_key *key = &shapes->keys[shapes->used];
  memset(key, 0, sizeof *key);
  key->index = (uint16_t)shapes->used++;
  key->wanted = 1;
  key->seen = JDVM_NOT_SEEN;
  key->place = place;
  key->next = key->first = key->others = JDVM_NOWHERE(shapes);
  return key;
}

void jdvm_shapes_reset(jdvm_shapes *shapes) {
  shapes->used = shapes->refused = 0;
  shapes->limit = JDVM_KEYS;
  memset(shapes->buckets, 0, sizeof shapes->buckets);
  (void)new_key(shapes, JDVM_NOWHERE(shapes));
  (void)new_key(shapes, JDVM_NOWHERE(shapes));
}

void jdvm_shapes_begin(jdvm_shapes *shapes, uint32_t room) {
  uint32_t i;
  shapes->limit = room < JDVM_KEYS ? room : JDVM_KEYS;
  for (i = 0; i < shapes->used; i++) {
    shapes->keys[i].seen = JDVM_NOT_SEEN;
  }
}

static uint32_t hash_key(const jdvm_key *place, const unsigned char *bytes, size_t length) {
  return jdvm_hash(bytes, length) + place->index * UINT32_C(0x9E3779B1);
}

static jdvm_key **bucket_of(jdvm_shapes *shapes, uint32_t hash) {
  return &shapes->buckets[(hash ^ hash >> 16) % JDVM_KEY_BUCKETS];
}

jdvm_key *jdvm_shapes_match(jdvm_shapes *shapes, const jdvm_key *place, const unsigned char *at) {
  /* A key that is remembered has no escapes, so the first quote ends it if it is one. */
  const unsigned char *quote = memchr(at + 1, '"', JDVM_KEY_BYTES - 2);
  if (quote != NULL) {
    uint32_t hash = hash_key(place, at + 1, (size_t)(quote - at - 1));
    jdvm_key *key;
    for (key = *bucket_of(shapes, hash); key != NULL; key = key->chain) {
      if (key->hash == hash && key->place == place && jdvm_key_matches(key, at)) {
        return key;
      }
    }
  }
  return NULL;
}

/* The key of these bytes in a place, a new one if there is none yet and `add` allows. */
static jdvm_key *look_up(jdvm_shapes *shapes, jdvm_key *place, const unsigned char *bytes,
                         size_t length, bool add) {
  uint32_t hash;
  jdvm_key **bucket, *key;
  int steps = 0;
  if (place == JDVM_NOWHERE(shapes) || length + 3 > JDVM_KEY_BYTES) {
    return NULL;
  }
  hash = hash_key(place, bytes, length);
  bucket = bucket_of(shapes, hash);
  for (key = *bucket; key != NULL; key = key->chain) {
    if (key->hash == hash && key->place == place && key->length == length + 3 &&
        memcmp(key->raw + 1, bytes, length) == 0) {
      return key;
    }
    steps++;
  }
  if (!add) {
    return NULL;
  }
  if (place->keys == JDVM_PLACE_KEYS || shapes->used >= shapes->limit || steps >= MAX_CHAIN) {
    shapes->refused++;
    return NULL;
  }
  place->keys++;
  key = new_key(shapes, place);
  key->raw[0] = '"';
  memcpy(key->raw + 1, bytes, length);
  key->raw[length + 1] = '"';
  key->raw[length + 2] = ':';
  key->length = (uint16_t)(length + 3);
  key->mask = key->wanted = (uint32_t)((UINT64_C(8) << length) - 1);
  key->hash = hash;
  key->chain = *bucket;
  *bucket = key;
  return key;
}

jdvm_key *jdvm_shapes_find(jdvm_shapes *shapes, jdvm_key *place, const unsigned char *bytes,
                           size_t length) {
  return look_up(shapes, place, bytes, length, false);
}

jdvm_key *jdvm_shapes_key(jdvm_shapes *shapes, jdvm_key *place, const unsigned char *bytes,
                          size_t length) {
  return look_up(shapes, place, bytes, length, true);
}

jdvm_key *jdvm_shapes_others(jdvm_shapes *shapes, jdvm_key *place) {
  if (place->others == JDVM_NOWHERE(shapes) && place != JDVM_NOWHERE(shapes) &&
      shapes->used < shapes->limit) {
    place->others = new_key(shapes, place);
  }
  return place->others;
}
