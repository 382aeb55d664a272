/* The one shape in which C code below the bindings reports a failure: a fixed-size struct that
** the caller owns. Nothing here allocates, so an out-of-memory failure can be reported too. */
#ifndef JDVM_ERROR_H
#define JDVM_ERROR_H

#include <stdarg.h>
#include <stdio.h>

/* Each kind and its text. Lua sees that of a failed exchange (connect, tls, timeout, transport,
** cancelled) as `detail.kind`; of other failures it gets the message alone: it is raised for memory,
** crypto and argument, returned for decode. */
#define JDVM_KINDS(X)                                                                              \
  X(MEMORY, "memory")                                                                              \
  X(CRYPTO, "crypto")                                                                              \
  X(CONNECT, "connect")                                                                            \
  X(TLS, "tls")                                                                                    \
  X(TIMEOUT, "timeout")                                                                            \
  X(TRANSPORT, "transport")                                                                        \
  X(DECODE, "decode")                                                                              \
  X(CANCELLED, "cancelled")                                                                        \
  X(ARGUMENT, "argument")

typedef enum jdvm_kind {
  JDVM_NONE = 0,
#define X(name, text) JDVM_##name,
  JDVM_KINDS(X)
#undef X
} jdvm_kind;

typedef struct jdvm_error {
  jdvm_kind kind;
  char message[256]; /* one line, printable, never a secret */
} jdvm_error;

static inline const char *jdvm_kind_name(jdvm_kind kind) {
#define X(name, text) text,
  static const char *const names[] = {"none", JDVM_KINDS(X)};
#undef X
  return names[kind];
}

/* Fills *error (which may be NULL) and returns -1, so that `return jdvm_fail(...)` reads well. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4), unused))
#endif
static int
jdvm_fail(jdvm_error *error, jdvm_kind kind, const char *format, ...) {
  if (error != NULL) {
    va_list arguments;
    error->kind = kind;
    va_start(arguments, format);
    (void)vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
  }
  return -1;
}

static inline int jdvm_short_of_memory(jdvm_error *error) {
  return jdvm_fail(error, JDVM_MEMORY, "not enough memory");
}

#endif
