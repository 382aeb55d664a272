#include "jdvm_signer.h"

static bool is_control(char c) {
  return (unsigned char)c < ' ' || c == 127;
}

static bool is_visible(char c) {
  return c > ' ' && c < 127;
}

static bool add(jdvm_buf *out, jdvm_text text) {
  return jdvm_buf_add(out, text.bytes, text.length);
}

static int short_of_memory(jdvm_error *error) {
  return jdvm_fail(error, JDVM_MEMORY, "not enough memory");
}

/* Access key, region and service stand between "/" and "," in the Authorization header. */
static int check_scope_part(jdvm_text text, const char *what, jdvm_error *error) {
  size_t i;
  if (text.length == 0) {
    return jdvm_fail(error, JDVM_ARGUMENT, "%s is empty", what);
  }
  for (i = 0; i < text.length; i++) {
    char c = text.bytes[i];
    if (!is_visible(c) || c == '/' || c == ',') {
      return jdvm_fail(error, JDVM_ARGUMENT,
                       "%s contains a blank, a control character or another character that cannot "
                       "stand in a signature (a line end left from a file?)",
                       what);
    }
  }
  return 0;
}

static int check_secret(jdvm_text text, const char *what, bool visible, jdvm_error *error) {
  size_t i;
  for (i = 0; i < text.length; i++) {
    if (is_control(text.bytes[i]) || (visible && !is_visible(text.bytes[i]))) {
      return jdvm_fail(error, JDVM_ARGUMENT,
                       "%s contains a blank, a control character or another character that it "
                       "cannot have (a line end left from a file?)",
                       what);
    }
  }
  return 0;
}

/* RFC 4648 with padding. Room is reserved by the caller. */
static bool add_base64(jdvm_buf *out, jdvm_text text) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  bool done = true;
  size_t i;
  for (i = 0; done && i < text.length; i += 3) {
    size_t rest = text.length - i;
    unsigned bits = (unsigned)(unsigned char)text.bytes[i] << 16;
    char four[4];
    bits |= rest > 1 ? (unsigned)(unsigned char)text.bytes[i + 1] << 8 : 0;
    bits |= rest > 2 ? (unsigned)(unsigned char)text.bytes[i + 2] : 0;
    four[0] = digits[bits >> 18];
    four[1] = digits[bits >> 12 & 63];
    four[2] = rest > 1 ? digits[bits >> 6 & 63] : '=';
    four[3] = rest > 2 ? digits[bits & 63] : '=';
    done = jdvm_buf_add(out, four, sizeof four);
  }
  return done;
}

static jdvm_text own(jdvm_signer *signer, jdvm_text text, bool base64) {
  size_t start = signer->owned.length;
  jdvm_text copy;
  (void)(base64 ? add_base64(&signer->owned, text) : add(&signer->owned, text));
  copy.bytes = signer->owned.bytes + start;
  copy.length = signer->owned.length - start;
  return copy;
}

int jdvm_signer_open(jdvm_signer *signer, const jdvm_identity *identity, jdvm_error *error) {
  size_t room;
  if (check_scope_part(identity->access_key, "access_key", error) != 0 ||
      check_scope_part(identity->region, "region", error) != 0 ||
      check_scope_part(identity->service, "service", error) != 0 ||
      check_secret(identity->secret_key, "secret_key", false, error) != 0 ||
      check_secret(identity->token, "session_token", identity->raw_token, error) != 0) {
    return -1;
  }
  if (identity->secret_key.length == 0) {
    return jdvm_fail(error, JDVM_ARGUMENT, "secret_key is empty");
  }
  /* One reservation for all: the texts do not move, and no stale copy of a secret is left. */
  room = identity->access_key.length + identity->secret_key.length + identity->region.length +
         identity->service.length + 2 * identity->token.length + 4;
  if (!jdvm_buf_reserve(&signer->owned, room)) {
    return short_of_memory(error);
  }
  signer->version = identity->version;
  signer->access_key = own(signer, identity->access_key, false);
  signer->secret_key = own(signer, identity->secret_key, false);
  signer->region = own(signer, identity->region, false);
  signer->service = own(signer, identity->service, false);
  if (identity->token.length > 0) {
    signer->token = own(signer, identity->token, !identity->raw_token);
  }
  return jdvm_hasher_open(&signer->hasher, error);
}

void jdvm_signer_close(jdvm_signer *signer) {
  jdvm_hmac_close(&signer->key);
  jdvm_hasher_close(&signer->hasher);
  if (signer->owned.bytes != NULL) {
    jdvm_wipe(signer->owned.bytes, signer->owned.capacity);
  }
  jdvm_buf_free(&signer->owned);
  jdvm_buf_free(&signer->to_sign);
  jdvm_buf_free(&signer->authorization);
  jdvm_pairs_free(&signer->query);
  jdvm_headers_free(&signer->headers);
  jdvm_buf_free(&signer->canonical);
  memset(signer, 0, sizeof *signer);
}

/* A new day: key, scope, and the parts of both texts that contain the scope. */
static int begin_day(jdvm_signer *signer, jdvm_error *error) {
  unsigned char key[JDVM_SHA256_SIZE];
  jdvm_buf *to_sign = &signer->to_sign, *authorization = &signer->authorization;
  const char *algorithm = jdvm_algorithm_name(signer->version);
  jdvm_text day;
  int result;
  day.bytes = signer->timestamp;
  day.length = JDVM_DAY;
  result = jdvm_signing_key(&signer->hasher, signer->version, signer->secret_key, day,
                            signer->region, signer->service, key, error);
  if (result == 0) {
    result = jdvm_hmac_set_key(&signer->hasher, &signer->key, key, sizeof key, error);
  }
  jdvm_wipe(key, sizeof key);
  if (result != 0) {
    return -1;
  }
  to_sign->length = 0;
  authorization->length = 0;
  if (!jdvm_buf_add_text(to_sign, algorithm) || !jdvm_buf_add_char(to_sign, '\n') ||
      !jdvm_buf_add(to_sign, signer->timestamp, JDVM_TIMESTAMP) ||
      !jdvm_buf_add_char(to_sign, '\n') ||
      !jdvm_scope(to_sign, signer->version, day, signer->region, signer->service) ||
      !jdvm_buf_add_char(to_sign, '\n') || !jdvm_buf_reserve(to_sign, JDVM_SHA256_HEX) ||
      !jdvm_buf_add_text(authorization, algorithm) ||
      !jdvm_buf_add_text(authorization, " Credential=") ||
      !add(authorization, signer->access_key) || !jdvm_buf_add_char(authorization, '/') ||
      !jdvm_scope(authorization, signer->version, day, signer->region, signer->service) ||
      !jdvm_buf_add_text(authorization, ", SignedHeaders=")) {
    return short_of_memory(error);
  }
  to_sign->length += JDVM_SHA256_HEX; /* filled in for each request */
  signer->authorization_head = authorization->length;
  return 0;
}

/* Brings date, and with a new day the key, up to `seconds`. */
static int set_time(jdvm_signer *signer, int64_t seconds, jdvm_error *error) {
  char timestamp[JDVM_TIMESTAMP];
  bool same_day;
  if (signer->has_second && signer->second == seconds) {
    return 0;
  }
  if (seconds < 0 || seconds >= JDVM_TIME_END) {
    return jdvm_fail(error, JDVM_ARGUMENT, "time is not between the years 1970 and 9999");
  }
  jdvm_timestamp(timestamp, seconds);
  same_day = signer->has_day && memcmp(timestamp, signer->timestamp, JDVM_DAY) == 0;
  signer->has_second = false;
  signer->has_day = false;
  memcpy(signer->timestamp, timestamp, sizeof timestamp);
  if (same_day) {
    memcpy(signer->to_sign.bytes + JDVM_ALGORITHM_LENGTH + 1, timestamp, sizeof timestamp);
  } else if (begin_day(signer, error) != 0) {
    return -1;
  }
  signer->has_day = true;
  signer->has_second = true;
  signer->second = seconds;
  return 0;
}

/* Hash, string to sign, signature, Authorization. */
static int finish(jdvm_signer *signer, jdvm_text signed_names, jdvm_error *error) {
  jdvm_buf *to_sign = &signer->to_sign, *authorization = &signer->authorization;
  unsigned char digest[JDVM_SHA256_SIZE];
  char signature[JDVM_SHA256_HEX];
  if (jdvm_sha256(&signer->hasher, signer->canonical.bytes, signer->canonical.length, digest,
                  error) != 0) {
    return -1;
  }
  jdvm_hex(to_sign->bytes + to_sign->length - JDVM_SHA256_HEX, digest, sizeof digest);
  if (jdvm_hmac(&signer->hasher, &signer->key, to_sign->bytes, to_sign->length, digest, error) !=
      0) {
    return -1;
  }
  jdvm_hex(signature, digest, sizeof digest);
  authorization->length = signer->authorization_head;
  return add(authorization, signed_names) && jdvm_buf_add_text(authorization, ", Signature=") &&
                 jdvm_buf_add(authorization, signature, sizeof signature)
             ? 0
             : short_of_memory(error);
}

/* Lower-case hexadecimal SHA-256 of the body, in `hex` unless it is the constant of no body. */
static int hash_body(jdvm_signer *signer, jdvm_text body, char hex[JDVM_SHA256_HEX],
                     jdvm_text *payload_hash, jdvm_error *error) {
  static const char of_nothing[] =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  unsigned char digest[JDVM_SHA256_SIZE];
  payload_hash->bytes = of_nothing;
  payload_hash->length = JDVM_SHA256_HEX;
  if (body.length > 0) {
    if (jdvm_sha256(&signer->hasher, body.bytes, body.length, digest, error) != 0) {
      return -1;
    }
    jdvm_hex(hex, digest, sizeof digest);
    payload_hash->bytes = hex;
  }
  return 0;
}

/* Path and query stand one after the other in the hashed text, divided by a line end: with a "?" in
** its place they are the target. */
static jdvm_text make_target(jdvm_buf *canonical, const jdvm_layout *layout) {
  jdvm_text target;
  target.bytes = canonical->bytes + layout->path_at;
  target.length = layout->path_end - layout->path_at;
  if (layout->query_end > layout->query_at) {
    canonical->bytes[layout->path_end] = '?';
    target.length = layout->query_end - layout->path_at;
  }
  return target;
}

int jdvm_signer_sign(jdvm_signer *signer, const jdvm_request *request, jdvm_error *error) {
  static const jdvm_text json = {"application/json", sizeof "application/json" - 1};
  jdvm_text own_values[JDVM_OWN_HEADERS], names;
  jdvm_parts parts = {request->method,          request->path, true, &signer->query,
                      &signer->headers.to_sign, {NULL, 0}};
  jdvm_layout layout;
  char hex[JDVM_SHA256_HEX];
  if (jdvm_request_check(request, &signer->query, error) != 0 ||
      set_time(signer, request->seconds, error) != 0) {
    return -1;
  }
  own_values[JDVM_CONTENT_TYPE] = json;
  own_values[JDVM_HOST] = request->host;
  own_values[JDVM_DATE].bytes = signer->timestamp;
  own_values[JDVM_DATE].length = JDVM_TIMESTAMP;
  own_values[JDVM_NONCE] = request->nonce;
  own_values[JDVM_TOKEN] = signer->token;
  if (jdvm_headers_collect(&signer->headers, signer->version, own_values, &parts.payload_hash,
                           error) != 0) {
    return -1;
  }
  if (parts.payload_hash.bytes == NULL &&
      hash_body(signer, request->body, hex, &parts.payload_hash, error) != 0) {
    return -1;
  }
  if (!jdvm_canonical_request(&signer->canonical, signer->version, &parts, &layout)) {
    return short_of_memory(error);
  }
  names.bytes = signer->canonical.bytes + layout.names_at;
  names.length = layout.names_end - layout.names_at;
  if (finish(signer, names, error) != 0) {
    return -1;
  }
  signer->target = make_target(&signer->canonical, &layout);
  return 0;
}
