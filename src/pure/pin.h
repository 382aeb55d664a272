/* Keeps a module mapped for as long as the process lives. */
#ifndef JDVM_PIN_H
#define JDVM_PIN_H

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* Never lets the system unmap the shared library that this code is in. A Lua that is closed unloads
** its modules; but libcurl may have left a thread that still looks up a name, and it would return
** into nothing. The linker's -z nodelete does the same, where one can give it flags. */
void jdvm_pin(void);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
