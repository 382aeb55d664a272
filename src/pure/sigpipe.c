#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* pthread_sigmask under -std=c99 */
#endif

#include "sigpipe.h"

#include <pthread.h>

jdvm_sigpipe jdvm_sigpipe_hold(bool wanted) {
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

void jdvm_sigpipe_release(jdvm_sigpipe guard) {
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
