#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr */
#endif
#include "pin.h"

#include <dlfcn.h>
#include <stddef.h>

void jdvm_pin(void) {
#if defined(RTLD_NODELETE) && defined(RTLD_NOLOAD)
  static const char here = 0;
  Dl_info self;
  if (dladdr(&here, &self) != 0 && self.dli_fname != NULL) {
    (void)dlopen(self.dli_fname, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD | RTLD_NODELETE);
  }
#endif
}
