#include "chars.h"

enum {
  O = 0,
  C = JDVM_CHAR_CONTROL,
  B = JDVM_CHAR_BLANK,
  S = JDVM_CHAR_PATH,
  T = JDVM_CHAR_TOKEN,
  H = JDVM_CHAR_HOST,
  U = JDVM_CHAR_UNRESERVED | JDVM_CHAR_PATH | JDVM_CHAR_TOKEN, /* ~ */
  A = JDVM_CHAR_UNRESERVED | JDVM_CHAR_PATH | JDVM_CHAR_TOKEN | JDVM_CHAR_HOST
};

/* clang-format off */
const unsigned char jdvm_char_kinds[256] = {
    C, C, C, C, C, C, C, C, C, B, C, C, C, C, C, C, /* 0x00 */
    C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, /* 0x10 */
    B, T, O, T, T, T, T, T, O, O, T, T, O, A, A, S, /* 0x20 */
    A, A, A, A, A, A, A, A, A, A, H, O, O, O, O, O, /* 0x30 */
    O, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 0x40 */
    A, A, A, A, A, A, A, A, A, A, A, H, O, H, T, A, /* 0x50 */
    T, A, A, A, A, A, A, A, A, A, A, A, A, A, A, A, /* 0x60 */
    A, A, A, A, A, A, A, A, A, A, A, O, T, O, U, C, /* 0x70 */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 0x80 */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 0x90 */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 0xA0 */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 0xB0 */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 0xC0 */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 0xD0 */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 0xE0 */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, /* 0xF0 */
};
