/* What is declared between this and shown.h is not exported, whatever flags a module is built with. */
#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif
