#include "idset.h"

#include <stdlib.h>
#include <string.h>

enum { ID_LENGTH = 14, PREFIX_LENGTH = 4, FIRST_SIZE = 256 };

bool jdvm_id_key(const char *id, size_t length, uint64_t *key) {
  uint64_t value = 0;
  int i;
  if (length != ID_LENGTH || memcmp(id, "img-", PREFIX_LENGTH) != 0) {
    return false;
  }
  for (i = PREFIX_LENGTH; i < ID_LENGTH; i++) {
    char c = id[i];
    unsigned digit;
    if (c >= '0' && c <= '9') {
      digit = (unsigned)(c - '0');
    } else if (c >= 'a' && c <= 'z') {
      digit = (unsigned)(c - 'a') + 10;
    } else {
      return false;
    }
    value = value * 36 + digit;
  }
  *key = value;
  return true;
}

/* The slot of a key, or the free one where it belongs. There is always a free one. Multiplying by
** the golden ratio (Knuth 6.4) spreads keys that follow each other; where the slots are, which
** nobody outside knows, keeps a service from choosing many ids that meet. */
static size_t slot_of(const jdvm_idset *set, uint64_t key) {
  uint64_t mixed = (key ^ (uint64_t)(uintptr_t)set->slots) * UINT64_C(0x9E3779B97F4A7C15);
  size_t i = (size_t)(mixed >> 32 ^ mixed >> 48) & (set->size - 1);
  while (set->slots[i] != 0 && set->slots[i] != key + 1) {
    i = (i + 1) & (set->size - 1);
  }
  return i;
}

static bool grow(jdvm_idset *set) {
  jdvm_idset larger = {NULL, set->size > 0 ? set->size * 2 : FIRST_SIZE, set->used};
  size_t i;
  if (larger.size > SIZE_MAX / sizeof *larger.slots) {
    return false;
  }
  larger.slots = calloc(larger.size, sizeof *larger.slots);
  if (larger.slots == NULL) {
    return false;
  }
  for (i = 0; i < set->size; i++) {
    if (set->slots[i] != 0) {
      larger.slots[slot_of(&larger, set->slots[i] - 1)] = set->slots[i];
    }
  }
  free(set->slots);
  *set = larger;
  return true;
}

int jdvm_idset_add(jdvm_idset *set, uint64_t key) {
  size_t i;
  /* At most three quarters are in use. */
  if (set->used >= set->size - set->size / 4 && !grow(set)) {
    return -1;
  }
  i = slot_of(set, key);
  if (set->slots[i] != 0) {
    return 0;
  }
  set->slots[i] = key + 1;
  set->used++;
  return 1;
}

bool jdvm_idset_has(const jdvm_idset *set, uint64_t key) {
  return set->size > 0 && set->slots[slot_of(set, key)] != 0;
}

void jdvm_idset_free(jdvm_idset *set) {
  free(set->slots);
  memset(set, 0, sizeof *set);
}
