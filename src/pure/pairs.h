/* Runs of bytes that belong to somebody else, and growable arrays of pairs of them. */
#ifndef JDVM_PAIRS_H
#define JDVM_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

typedef struct jdvm_text {
  const char *bytes;
  size_t length;
} jdvm_text;

/* A query parameter or a header. `order` is its place in the sequence it came in. */
typedef struct jdvm_pair {
  jdvm_text name;
  jdvm_text value;
  size_t order;
} jdvm_pair;

/* A growable array of pairs; zero-filled is valid and empty. */
typedef struct jdvm_pairs {
  jdvm_pair *items;
  size_t count;
  size_t capacity;
} jdvm_pairs;

bool jdvm_pairs_add(jdvm_pairs *pairs, jdvm_text name, jdvm_text value);
void jdvm_pairs_free(jdvm_pairs *pairs);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
