#include "sign.h"

const char *jdvm_algorithm_name(jdvm_version version) {
  return version == JDVM_JDCLOUD3 ? "JDCLOUD3-HMAC-SHA256" : "JDCLOUD2-HMAC-SHA256";
}

static void put_digits(char *out, int value, int count) {
  while (count-- > 0) {
    out[count] = (char)('0' + value % 10);
    value /= 10;
  }
}

void jdvm_timestamp(char out[JDVM_TIMESTAMP], int64_t seconds) {
  /* Days to a civil date, counted in years that begin in March, so that a leap day is the last. */
  int rest = (int)(seconds % 86400);
  int64_t days = seconds / 86400 + 719468; /* since 0000-03-01 */
  int era = (int)(days / 146097), of_era = (int)(days % 146097);
  int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int of_year = of_era - (365 * year + year / 4 - year / 100);
  int month = (5 * of_year + 2) / 153;
  put_digits(out, year + 400 * era + (month >= 10), 4);
  put_digits(out + 4, month < 10 ? month + 3 : month - 9, 2);
  put_digits(out + 6, of_year - (153 * month + 2) / 5 + 1, 2);
  out[8] = 'T';
  put_digits(out + 9, rest / 3600, 2);
  put_digits(out + 11, rest / 60 % 60, 2);
  put_digits(out + 13, rest % 60, 2);
  out[15] = 'Z';
}

static bool add(jdvm_buf *out, jdvm_text text) {
  return jdvm_buf_add(out, text.bytes, text.length);
}

bool jdvm_scope(jdvm_buf *out, jdvm_version version, jdvm_text day, jdvm_text region,
                jdvm_text service) {
  return add(out, day) && jdvm_buf_add_char(out, '/') && add(out, region) &&
         jdvm_buf_add_char(out, '/') && add(out, service) &&
         jdvm_buf_add_text(out,
                           version == JDVM_JDCLOUD3 ? "/jdcloud3_request" : "/jdcloud2_request");
}

int jdvm_signing_key(jdvm_hasher *hasher, jdvm_version version, jdvm_text secret, jdvm_text day,
                     jdvm_text region, jdvm_text service, unsigned char key[JDVM_SHA256_SIZE],
                     jdvm_error *error) {
  jdvm_hmac_key step = {NULL, NULL, NULL};
  jdvm_buf first = {NULL, 0, 0};
  int result = -1;
  /* One reservation, so that growing leaves no copy of the secret behind. */
  if (!jdvm_buf_reserve(&first, JDVM_DAY + secret.length) ||
      !jdvm_buf_add(&first, jdvm_algorithm_name(version), sizeof "JDCLOUD2" - 1) ||
      !add(&first, secret)) {
    jdvm_buf_free(&first); /* nothing was copied */
    return jdvm_short_of_memory(error);
  }
  if (jdvm_hmac_set_key(hasher, &step, first.bytes, first.length, error) == 0 &&
      jdvm_hmac(hasher, &step, day.bytes, day.length, key, error) == 0 &&
      jdvm_hmac_set_key(hasher, &step, key, JDVM_SHA256_SIZE, error) == 0 &&
      jdvm_hmac(hasher, &step, region.bytes, region.length, key, error) == 0 &&
      jdvm_hmac_set_key(hasher, &step, key, JDVM_SHA256_SIZE, error) == 0 &&
      jdvm_hmac(hasher, &step, service.bytes, service.length, key, error) == 0 &&
      jdvm_hmac_set_key(hasher, &step, key, JDVM_SHA256_SIZE, error) == 0) {
    const char *last = version == JDVM_JDCLOUD3 ? "jdcloud3_request" : "jdcloud2_request";
    result = jdvm_hmac(hasher, &step, last, sizeof "jdcloud2_request" - 1, key, error);
  }
  jdvm_hmac_close(&step);
  jdvm_wipe(first.bytes, first.length);
  jdvm_buf_free(&first);
  return result;
}
