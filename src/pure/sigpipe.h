/* Keeps SIGPIPE from this thread while a library works that may raise it: one must not change the
** process's handlers for that. The including file must ask for POSIX (_POSIX_C_SOURCE) first. */
#ifndef JDVM_SIGPIPE_H
#define JDVM_SIGPIPE_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>

typedef struct jdvm_sigpipe {
  bool held;
  sigset_t before;
} jdvm_sigpipe;

/* Holds the signal off when `wanted`. */
static inline jdvm_sigpipe jdvm_sigpipe_hold(bool wanted) {
  jdvm_sigpipe guard;
  sigset_t only;
  guard.held = wanted;
  if (wanted) {
    (void)sigemptyset(&only);
    (void)sigaddset(&only, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &only, &guard.before);
  }
  return guard;
}

/* Takes away one that came meanwhile, and lets the signal through again. */
static inline void jdvm_sigpipe_release(jdvm_sigpipe guard) {
  sigset_t set;
  if (!guard.held || sigismember(&guard.before, SIGPIPE)) {
    return;
  }
  if (sigpending(&set) == 0 && sigismember(&set, SIGPIPE)) {
    int caught;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    (void)sigwait(&set, &caught);
  }
  (void)pthread_sigmask(SIG_SETMASK, &guard.before, NULL);
}

#endif
