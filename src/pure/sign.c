#include "sign.h"
#include "chars.h"

#include <stdlib.h>
#include <string.h>

static const struct {
  const char *algorithm, *prefix, *terminator;
} versions[] = {{"JDCLOUD2-HMAC-SHA256", "JDCLOUD2", "jdcloud2_request"},
                {"JDCLOUD3-HMAC-SHA256", "JDCLOUD3", "jdcloud3_request"}};

const char *jdvm_algorithm_name(jdvm_version version) {
  return versions[version].algorithm;
}

/* --- who signs ----------------------------------------------------------------------------- */

static bool is_visible(char c) {
  return c > ' ' && c < 127;
}

/* Access key, region and service stand between "/" and "," in the Authorization header. */
static int check_scope_part(jdvm_text text, const char *what, jdvm_error *error) {
  size_t i;
  for (i = 0; i < text.length; i++) {
    if (!is_visible(text.bytes[i]) || text.bytes[i] == '/' || text.bytes[i] == ',') {
      return jdvm_fail(error, JDVM_ARGUMENT,
                       "%s contains a \"/\", a \",\" or something else than visible ASCII "
                       "(a line end left from a file?)",
                       what);
    }
  }
  return text.length > 0 ? 0 : jdvm_fail(error, JDVM_ARGUMENT, "%s is empty", what);
}

static int check_secret(jdvm_text text, const char *what, jdvm_error *error) {
  size_t i;
  for (i = 0; i < text.length; i++) {
    if (jdvm_is(text.bytes[i], JDVM_CHAR_CONTROL)) {
      return jdvm_fail(error, JDVM_ARGUMENT,
                       "%s contains a control character (a line end left from a file?)", what);
    }
  }
  return 0;
}

static int check_identity(const jdvm_identity *identity, jdvm_error *error) {
  size_t i;
  if (check_scope_part(identity->access_key, "access_key", error) != 0 ||
      check_scope_part(identity->region, "region", error) != 0 ||
      check_scope_part(identity->service, "service", error) != 0 ||
      check_secret(identity->secret_key, "secret_key", error) != 0 ||
      check_secret(identity->token, "session_token", error) != 0) {
    return -1;
  }
  if (identity->secret_key.length == 0) {
    return jdvm_fail(error, JDVM_ARGUMENT, "secret_key is empty");
  }
  for (i = 0; identity->raw_token && i < identity->token.length; i++) {
    if (!is_visible(identity->token.bytes[i])) {
      return jdvm_fail(error, JDVM_ARGUMENT,
                       "session_token contains something else than visible ASCII; send it with "
                       "token_encoding \"base64\"");
    }
  }
  return 0;
}

/* Appends to the signer's own texts, where room was made before. */
static jdvm_text own(jdvm_buf *owned, jdvm_text text) {
  jdvm_text copy = {owned->bytes + owned->length, text.length};
  (void)jdvm_buf_add(owned, text.bytes, text.length);
  return copy;
}

static jdvm_text text_of(const char *text) {
  jdvm_text result = {text, strlen(text)};
  return result;
}

int jdvm_signer_open(jdvm_signer *signer, const jdvm_identity *identity, jdvm_error *error) {
  jdvm_buf *owned = &signer->owned;
  if (check_identity(identity, error) != 0) {
    return -1;
  }
  /* One reservation for all: the texts do not move, and no stale copy of a secret is left. */
  if (!jdvm_buf_reserve(owned, identity->access_key.length + identity->secret_key.length +
                                   identity->region.length + identity->service.length +
                                   2 * identity->token.length + 16)) {
    return jdvm_short_of_memory(error);
  }
  signer->version = identity->version;
  signer->access_key = own(owned, identity->access_key);
  signer->region = own(owned, identity->region);
  signer->service = own(owned, identity->service);
  signer->secret_key = own(owned, text_of(versions[identity->version].prefix));
  signer->secret_key.length += own(owned, identity->secret_key).length;
  if (identity->raw_token) {
    signer->token = own(owned, identity->token);
  } else {
    signer->token.bytes = owned->bytes + owned->length;
    signer->token.length =
        jdvm_base64(owned->bytes + owned->length, identity->token.bytes, identity->token.length);
    owned->length += signer->token.length;
  }
  return jdvm_hasher_open(&signer->hasher, error);
}

void jdvm_signer_close(jdvm_signer *signer) {
  jdvm_hasher_close(&signer->hasher);
  if (signer->owned.bytes != NULL) {
    jdvm_wipe(signer->owned.bytes, signer->owned.capacity);
    jdvm_buf_free(&signer->owned);
  }
  jdvm_wipe(signer, sizeof *signer);
}

/* --- checks of a request ------------------------------------------------------------------- */

/* A path that begins elsewhere, or with segments that clients and proxies resolve on their own, or
** with a run of "/", which JDCLOUD3 counts as one, would not arrive as it was signed. */
static int check_path(jdvm_text path, jdvm_error *error) {
  size_t i, start = 1;
  if (path.length == 0 || path.bytes[0] != '/') {
    return jdvm_fail(error, JDVM_ARGUMENT, "path does not begin with \"/\"");
  }
  for (i = 1; i <= path.length; i++) {
    const char *segment = path.bytes + start;
    size_t length = i - start;
    if (i < path.length && path.bytes[i] != '/') {
      continue;
    }
    if ((length == 0 && i < path.length) || (length == 1 && segment[0] == '.') ||
        (length == 2 && segment[0] == '.' && segment[1] == '.')) {
      return jdvm_fail(error, JDVM_ARGUMENT, "path contains the segment \"%.*s\"", (int)length,
                       segment);
    }
    start = i + 1;
  }
  return 0;
}

/* Blanks at the ends or in a row would not reach every verifier as they were signed. */
static int check_nonce(jdvm_text nonce, jdvm_error *error) {
  bool good = nonce.length > 0, after_blank = true;
  size_t i;
  for (i = 0; good && i < nonce.length; i++) {
    bool blank = nonce.bytes[i] == ' ';
    good = is_visible(nonce.bytes[i]) || (blank && !after_blank);
    after_blank = blank;
  }
  return good && !after_blank
             ? 0
             : jdvm_fail(error, JDVM_ARGUMENT, "nonce is not made of visible ASCII");
}

static int check_request(const jdvm_request *request, jdvm_error *error) {
  size_t i;
  bool good = request->method.length > 0;
  for (i = 0; i < request->method.length; i++) {
    good = good && request->method.bytes[i] >= 'A' && request->method.bytes[i] <= 'Z';
  }
  if (!good) {
    return jdvm_fail(error, JDVM_ARGUMENT, "method is not made of the letters A to Z");
  }
  good = request->host.length > 0;
  for (i = 0; i < request->host.length; i++) {
    good = good && jdvm_is(request->host.bytes[i], JDVM_CHAR_HOST);
  }
  if (!good) {
    return jdvm_fail(error, JDVM_ARGUMENT,
                     "host is empty, or contains a character that no host name or port has");
  }
  for (i = 0; i < request->count; i++) {
    if (request->query[i].name.length == 0) {
      return jdvm_fail(error, JDVM_ARGUMENT, "name of a query parameter is empty");
    }
  }
  if (request->seconds < 0 || request->seconds >= JDVM_TIME_END) {
    return jdvm_fail(error, JDVM_ARGUMENT, "time is not between the years 1970 and 9999");
  }
  return check_path(request->path, error) != 0 ? -1 : check_nonce(request->nonce, error);
}

/* --- writing: each function writes where room was made before, and returns the new end ------ */

static char *put(char *to, jdvm_text text) {
  if (text.length > 0) {
    memcpy(to, text.bytes, text.length);
  }
  return to + text.length;
}

static char *put_word(char *to, const char *word) {
  return put(to, text_of(word));
}

/* Percent-encoding of RFC 3986: all bytes but those of the kind `kept`. */
static char *put_encoded(char *to, jdvm_text text, unsigned kept) {
  static const char digits[] = "0123456789ABCDEF";
  size_t i;
  for (i = 0; i < text.length; i++) {
    unsigned char c = (unsigned char)text.bytes[i];
    if (jdvm_is(text.bytes[i], kept)) {
      *to++ = text.bytes[i];
    } else {
      *to++ = '%';
      *to++ = digits[c >> 4];
      *to++ = digits[c & 15];
    }
  }
  return to;
}

static char *encode(char *to, jdvm_text *text) {
  char *end = put_encoded(to, *text, JDVM_CHAR_UNRESERVED);
  text->bytes = to;
  text->length = (size_t)(end - to);
  return end;
}

static int compare_texts(jdvm_text a, jdvm_text b) {
  size_t shorter = a.length < b.length ? a.length : b.length;
  int order = shorter > 0 ? memcmp(a.bytes, b.bytes, shorter) : 0;
  return order != 0 ? order : a.length < b.length ? -1 : a.length > b.length;
}

static int compare_pairs(const void *a, const void *b) {
  const jdvm_pair *x = a, *y = b;
  int names = compare_texts(x->name, y->name);
  return names != 0 ? names : compare_texts(x->value, y->value);
}

static char *put_query(char *to, const jdvm_request *request) {
  size_t i;
  for (i = 0; i < request->count; i++) {
    if (i > 0) {
      *to++ = '&';
    }
    to = put(to, request->query[i].name);
    *to++ = '=';
    to = put(to, request->query[i].value);
  }
  return to;
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

/* day/region/service/jdcloudN_request */
static char *put_scope(char *to, const jdvm_signer *signer) {
  jdvm_text day = {signer->day, JDVM_DAY};
  to = put(to, day);
  *to++ = '/';
  to = put(to, signer->region);
  *to++ = '/';
  to = put(to, signer->service);
  *to++ = '/';
  return put_word(to, versions[signer->version].terminator);
}

/* --- signing ------------------------------------------------------------------------------- */

/* The signing key of a day: four HMACs, each keyed with the result of the one before. */
static int set_day(jdvm_signer *signer, const char *day, jdvm_error *error) {
  const char *last = versions[signer->version].terminator;
  jdvm_hasher *hasher = &signer->hasher;
  unsigned char *key = signer->key;
  if (memcmp(signer->day, day, JDVM_DAY) == 0) {
    return 0;
  }
  signer->day[0] = '\0';
  if (jdvm_hmac(hasher, signer->secret_key.bytes, signer->secret_key.length, day, JDVM_DAY, key,
                error) != 0 ||
      jdvm_hmac(hasher, key, JDVM_SHA256_SIZE, signer->region.bytes, signer->region.length, key,
                error) != 0 ||
      jdvm_hmac(hasher, key, JDVM_SHA256_SIZE, signer->service.bytes, signer->service.length, key,
                error) != 0 ||
      jdvm_hmac(hasher, key, JDVM_SHA256_SIZE, last, strlen(last), key, error) != 0) {
    return -1;
  }
  memcpy(signer->day, day, JDVM_DAY);
  return 0;
}

size_t jdvm_sign_room(const jdvm_signer *signer, size_t count, size_t length) {
  size_t own = signer->owned.length;
  if (count > SIZE_MAX / 64 || length > SIZE_MAX / 64 || own > SIZE_MAX / 64) {
    return SIZE_MAX;
  }
  /* Encoding makes a text three times as long at most; then it stands in the target and in the
  ** canonical request. Of the signer's own texts none stands in more than four places. */
  return 9 * length + 6 * count + 4 * own + 1024;
}

/* The canonical request. Its headers are those that are sent, sorted by name. */
static char *put_canonical(char *to, const jdvm_signer *signer, const jdvm_request *request,
                           jdvm_text path, jdvm_text query, const char *names,
                           jdvm_signed *result) {
  static const char of_no_body[] =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  to = put(to, request->method);
  *to++ = '\n';
  to = put(to, path);
  *to++ = '\n';
  to = put(to, query);
  to = put_word(to, "\ncontent-type:application/json\nhost:");
  to = put(to, request->host);
  to = put_word(to, "\nx-jdcloud-date:");
  result->date.bytes = to;
  result->date.length = JDVM_TIMESTAMP;
  jdvm_timestamp(to, request->seconds);
  to = put_word(to + JDVM_TIMESTAMP, "\nx-jdcloud-nonce:");
  to = put(to, request->nonce);
  result->token.bytes = to;
  result->token.length = 0;
  if (signer->token.length > 0) {
    to = put_word(to, "\nx-jdcloud-security-token:");
    result->token.bytes = to;
    result->token.length = signer->token.length;
    to = put(to, signer->token);
  }
  to = put_word(to, "\n\n");
  to = put_word(to, names);
  *to++ = '\n';
  return put_word(to, of_no_body);
}

/* The string to sign but for its last line, the hash of the canonical request. */
static char *put_to_sign(char *to, const jdvm_signer *signer, jdvm_text date) {
  to = put_word(to, jdvm_algorithm_name(signer->version));
  *to++ = '\n';
  to = put(to, date);
  *to++ = '\n';
  to = put_scope(to, signer);
  *to++ = '\n';
  return to;
}

static char *put_authorization(char *to, const jdvm_signer *signer, const char *names) {
  to = put_word(to, jdvm_algorithm_name(signer->version));
  to = put_word(to, " Credential=");
  to = put(to, signer->access_key);
  *to++ = '/';
  to = put_scope(to, signer);
  to = put_word(to, ", SignedHeaders=");
  to = put_word(to, names);
  return put_word(to, ", Signature=");
}

static jdvm_text between(const char *start, const char *end) {
  jdvm_text text = {start, (size_t)(end - start)};
  return text;
}

int jdvm_sign(jdvm_signer *signer, const jdvm_request *request, char *room, jdvm_signed *result,
              jdvm_error *error) {
  const char *names = signer->token.length > 0 ? "content-type;host;x-jdcloud-date;x-jdcloud-nonce;"
                                                 "x-jdcloud-security-token"
                                               : "content-type;host;x-jdcloud-date;x-jdcloud-nonce";
  unsigned char digest[JDVM_SHA256_SIZE];
  char *to = room, *start;
  jdvm_text path, query;
  size_t i;
  if (check_request(request, error) != 0) {
    return -1;
  }
  for (i = 0; i < request->count; i++) {
    to = encode(encode(to, &request->query[i].name), &request->query[i].value);
  }
  if (request->count > 1) {
    qsort(request->query, request->count, sizeof *request->query, compare_pairs);
  }
  start = to;
  to = put_encoded(to, request->path, JDVM_CHAR_PATH);
  path = between(start, to);
  if (request->count > 0) {
    *to++ = '?';
  }
  query.bytes = to;
  to = put_query(to, request);
  query = between(query.bytes, to);
  result->target = between(start, to);

  start = to;
  to = put_canonical(to, signer, request, path, query, names, result);
  result->canonical = between(start, to);
  if (set_day(signer, result->date.bytes, error) != 0 ||
      jdvm_sha256(&signer->hasher, start, (size_t)(to - start), digest, error) != 0) {
    return -1;
  }

  start = to;
  to = put_to_sign(to, signer, result->date);
  jdvm_hex(to, digest, sizeof digest);
  to += JDVM_SHA256_HEX;
  if (jdvm_hmac(&signer->hasher, signer->key, sizeof signer->key, start, (size_t)(to - start),
                digest, error) != 0) {
    return -1;
  }

  start = to;
  to = put_authorization(to, signer, names);
  jdvm_hex(to, digest, sizeof digest);
  result->authorization = between(start, to + JDVM_SHA256_HEX);
  return 0;
}
