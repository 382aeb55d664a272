/* Which fields of a JSON text are wanted: a tree of names made from dotted paths. Arrays on the way
** count for nothing: a path goes through each of their elements. */
#ifndef JDVM_FIELDS_H
#define JDVM_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "hidden.h"

typedef struct jdvm_field {
  const char *name;
  size_t length;
  struct jdvm_field *children;
  struct jdvm_field *next; /* sibling */
  bool whole;              /* everything below is wanted */
  bool others;             /* of an object here, what is not among the children is wanted whole */
  bool item;               /* the wanted paths begin here: an object here is an item */
} jdvm_field;

/* A field of which everything is wanted. */
extern const jdvm_field jdvm_field_whole;

/* A pool of fields, of which the first is the text's own value. The caller provides the array: one
** for the root and one for each name of each path, at most; zero-filled. */
typedef struct jdvm_fields {
  jdvm_field *pool;
  size_t used;
} jdvm_fields;

/* The number of names in a dotted path, or 0 if one of them is empty. */
size_t jdvm_fields_count(const char *path, size_t length);

/* Begins a tree in `pool`; returns its root. */
jdvm_field *jdvm_fields_open(jdvm_fields *fields, jdvm_field *pool);

/* The field that `path` leads to from `from`; made if it is not there. The path stays the caller's.
** With `others`, objects on the way keep their other fields. */
jdvm_field *jdvm_fields_add(jdvm_fields *fields, jdvm_field *from, const char *path, size_t length,
                            bool others);

/* The child of that name, or NULL. */
static inline const jdvm_field *jdvm_field_child(const jdvm_field *field, const void *name,
                                                 size_t length) {
  const jdvm_field *child;
  for (child = field->children; child != NULL; child = child->next) {
    if (child->length == length && memcmp(child->name, name, length) == 0) {
      return child;
    }
  }
  return NULL;
}

#include "shown.h"

#endif
