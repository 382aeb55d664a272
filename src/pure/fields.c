#include "fields.h"

const jdvm_field jdvm_field_whole = {NULL, 0, NULL, NULL, true, false, false};

size_t jdvm_fields_count(const char *path, size_t length) {
  size_t count = 1, i;
  bool empty = true;
  for (i = 0; i < length; i++) {
    if (path[i] != '.') {
      empty = false;
    } else if (empty) {
      return 0;
    } else {
      count++;
      empty = true;
    }
  }
  return empty ? 0 : count;
}

jdvm_field *jdvm_fields_open(jdvm_fields *fields, jdvm_field *pool) {
  fields->pool = pool;
  fields->used = 1;
  return pool;
}

jdvm_field *jdvm_fields_add(jdvm_fields *fields, jdvm_field *from, const char *path, size_t length,
                            bool others) {
  const char *end = path + length;
  while (path < end) {
    const char *dot = memchr(path, '.', (size_t)(end - path));
    size_t name_length = (size_t)((dot == NULL ? end : dot) - path);
    jdvm_field **place = &from->children;
    from->others = others;
    while (*place != NULL &&
           ((*place)->length != name_length || memcmp((*place)->name, path, name_length) != 0)) {
      place = &(*place)->next;
    }
    if (*place == NULL) {
      *place = &fields->pool[fields->used++];
      (*place)->name = path;
      (*place)->length = name_length;
    }
    from = *place;
    path += name_length + 1;
  }
  return from;
}
