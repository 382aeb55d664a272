/* JSON numbers: exact integers, correctly rounded fractions, whatever the locale. */
#ifndef JDVM_NUMBER_H
#define JDVM_NUMBER_H

#include <stdint.h>

#include "json.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

typedef enum jdvm_number_kind {
  JDVM_INTEGER, /* no fraction, no exponent, fits an int64_t; -0 is 0 */
  JDVM_REAL,    /* the nearest double; too small a number is 0 */
  JDVM_DIGITS   /* an integer that no int64_t holds: only its text is exact */
} jdvm_number_kind;

typedef struct jdvm_number {
  jdvm_number_kind kind;
  int64_t integer;
  double real;
} jdvm_number;

/* Reads a number; `at` is at its '-' or first digit. With `number` NULL it is only checked. A number
** beyond the range of doubles is a failure, and so is JDVM_DIGITS unless json->big_integers. */
const unsigned char *jdvm_json_number(jdvm_json *json, const unsigned char *at,
                                      jdvm_number *number);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
