/* Keeps SIGPIPE from this thread while a library works that may raise it: one must not change the
** process's handlers for that. */
#ifndef JDVM_SIGPIPE_H
#define JDVM_SIGPIPE_H

#include <signal.h>
#include <stdbool.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

typedef struct jdvm_sigpipe {
  bool held;
  sigset_t before;
} jdvm_sigpipe;

/* Holds the signal off when `wanted`. */
jdvm_sigpipe jdvm_sigpipe_hold(bool wanted);

/* Takes away one that came meanwhile, and lets the signal through again. */
void jdvm_sigpipe_release(jdvm_sigpipe guard);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
