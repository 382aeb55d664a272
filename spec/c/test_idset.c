/* Tests of idset.c.
**
** cc -std=c99 -Isrc -o test_idset spec/c/test_idset.c src/pure/idset.c */
#define _DEFAULT_SOURCE

#include "check.h"

#include "pure/idset.h"

static uint64_t key_of(const char *id) {
  uint64_t key = UINT64_MAX;
  return jdvm_id_key(id, strlen(id), &key) ? key : UINT64_MAX;
}

static void keys(void) {
  static const char *const others[] = {"",
                                       "img-",
                                       "img-000000000",
                                       "img-00000000000",
                                       "IMG-0000000000",
                                       "img-00000000/0",
                                       "img-00000000:0",
                                       "img-00000000`0",
                                       "img-00000000{0",
                                       "img-0000-00000",
                                       "xmg-0000000000"};
  char id[] = "img-0000000000";
  size_t i;
  CHECK(key_of("img-0000000000") == 0);
  CHECK(key_of("img-000000000z") == 35);
  CHECK(key_of("img-0000000010") == 36);
  CHECK(key_of("img-zzzzzzzzzz") == UINT64_C(3656158440062975));
  CHECK(key_of("img-zzzzzzzzzz") < JDVM_ID_KEYS);
  for (i = 0; i < sizeof others / sizeof *others; i++) {
    CHECK(key_of(others[i]) == UINT64_MAX);
  }
  for (i = 0; i < 256; i++) {
    bool digit = (i >= '0' && i <= '9') || (i >= 'a' && i <= 'z');
    id[7] = (char)i;
    CHECK((key_of(id) != UINT64_MAX) == digit);
  }
}

/* Keys of several patterns, against a bit for each. */
static void sets(void) {
  enum { N = 1 << 16 };
  static const uint64_t steps[] = {1, 36, 256, 65536, UINT64_C(1) << 32, UINT64_C(1) << 36};
  size_t s;
  for (s = 0; s < sizeof steps / sizeof *steps; s++) {
    jdvm_idset set = {NULL, 0, 0};
    unsigned char *there = calloc(N, 1);
    bool good = there != NULL;
    size_t i, count = 0;
    CHECK(!jdvm_idset_has(&set, 0));
    for (i = 0; good && i < 2 * N; i++) {
      uint32_t n = random_below(N);
      uint64_t key = n * steps[s];
      good = jdvm_idset_has(&set, key) == (there[n] != 0);
      good = good && jdvm_idset_add(&set, key) == (there[n] == 0);
      good = good && jdvm_idset_has(&set, key);
      count += there[n] == 0;
      there[n] = 1;
    }
    CHECK(good);
    CHECK(set.used == count);
    CHECK(set.used <= set.size / 4 * 3 && set.size <= 4 * count);
    jdvm_idset_free(&set);
    CHECK(set.slots == NULL && set.size == 0 && !jdvm_idset_has(&set, 1));
    CHECK(jdvm_idset_add(&set, JDVM_ID_KEYS - 1) == 1);
    jdvm_idset_free(&set);
    free(there);
  }
}

int main(void) {
  TEST(keys());
  TEST(sets());
  return tests_end();
}
