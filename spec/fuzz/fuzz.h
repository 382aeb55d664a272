/* What the fuzz targets share. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program where a condition does not hold. */
#define MUST(condition) must((condition), #condition, __FILE__, __LINE__)

static inline void must(bool good, const char *text, const char *file, int line) {
  if (!good) {
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, text);
    abort();
  }
}

/* A copy of its exact size, so that the sanitizer sees a read behind it. */
static inline void *exact_copy(const void *bytes, size_t length) {
  void *copy = malloc(length > 0 ? length : 1);
  MUST(copy != NULL);
  if (length > 0) {
    memcpy(copy, bytes, length);
  }
  return copy;
}

#endif
