#include "pairs.h"

#include <stdint.h>
#include <stdlib.h>

bool jdvm_pairs_add(jdvm_pairs *pairs, jdvm_text name, jdvm_text value) {
  jdvm_pair *pair;
  if (pairs->count == pairs->capacity) {
    size_t capacity = pairs->capacity == 0 ? 16 : 2 * pairs->capacity;
    jdvm_pair *items;
    if (capacity > SIZE_MAX / sizeof *items) {
      return false;
    }
    items = realloc(pairs->items, capacity * sizeof *items);
    if (items == NULL) {
      return false;
    }
    pairs->items = items;
    pairs->capacity = capacity;
  }
  pair = &pairs->items[pairs->count];
  pair->name = name;
  pair->value = value;
  pair->order = pairs->count++;
  return true;
}

void jdvm_pairs_free(jdvm_pairs *pairs) {
  free(pairs->items);
  pairs->items = NULL;
  pairs->count = 0;
  pairs->capacity = 0;
}
