/* Nonces: version 4 UUIDs from a pool of random bytes. A call to the system's generator for each
** nonce would cost several times the signature itself; a pool must not be shared by the two sides
** of a fork, or both would send the same nonces and the service would refuse one of them. */
#ifndef JDVM_RANDOM_H
#define JDVM_RANDOM_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

enum { JDVM_UUID_LENGTH = 36 };

typedef struct jdvm_random {
  unsigned char *page; /* own mapping; a fork's child sees it zero-filled where the kernel can */
  size_t size;
  bool wiped_on_fork;
  pid_t owner; /* asked for at every nonce, only where the kernel cannot wipe */
} jdvm_random;

/* Writes a fresh UUID, e.g. "1b4e28ba-2fa1-41d2-883f-0016d3cca427", without terminator. The pool is
** made on first use. */
int jdvm_random_uuid(jdvm_random *random, char uuid[JDVM_UUID_LENGTH], jdvm_error *error);

void jdvm_random_close(jdvm_random *random);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
