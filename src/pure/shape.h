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

#include "hidden.h"

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
  uint64_t seen;           /* the last object with this key, by its number */
} jdvm_key;

/* No key: what follows a key whose follower is not known, and the place where nothing is
** remembered. */
#define JDVM_NOWHERE(shapes) (&(shapes)->keys[0])

/* The place of the text's own value. */
#define JDVM_TOP(shapes) (&(shapes)->keys[1])

/* Holds pointers into itself: it must not be moved. */
typedef struct jdvm_shapes {
  uint32_t used;    /* keys */
  uint32_t refused; /* times that a key could not be remembered */
  uint64_t objects; /* read so far, in all texts: they have numbers from 1 */
  jdvm_key *buckets[JDVM_KEY_BUCKETS];
  jdvm_key keys[JDVM_KEYS];
} jdvm_shapes;

/* Forgets everything; also how the memory for it becomes valid. */
void jdvm_shapes_reset(jdvm_shapes *shapes);

/* The key of these bytes in a place. NULL if it is not remembered and there is no room for it. */
jdvm_key *jdvm_shapes_key(jdvm_shapes *shapes, jdvm_key *place, const unsigned char *bytes,
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

#include "shown.h"

#endif
