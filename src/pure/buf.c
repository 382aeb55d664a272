#include "buf.h"

#include <stdint.h>
#include <stdlib.h>

enum { SMALLEST_CAPACITY = 256 };

bool jdvm_buf_reserve(jdvm_buf *buf, size_t more) {
  size_t needed, capacity;
  char *bytes;
  if (more > SIZE_MAX / 2 - buf->length) {
    return false;
  }
  needed = buf->length + more;
  if (needed <= buf->capacity) {
    return true;
  }
  capacity = buf->capacity < SMALLEST_CAPACITY ? SMALLEST_CAPACITY : buf->capacity;
  while (capacity < needed) {
    capacity *= 2;
  }
  bytes = realloc(buf->bytes, capacity);
  if (bytes == NULL) {
    return false;
  }
  buf->bytes = bytes;
  buf->capacity = capacity;
  return true;
}

void jdvm_buf_free(jdvm_buf *buf) {
  free(buf->bytes);
  buf->bytes = NULL;
  buf->length = 0;
  buf->capacity = 0;
}
