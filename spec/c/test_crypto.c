/* Tests of crypto.c and random.c. */
#define _DEFAULT_SOURCE
#define OPENSSL_SUPPRESS_DEPRECATED /* to replace the random generator by one that fails */

#include "check.h"

#include "pure/crypto.h"
#include "pure/random.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>

#include <sys/wait.h>

/* --- an allocator for libcrypto that fails when told --------------------------------------- */

static long budget = -1; /* allocations until all fail; negative: none does */
static long refused;

static bool refuse(void) {
  if (budget < 0) {
    return false;
  }
  if (budget > 0) {
    budget--;
    return false;
  }
  refused++;
  return true;
}

static void *crypto_malloc(size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  return refuse() ? NULL : malloc(size);
}

static void *crypto_realloc(void *block, size_t size, const char *file, int line) {
  (void)file;
  (void)line;
  if (size == 0) {
    free(block);
    return NULL;
  }
  return refuse() ? NULL : realloc(block, size);
}

static void crypto_free(void *block, const char *file, int line) {
  (void)file;
  (void)line;
  free(block);
}

/* --- hashes ---------------------------------------------------------------------------------- */

static void test_versions(void) {
  jdvm_error error;
  CHECK(jdvm_crypto_check(&error) == 0);
  CHECK(strncmp(jdvm_crypto_version(), "OpenSSL", 7) == 0);
  CHECK(jdvm_crypto_compatible(0x30000000, 0x30000000, &error) == 0);
  CHECK(jdvm_crypto_compatible(0x30000020, 0x30500010, &error) == 0); /* 3.0 and 3.5 */
  CHECK(jdvm_crypto_compatible(0x1010106f, 0x1010117f, &error) == 0); /* 1.1.1f and 1.1.1w */
  CHECK(jdvm_crypto_compatible(0x30500010, 0x30000020, &error) != 0);
  CHECK(strstr(error.message, "built for OpenSSL 3.5") != NULL);
  CHECK(strstr(error.message, "the older 3.0") != NULL);
  CHECK(jdvm_crypto_compatible(0x30000020, 0x1010117f, &error) != 0);
  CHECK(strstr(error.message, "built for OpenSSL 3.0") != NULL);
  CHECK(strstr(error.message, "has loaded 1.1") != NULL);
  CHECK(jdvm_crypto_compatible(0x1010117f, 0x30000020, &error) != 0);
  CHECK(jdvm_crypto_compatible(0x1010117f, 0x100020ff, &error) != 0);
  CHECK(jdvm_crypto_compatible(0x30000020, 0x40000000, &error) != 0);
}

/* Messages that share beginnings, in every order, hash as they do alone. */
static void test_similar(void) {
  jdvm_hasher hasher = {NULL, NULL};
  jdvm_beginning beginning;
  unsigned char expected[JDVM_SHA256_SIZE], digest[JDVM_SHA256_SIZE];
  char text[300];
  jdvm_error error;
  int i;
  bool good = true;
  memset(&beginning, 0, sizeof beginning);
  CHECK(jdvm_hasher_open(&hasher, &error) == 0);
  for (i = 0; i < 20000 && good; i++) {
    size_t length = random_below(sizeof text);
    memset(text, 'a' + (int)random_below(2), sizeof text);
    text[random_below(80)] = (char)('x' + random_below(2));
    good = jdvm_sha256(&hasher, text, length, expected, &error) == 0 &&
           jdvm_sha256_similar(&hasher, &beginning, text, length, digest, &error) == 0 &&
           memcmp(digest, expected, sizeof digest) == 0;
  }
  CHECK(good);
  memset(text, 0, sizeof text); /* the first block that a new struct seems to know */
  jdvm_beginning_close(&beginning);
  memset(&beginning, 0, sizeof beginning);
  CHECK(jdvm_sha256(&hasher, text, 100, expected, &error) == 0);
  CHECK(jdvm_sha256_similar(&hasher, &beginning, text, 100, digest, &error) == 0);
  CHECK(memcmp(digest, expected, sizeof digest) == 0);
  jdvm_beginning_close(&beginning);
  jdvm_beginning_close(&beginning);
  jdvm_hasher_close(&hasher);
  jdvm_hasher_close(&hasher);
}

/* A message in two parts, under keys of every length, has the MAC of the whole. */
static void test_hmac(void) {
  jdvm_hasher hasher = {NULL, NULL};
  jdvm_hmac_key key = {NULL, NULL, NULL};
  unsigned char whole[JDVM_SHA256_SIZE], parts[JDVM_SHA256_SIZE];
  char text[200];
  jdvm_error error;
  size_t length;
  bool good = true;
  memset(text, 'k', sizeof text);
  CHECK(jdvm_hasher_open(&hasher, &error) == 0);
  for (length = 0; length < sizeof text && good; length++) {
    size_t cut = random_below((uint32_t)length + 1);
    good = jdvm_hmac_set_key(&hasher, &key, text, length, &error) == 0 &&
           jdvm_hmac(&hasher, &key, text, length, whole, &error) == 0 &&
           jdvm_hmac_begin(&key, text, cut, &error) == 0 &&
           jdvm_hmac_rest(&hasher, &key, text + cut, length - cut, parts, &error) == 0 &&
           memcmp(whole, parts, sizeof whole) == 0;
  }
  CHECK(good);
  jdvm_hmac_close(&key);
  jdvm_hmac_close(&key);
  jdvm_hasher_close(&hasher);
}

/* Everything that libcrypto allocates fails once: the failure is reported, nothing stays in the
** error queue, and the same objects work afterwards. */
static void test_failures(void) {
  long n = 0;
  bool good = true;
  do {
    jdvm_hasher hasher = {NULL, NULL};
    jdvm_hmac_key key = {NULL, NULL, NULL};
    jdvm_beginning beginning;
    unsigned char digest[JDVM_SHA256_SIZE], expected[JDVM_SHA256_SIZE];
    char text[100], hex[JDVM_SHA256_HEX];
    jdvm_error error;
    int round;
    memset(&beginning, 0, sizeof beginning);
    memset(text, 't', sizeof text);
    refused = 0;
    for (round = 0; round < 2 && good; round++) {
      int failed;
      budget = round == 0 ? n : -1;
      error.kind = JDVM_NONE;
      failed = jdvm_hasher_open(&hasher, &error) != 0 ||
               jdvm_sha256(&hasher, text, sizeof text, expected, &error) != 0 ||
               jdvm_sha256_similar(&hasher, &beginning, text, sizeof text, digest, &error) != 0 ||
               jdvm_sha256_similar(&hasher, &beginning, text, sizeof text, digest, &error) != 0 ||
               jdvm_hmac_set_key(&hasher, &key, text, sizeof text, &error) != 0 ||
               jdvm_hmac_begin(&key, text, 50, &error) != 0 ||
               jdvm_hmac_rest(&hasher, &key, text + 50, 50, digest, &error) != 0 ||
               jdvm_hmac(&hasher, &key, text, sizeof text, expected, &error) != 0;
      budget = -1;
      good = (failed != 0) == (round == 0 && refused > 0) &&
             (failed == 0 || error.kind == JDVM_CRYPTO) && ERR_peek_error() == 0;
    }
    jdvm_hex(hex, digest, sizeof digest);
    good = good && memcmp(digest, expected, sizeof digest) == 0;
    jdvm_hmac_close(&key);
    jdvm_beginning_close(&beginning);
    jdvm_hasher_close(&hasher);
    n++;
  } while (refused > 0 && good);
  CHECK(good);
  CHECK(n > 8);
  budget = 0;
  refused = 0;
  CHECK(jdvm_crypto_check(NULL) != 0);
  budget = -1;
  CHECK(refused > 0 && ERR_peek_error() == 0);
}

static void test_bytes(void) {
  unsigned char bytes[300];
  char hex[600], expected[600];
  size_t i, length;
  bool good = true;
  for (i = 0; i < sizeof bytes; i++) {
    static const char digits[] = "0123456789abcdef";
    bytes[i] = (unsigned char)(i * 7);
    expected[2 * i] = digits[bytes[i] / 16];
    expected[2 * i + 1] = digits[bytes[i] % 16];
  }
  for (length = 0; length <= sizeof bytes && good; length++) {
    memset(hex, '!', sizeof hex);
    jdvm_hex(hex, bytes, length);
    good = memcmp(hex, expected, 2 * length) == 0 &&
           (length == sizeof bytes || hex[2 * length] == '!');
  }
  CHECK(good);
  CHECK(jdvm_equal("abc", "abc", 3) && jdvm_equal("abc", "abd", 2) && !jdvm_equal("abc", "abd", 3));
  jdvm_wipe(bytes, 100);
  for (i = 0; i < 100; i++) {
    good = good && bytes[i] == 0;
  }
  CHECK(good && bytes[100] != 0);
}

/* --- nonces ---------------------------------------------------------------------------------- */

enum { UUIDS = 300 }; /* more than a pool gives */

typedef struct uuids {
  char text[UUIDS][JDVM_UUID_LENGTH];
} uuids;

static bool take(jdvm_random *random, uuids *taken) {
  jdvm_error error;
  int i;
  for (i = 0; i < UUIDS; i++) {
    if (jdvm_random_uuid(random, taken->text[i], &error) != 0) {
      return false;
    }
  }
  return true;
}

/* The same, in a process of its own that has the pool from its parent. */
static bool take_in_child(jdvm_random *random, uuids *taken, int depth) {
  int ends[2], status;
  size_t got = 0;
  pid_t child;
  if (pipe(ends) != 0) {
    return false;
  }
  child = fork();
  if (child == 0) {
    bool good = depth > 0 ? take_in_child(random, taken, depth - 1) : take(random, taken);
    good = good && write(ends[1], taken, sizeof *taken) == (ssize_t)sizeof *taken;
    _exit(good ? 0 : 1);
  }
  (void)close(ends[1]);
  while (child > 0 && got < sizeof *taken) {
    ssize_t n = read(ends[0], (char *)taken + got, sizeof *taken - got);
    if (n <= 0) {
      break;
    }
    got += (size_t)n;
  }
  (void)close(ends[0]);
  return child > 0 && waitpid(child, &status, 0) == child && status == 0 && got == sizeof *taken;
}

static int compare(const void *a, const void *b) {
  return memcmp(a, b, JDVM_UUID_LENGTH);
}

static bool all_different(const uuids *taken, size_t count) {
  char(*all)[JDVM_UUID_LENGTH] = malloc(count * sizeof *taken);
  size_t i;
  bool good = all != NULL;
  if (good) {
    memcpy(all, taken, count * sizeof *taken);
    qsort(all, count * UUIDS, JDVM_UUID_LENGTH, compare);
    for (i = 1; i < count * UUIDS; i++) {
      good = good && memcmp(all[i - 1], all[i], JDVM_UUID_LENGTH) != 0;
    }
  }
  free(all);
  return good;
}

static void test_forks(bool by_kernel) {
  static uuids taken[6];
  jdvm_random random;
  jdvm_error error;
  char first[JDVM_UUID_LENGTH];
  memset(&random, 0, sizeof random);
  CHECK(jdvm_random_uuid(&random, first, &error) == 0);
  if (!by_kernel) { /* as where the kernel cannot wipe */
    CHECK(madvise(random.page, random.size, MADV_KEEPONFORK) == 0);
    random.wiped_on_fork = false;
  }
  CHECK(random.wiped_on_fork == by_kernel);
  CHECK(take_in_child(&random, &taken[0], 0));
  CHECK(take_in_child(&random, &taken[1], 0));
  CHECK(take(&random, &taken[2]));
  CHECK(take_in_child(&random, &taken[3], 1)); /* a child's child */
  CHECK(take_in_child(&random, &taken[4], 2));
  CHECK(take(&random, &taken[5]));
  CHECK(all_different(taken, sizeof taken / sizeof *taken));
  jdvm_random_close(&random);
  jdvm_random_close(&random);
}

static int no_bytes(unsigned char *bytes, int count) {
  (void)bytes;
  (void)count;
  return 0;
}

/* A generator that fails: no nonce rather than a bad one. */
static void test_no_randomness(void) {
  const RAND_METHOD *usual = RAND_get_rand_method();
  RAND_METHOD broken;
  jdvm_random random;
  jdvm_error error;
  char uuid[JDVM_UUID_LENGTH];
  memset(&random, 0, sizeof random);
  memset(&broken, 0, sizeof broken);
  broken.bytes = no_bytes;
  CHECK(RAND_set_rand_method(&broken) == 1);
  CHECK(jdvm_random_uuid(&random, uuid, &error) != 0 && error.kind == JDVM_CRYPTO);
  CHECK(jdvm_random_uuid(&random, uuid, &error) != 0);
  CHECK(ERR_peek_error() == 0);
  CHECK(RAND_set_rand_method(usual) == 1);
  CHECK(jdvm_random_uuid(&random, uuid, &error) == 0);
  jdvm_random_close(&random);
}

int main(void) {
  if (!CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free)) {
    fprintf(stderr, "libcrypto does not take our allocator\n");
    return 2;
  }
  TEST(test_versions());
  TEST(test_similar());
  TEST(test_hmac());
  TEST(test_failures());
  TEST(test_bytes());
  TEST(test_forks(true));
  TEST(test_forks(false));
  TEST(test_no_randomness());
  return tests_end();
}
