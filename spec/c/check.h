/* What the C tests share: counting tests, and memory with a guard page behind it. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int tests_passed;
static int tests_failed;
static int checks_failed; /* in the test that runs */

/* Runs one test, which is a call; it passes when all its checks hold. */
#define TEST(call) (checks_failed = 0, (call), test_end(#call))

static inline void test_end(const char *name) {
  if (checks_failed == 0) {
    tests_passed++;
    printf("ok - %s\n", name);
  } else {
    tests_failed++;
    printf("not ok - %s\n", name);
  }
}

/* Says where a check stands that does not hold. */
#define CHECK(condition) check_at((condition), #condition, __FILE__, __LINE__)

static inline bool check_at(bool good, const char *text, const char *file, int line) {
  if (!good) {
    checks_failed++;
    printf("not ok - %s:%d: %s\n", file, line, text);
  }
  return good;
}

/* The last line of a test program, and its exit status. */
static inline int tests_end(void) {
  printf("%d passed, %d failed\n", tests_passed, tests_failed);
  return tests_failed > 0 || tests_passed == 0;
}

/* Two pages, of which the second faults when it is touched. */
typedef struct guarded {
  char *start;
  size_t page;
} guarded;

static inline guarded guarded_new(void) {
  guarded g;
  g.page = (size_t)sysconf(_SC_PAGESIZE);
  g.start = mmap(NULL, 2 * g.page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (g.start == MAP_FAILED || mprotect(g.start + g.page, g.page, PROT_NONE) != 0) {
    perror("guard page");
    exit(2);
  }
  return g;
}

/* A copy of at most a page that ends where the fault begins. */
static inline char *guarded_copy(const guarded *g, const void *bytes, size_t length) {
  char *copy = g->start + g->page - length;
  if (length > 0) {
    memcpy(copy, bytes, length);
  }
  return copy;
}

static inline void guarded_free(const guarded *g) {
  (void)munmap(g->start, 2 * g->page);
}

#endif
