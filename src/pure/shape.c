#include "shape.h"

/* A chain longer than this is a collision of somebody's making: give up on the key. */
#define MAX_CHAIN 16

/* Makes a key that is in no bucket, and that no text matches yet. */
static jdvm_key *new_key(jdvm_shapes *shapes, jdvm_key *place) {
  jdvm_key *key = &shapes->keys[shapes->used];
  memset(key, 0, sizeof *key);
  key->index = (uint16_t)shapes->used++;
  key->wanted = 1;
  key->place = place;
  key->next = key->first = key->others = JDVM_NOWHERE(shapes);
  return key;
}

void jdvm_shapes_reset(jdvm_shapes *shapes) {
  shapes->used = shapes->refused = 0;
  shapes->objects = 0;
  memset(shapes->buckets, 0, sizeof shapes->buckets);
  (void)new_key(shapes, JDVM_NOWHERE(shapes));
  (void)new_key(shapes, JDVM_NOWHERE(shapes));
}

/* A hash of some bytes: of their number, their beginning and their end. Strings that differ only in
** between collide; whoever uses it must do well enough when all do. */
static uint32_t hash_bytes(const unsigned char *bytes, size_t length) {
  uint64_t head, tail;
  if (length >= 8) {
    memcpy(&head, bytes, 8);
    memcpy(&tail, bytes + length - 8, 8);
  } else if (length >= 4) {
    uint32_t half;
    memcpy(&half, bytes, 4);
    head = half;
    memcpy(&half, bytes + length - 4, 4);
    tail = half;
  } else if (length > 0) {
    head = (uint64_t)bytes[0] | (uint64_t)bytes[length / 2] << 8;
    tail = bytes[length - 1];
  } else {
    head = tail = 0;
  }
  head = (head ^ length) * UINT64_C(0x9E3779B97F4A7C15) ^ tail;
  head = (head ^ head >> 32) * UINT64_C(0xC2B2AE3D27D4EB4F);
  return (uint32_t)(head >> 32);
}

static uint32_t hash_key(const jdvm_key *place, const unsigned char *bytes, size_t length) {
  return hash_bytes(bytes, length) + place->index * UINT32_C(0x9E3779B1);
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

jdvm_key *jdvm_shapes_key(jdvm_shapes *shapes, jdvm_key *place, const unsigned char *bytes,
                          size_t length) {
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
  if (place->keys == JDVM_PLACE_KEYS || shapes->used >= JDVM_KEYS || steps >= MAX_CHAIN) {
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

jdvm_key *jdvm_shapes_others(jdvm_shapes *shapes, jdvm_key *place) {
  if (place->others == JDVM_NOWHERE(shapes) && place != JDVM_NOWHERE(shapes) &&
      shapes->used < JDVM_KEYS) {
    place->others = new_key(shapes, place);
  }
  return place->others;
}
