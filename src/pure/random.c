/* madvise and MAP_ANONYMOUS are not in C99 or POSIX. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#ifndef _DARWIN_C_SOURCE
#define _DARWIN_C_SOURCE
#endif

#include "random.h"
#include "crypto.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

enum { UUID_BYTES = 16, POOL_SIZE = 4096 };

/* The number of unused bytes stands in the page itself, in its first bytes: a page that the kernel
** wiped for a fork's child thereby says that it is empty. */
typedef struct pool {
  size_t unused;
  unsigned char bytes[POOL_SIZE - sizeof(size_t)];
} pool;

static int make_page(jdvm_random *random, jdvm_error *error) {
  void *page =
      mmap(NULL, POOL_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, (off_t)0);
  if (page == MAP_FAILED) {
    return jdvm_short_of_memory(error);
  }
  random->page = page;
  random->size = POOL_SIZE;
#if defined(MADV_WIPEONFORK)
  /* Emulators of other processors grant everything and do nothing, also what there is not. */
  random->wiped_on_fork =
      madvise(page, POOL_SIZE, -1) != 0 && madvise(page, POOL_SIZE, MADV_WIPEONFORK) == 0;
#endif
  return 0;
}

int jdvm_random_uuid(jdvm_random *random, char uuid[JDVM_UUID_LENGTH], jdvm_error *error) {
  unsigned char taken[UUID_BYTES];
  char hex[2 * UUID_BYTES];
  pool *from;
  if (random->page == NULL && make_page(random, error) != 0) {
    return -1;
  }
  from = (void *)random->page;
  if (!random->wiped_on_fork && random->owner != getpid()) {
    from->unused = 0;
    random->owner = getpid();
  }
  if (from->unused < UUID_BYTES) {
    if (jdvm_random_bytes(from->bytes, sizeof from->bytes, error) != 0) {
      return -1;
    }
    from->unused = sizeof from->bytes;
  }
  from->unused -= UUID_BYTES;
  memcpy(taken, from->bytes + from->unused, UUID_BYTES);
  taken[6] = (unsigned char)(0x40 | (taken[6] & 0x0f)); /* version 4 (RFC 9562) */
  taken[8] = (unsigned char)(0x80 | (taken[8] & 0x3f)); /* variant */
  jdvm_hex(hex, taken, sizeof taken);
  memcpy(uuid, hex, 8);
  memcpy(uuid + 9, hex + 8, 4);
  memcpy(uuid + 14, hex + 12, 4);
  memcpy(uuid + 19, hex + 16, 4);
  memcpy(uuid + 24, hex + 20, 12);
  uuid[8] = uuid[13] = uuid[18] = uuid[23] = '-';
  return 0;
}

void jdvm_random_close(jdvm_random *random) {
  if (random->page != NULL) {
    (void)munmap(random->page, random->size);
    random->page = NULL;
  }
}
