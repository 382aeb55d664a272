/* A set of image ids, as the numbers that stand for them: 11 to 22 bytes each, however many. Exact:
** two ids never share a number. A zero-filled jdvm_idset is a valid empty set. */
#ifndef JDVM_IDSET_H
#define JDVM_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* Keys are below this, so that a double holds them. */
#define JDVM_ID_KEYS (UINT64_C(1) << 53)

typedef struct jdvm_idset {
  uint64_t *slots; /* key + 1, or 0 for a free slot; the keys of a slot's neighbours follow it */
  size_t size;     /* number of slots, a power of two */
  size_t used;
} jdvm_idset;

/* The key of an id of the usual form, "img-" and ten of [0-9a-z]: they are the digits of a number
** to the base 36. False for an id of any other form. */
bool jdvm_id_key(const char *id, size_t length, uint64_t *key);

/* Adds a key below JDVM_ID_KEYS: 1 when it is new, 0 when it was there, -1 when memory is short
** (the set stays as it was). */
int jdvm_idset_add(jdvm_idset *set, uint64_t key);

bool jdvm_idset_has(const jdvm_idset *set, uint64_t key);

/* Gives the memory back; the set is empty and usable afterwards. */
void jdvm_idset_free(jdvm_idset *set);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
