/* Looks at JSON text many bytes at a time. Every function has a portable form (8 bytes in a machine
** word) and, where the compiler offers SSE2, one of 16 bytes; -DJDVM_PORTABLE_SCAN chooses
** the portable form so that tests can run both. No form reads outside [at, end). */
#ifndef JDVM_SCAN_H
#define JDVM_SCAN_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define JDVM_INLINE static inline __attribute__((always_inline))
#else
#define JDVM_INLINE static inline
#endif

#if defined(JDVM_PORTABLE_SCAN)
/* the portable form was asked for */
#elif defined(__SSE2__) && defined(__GNUC__)
#define JDVM_SCAN_SSE2 1
#include <emmintrin.h>
#endif

/* True for the bytes that stand for themselves inside a JSON string and need no further look:
** ASCII but for controls, the quote and the backslash. */
static inline int jdvm_scan_is_plain(unsigned char byte) {
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* The first byte of [at, end) that is not plain, or `end`. */
static inline const unsigned char *jdvm_scan_plain(const unsigned char *at,
                                                   const unsigned char *end) {
#if defined(JDVM_SCAN_SSE2)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(' ');
  while (end - at >= 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    /* The comparison is signed, so "below space" holds for controls and for all of 0x80..0xFF. */
    __m128i hit =
        _mm_or_si128(_mm_cmplt_epi8(bytes, space),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    int mask = _mm_movemask_epi8(hit);
    if (mask != 0) {
      return at + __builtin_ctz((unsigned)mask);
    }
    at += 16;
  }
#else
  const uint64_t ones = 0x0101010101010101u;
  const uint64_t highs = 0x8080808080808080u;
  while (end - at >= 8) {
    uint64_t word, quote, backslash;
    memcpy(&word, at, 8);
    quote = word ^ (ones * '"');
    backslash = word ^ (ones * '\\');
    /* Some byte is below space, is the quote, is the backslash, or has its high bit set. */
    if ((((word - ones * 0x20) | (quote - ones) | (backslash - ones) | word) & highs) != 0) {
      break;
    }
    at += 8;
  }
#endif
  while (at < end && jdvm_scan_is_plain(*at)) {
    at++;
  }
  return at;
}

/* True if a character of three bytes stands at `at` that needs no closer look: U+1000..U+CFFF or
** U+E000..U+FFFF, which is nearly all of Chinese and Japanese. (E0 may begin an overlong form, ED a
** surrogate.) */
static inline int jdvm_scan_is_three_byte(const unsigned char *at, const unsigned char *end) {
  return end - at >= 3 && (at[0] & 0xF0) == 0xE0 && at[0] != 0xE0 && at[0] != 0xED &&
         (at[1] & 0xC0) == 0x80 && (at[2] & 0xC0) == 0x80;
}

/* Skips such characters while they come four in a row. */
static inline const unsigned char *jdvm_scan_three_byte(const unsigned char *at,
                                                        const unsigned char *end) {
#if defined(JDVM_SCAN_SSE2)
  const __m128i which = _mm_setr_epi8((char)0xF0, (char)0xC0, (char)0xC0, (char)0xF0, (char)0xC0,
                                      (char)0xC0, (char)0xF0, (char)0xC0, (char)0xC0, (char)0xF0,
                                      (char)0xC0, (char)0xC0, 0, 0, 0, 0);
  const __m128i wanted = _mm_setr_epi8((char)0xE0, (char)0x80, (char)0x80, (char)0xE0, (char)0x80,
                                       (char)0x80, (char)0xE0, (char)0x80, (char)0x80, (char)0xE0,
                                       (char)0x80, (char)0x80, 0, 0, 0, 0);
  while (end - at >= 16) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i shape = _mm_cmpeq_epi8(_mm_and_si128(bytes, which), wanted);
    __m128i doubt = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)0xE0)),
                                 _mm_cmpeq_epi8(bytes, _mm_set1_epi8((char)0xED)));
    if (_mm_movemask_epi8(shape) != 0xFFFF || (_mm_movemask_epi8(doubt) & 0x0FFF) != 0) {
      break;
    }
    at += 12;
  }
#else
  while (end - at >= 12) {
    int i;
    for (i = 0; i < 12; i += 3) {
      if (!jdvm_scan_is_three_byte(at + i, end)) {
        return at;
      }
    }
    at += 12;
  }
#endif
  return at;
}

#endif
