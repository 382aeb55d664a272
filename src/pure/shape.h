/* What the objects of a JSON text have looked like so far, to guess what comes next. Objects in the
** same place (below the same keys) mostly have the same keys in the same order, so one comparison
** can take the place of reading a key and looking it up. A guess is always compared with the text
** and never trusted; memory is bounded, and what does not fit is merely not guessed. */
#ifndef JDVM_SHAPE_H
#define JDVM_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "scan.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

#define JDVM_KEY_BYTES 32     /* longer keys are not remembered; with quotes and colon */
#define JDVM_KEYS 512         /* keys remembered, each in each place */
#define JDVM_PLACE_KEYS 64    /* of them in one place: what has more is a map, not a record */
#define JDVM_KEY_BUCKETS 1024 /* a power of two */

/* A key in a place, that is, below another key. */
typedef struct jdvm_key {
  unsigned char raw[JDVM_KEY_BYTES]; /* the key, its quotes and a colon, as in the text */
  uint32_t mask;                     /* one bit for each of these bytes */
  uint32_t wanted;                   /* the same; of a key that is no key, what nothing yields */
  uint32_t hash;
  uint16_t length;         /* of all three */
  uint16_t index;          /* of this key in jdvm_shapes.keys */
  struct jdvm_key *next;   /* the key that followed it last */
  struct jdvm_key *first;  /* the first key of the last object below it */
  struct jdvm_key *place;  /* the key below which it is */
  struct jdvm_key *others; /* the place of what is below it under keys that are not remembered */
  struct jdvm_key *chain;  /* the next key in its bucket */
  uint32_t keys;           /* the number of keys remembered below it */

  /* For the decoder that uses the guess: */
  uint32_t seen; /* the last object with this key, by a count of a text's objects from 0 */
  int32_t slot;  /* where its string is at hand */
  int32_t score; /* whether looking for its values among the cached ones pays; above 0: yes */
  struct jdvm_value *value;             /* its last cached value */
  struct jdvm_constructor *constructor; /* what made the last object below it */
} jdvm_key;

#define JDVM_NOT_SEEN UINT32_MAX

/* No key: what follows a key whose follower is not known, and the place where nothing is
** remembered. */
#define JDVM_NOWHERE(shapes) (&(shapes)->keys[0])

/* The place of the text's own value. */
#define JDVM_TOP(shapes) (&(shapes)->keys[1])

/* Holds pointers into itself: it must not be moved. */
typedef struct jdvm_shapes {
  uint32_t used;    /* keys */
  uint32_t limit;   /* keys that there is room for; at most JDVM_KEYS */
  uint32_t refused; /* times that a key could not be remembered */
  jdvm_key *buckets[JDVM_KEY_BUCKETS];
  jdvm_key keys[JDVM_KEYS];
} jdvm_shapes;

/* Forgets everything; also how the memory for it becomes valid. */
void jdvm_shapes_reset(jdvm_shapes *shapes);

/* Begins another text: no key has been seen. `room` keys may be remembered, or what there are. */
void jdvm_shapes_begin(jdvm_shapes *shapes, uint32_t room);

/* The key of these bytes in a place; a new one is remembered. NULL if there is no room for it. */
jdvm_key *jdvm_shapes_key(jdvm_shapes *shapes, jdvm_key *place, const unsigned char *bytes,
                          size_t length);

/* The same, but nothing new is remembered. */
jdvm_key *jdvm_shapes_find(jdvm_shapes *shapes, jdvm_key *place, const unsigned char *bytes,
                           size_t length);

/* The key of a place that stands at `at` in its quotes and with a colon; there are JDVM_KEY_BYTES
** bytes. NULL: what stands there must be read to know what it is. */
jdvm_key *jdvm_shapes_match(jdvm_shapes *shapes, const jdvm_key *place, const unsigned char *at);

/* The place of values whose own key is not remembered in `place`. */
jdvm_key *jdvm_shapes_others(jdvm_shapes *shapes, jdvm_key *place);

/* True if `key` in its quotes and a colon stand at `at`, where there are JDVM_KEY_BYTES bytes. */
JDVM_INLINE bool jdvm_key_matches(const jdvm_key *key, const unsigned char *at) {
#if defined(JDVM_SCAN_SSE2)
  {
    __m128i low = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)at),
                                 _mm_loadu_si128((const __m128i *)(const void *)key->raw));
    __m128i high = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)(at + 16)),
                                  _mm_loadu_si128((const __m128i *)(const void *)(key->raw + 16)));
    uint32_t same = (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
    return (same & key->mask) == key->wanted;
  }
#else
  return key->mask == key->wanted && memcmp(at, key->raw, key->length) == 0;
#endif
}

/* A hash of some bytes: of their number, their beginning and their end. Strings that differ only in
** between collide; whoever uses it must do well enough when all do. */
static inline uint32_t jdvm_hash(const unsigned char *bytes, size_t length) {
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

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
