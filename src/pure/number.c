#include "json.h"

#include <float.h>
#include <stdbool.h>
#include <stdlib.h>

/* More digits than this never change the nearest double, but for whether any of the rest is not
** zero (the longest exact midpoint between two doubles has 767). */
#define MAX_DIGITS 800

/* Exponents saturate far beyond what any text in memory can compensate by digits. */
#define MAX_EXPONENT 4000000000000000000

/* Where the parts of a number stand in the text. */
typedef struct parts {
  const unsigned char *digits; /* behind the sign */
  const unsigned char *point;  /* the end of the digits before the point */
  const unsigned char *end;    /* the end of the digits, before an exponent */
  int64_t exponent;
  bool negative;
} parts;

static inline bool is_digit(const jdvm_json *json, const unsigned char *at) {
  return at < json->end && (unsigned)(*at - '0') <= 9;
}

/* Reads the exponent; `at` is behind the 'e'. */
static const unsigned char *read_exponent(jdvm_json *json, const unsigned char *at,
                                          int64_t *exponent) {
  bool negative = false;
  int64_t value = 0;
  if (at < json->end && (*at == '+' || *at == '-')) {
    negative = *at == '-';
    at++;
  }
  if (!is_digit(json, at)) {
    return jdvm_json_fail(json, at, "a digit of the exponent");
  }
  while (is_digit(json, at)) {
    value = value < MAX_EXPONENT / 10 ? value * 10 + (*at - '0') : MAX_EXPONENT;
    at++;
  }
  *exponent = negative ? -value : value;
  return at;
}

/* Hands the number to strtod() as digits and an exponent, without a decimal point, so that the
** locale has no say. */
static double slow_real(const parts *p) {
  char text[MAX_DIGITS + 32];
  size_t count = 0;
  bool rest = false;
  int digits;
  int64_t exponent = p->exponent;
  const unsigned char *at;
  for (at = p->digits; at < p->end; at++) {
    if (*at == '.') {
      continue;
    }
    if (at > p->point) {
      exponent--;
    }
    if (count == MAX_DIGITS) {
      rest = rest || *at != '0';
      exponent++;
    } else if (count > 0 || *at != '0') {
      text[count++] = (char)*at;
    }
  }
  if (count == 0) {
    return 0.0;
  }
  if (rest) {
    text[count++] = '1';
    exponent--;
  }
  if (exponent > 99999 || exponent < -99999) {
    exponent = exponent > 0 ? 99999 : -99999;
  }
  text[count++] = 'e';
  if (exponent < 0) {
    text[count++] = '-';
    exponent = -exponent;
  }
  for (digits = 5; digits > 0; digits--) {
    text[count + (size_t)digits - 1] = (char)('0' + exponent % 10);
    exponent /= 10;
  }
  text[count + 5] = '\0';
  return strtod(text, NULL);
}

/* The nearest double. Up to 2^53, with a power of ten that is exact too, one multiplication or
** division rounds once and so rightly; unless the machine computes wider than it stores. */
static double make_real(const parts *p, bool small, uint64_t digits) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  int64_t exponent = p->exponent - (p->end > p->point ? p->end - p->point - 1 : 0);
  double value;
  if (FLT_EVAL_METHOD == 0 && small && digits <= (UINT64_C(1) << 53) && exponent >= -22 &&
      exponent <= 22) {
    value = exponent < 0 ? (double)digits / powers[-exponent] : (double)digits * powers[exponent];
  } else {
    value = slow_real(p);
  }
  return p->negative ? -value : value;
}

const unsigned char *jdvm_json_number(jdvm_json *json, const unsigned char *at,
                                      jdvm_number *number) {
  const unsigned char *start = at;
  jdvm_number ignored;
  parts p = {0};
  uint64_t value = 0;
  bool fits = true, real = false;
  if (number == NULL) {
    number = &ignored;
  }
  if (*at == '-') {
    p.negative = true;
    at++;
  }
  p.digits = at;
  if (!is_digit(json, at)) {
    return jdvm_json_fail(json, at, "a digit");
  }
  if (*at == '0') {
    at++;
  } else {
    while (is_digit(json, at)) {
      unsigned digit = (unsigned)(*at - '0');
      fits = fits && (value < UINT64_MAX / 10 || (value == UINT64_MAX / 10 && digit <= 5));
      value = value * 10 + digit;
      at++;
    }
  }
  p.point = p.end = at;
  if (at < json->end && *at == '.') {
    real = true;
    at++;
    if (!is_digit(json, at)) {
      return jdvm_json_fail(json, at, "a digit behind the decimal point");
    }
    while (is_digit(json, at)) {
      unsigned digit = (unsigned)(*at - '0');
      fits = fits && value < UINT64_MAX / 10;
      value = value * 10 + digit;
      at++;
    }
    p.end = at;
  }
  if (at < json->end && (*at | 0x20) == 'e') {
    real = true;
    at = read_exponent(json, at + 1, &p.exponent);
    if (at == NULL) {
      return NULL;
    }
  }
  number->kind = JDVM_DIGITS;
  if (real) {
    number->kind = JDVM_REAL;
    number->real = make_real(&p, fits, value);
    if (!(number->real <= DBL_MAX && number->real >= -DBL_MAX)) {
      return jdvm_json_fail(json, start, "a number in the range of doubles");
    }
  } else if (fits && value <= (uint64_t)INT64_MAX + p.negative) {
    /* Negated as unsigned: -2^63 has no positive counterpart. */
    number->integer = (int64_t)(p.negative ? 0 - value : value);
    number->kind = JDVM_INTEGER;
  } else if (!json->big_integers) {
    return jdvm_json_fail(json, start, "an integer of at most 64 bits");
  }
  return at;
}
