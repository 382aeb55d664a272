/* The clock of deadlines. The including file must ask for POSIX (_POSIX_C_SOURCE) first. */
#ifndef JDVM_CLOCK_H
#define JDVM_CLOCK_H

#include <time.h>

/* Seconds of a clock that only goes forward. */
static inline double jdvm_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

#endif
