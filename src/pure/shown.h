/* Ends what hidden.h begins. */
#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
