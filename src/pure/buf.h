/* A growable run of bytes. Appending never aborts: it reports failure, the buffer stays as it
** was. A zero-filled jdvm_buf is a valid empty buffer. */
#ifndef JDVM_BUF_H
#define JDVM_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "hidden.h"

typedef struct jdvm_buf {
  char *bytes;
  size_t length;
  size_t capacity;
} jdvm_buf;

/* Makes room for `more` further bytes. False when memory is short or the size would overflow. */
bool jdvm_buf_reserve(jdvm_buf *buf, size_t more);

/* Gives the memory back; the buffer is empty and usable afterwards. */
void jdvm_buf_free(jdvm_buf *buf);

/* Appends `length` bytes. False (and no change) when memory is short. */
static inline bool jdvm_buf_add(jdvm_buf *buf, const void *bytes, size_t length) {
  if (buf->capacity - buf->length < length && !jdvm_buf_reserve(buf, length)) {
    return false;
  }
  if (length > 0) {
    memcpy(buf->bytes + buf->length, bytes, length);
    buf->length += length;
  }
  return true;
}

static inline bool jdvm_buf_add_text(jdvm_buf *buf, const char *text) {
  return jdvm_buf_add(buf, text, strlen(text));
}

static inline bool jdvm_buf_add_char(jdvm_buf *buf, char c) {
  return jdvm_buf_add(buf, &c, 1);
}

#include "shown.h"

#endif
