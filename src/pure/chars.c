#include "chars.h"

enum {
  O = 0,
  C = JDVM_CHAR_CONTROL,
  S = JDVM_CHAR_PATH,
  T = JDVM_CHAR_TOKEN,
  H = JDVM_CHAR_HOST,
  U = JDVM_CHAR_UNRESERVED | JDVM_CHAR_PATH | JDVM_CHAR_TOKEN, /* ~ */
  A = JDVM_CHAR_UNRESERVED | JDVM_CHAR_PATH | JDVM_CHAR_TOKEN | JDVM_CHAR_HOST
};

/* clang-format off */
const unsigned char jdvm_char_kinds[256] = {
    C, C, C, C, C, C, C, C, C, O, C, C, C, C, C, C, /* 0x00 */
    C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, /* 0x10 */
    O, T, O, T, T, T, T, T, O, O, T, T, O, A, A, S, /* 0x20 */
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
/* clang-format on */

void jdvm_hex(char *out, const unsigned char *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  size_t i;
  for (i = 0; i < length; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
}

size_t jdvm_base64(char *out, const char *text, size_t length) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char *start = out;
  size_t i;
  for (i = 0; i < length; i += 3) {
    size_t rest = length - i;
    unsigned bits = (unsigned)(unsigned char)text[i] << 16;
    bits |= rest > 1 ? (unsigned)(unsigned char)text[i + 1] << 8 : 0;
    bits |= rest > 2 ? (unsigned)(unsigned char)text[i + 2] : 0;
    *out++ = digits[bits >> 18];
    *out++ = digits[bits >> 12 & 63];
    *out++ = rest > 1 ? digits[bits >> 6 & 63] : '=';
    *out++ = rest > 2 ? digits[bits & 63] : '=';
  }
  return (size_t)(out - start);
}
