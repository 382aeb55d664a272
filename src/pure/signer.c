#include "signer.h"

static bool add(jdvm_buf *out, jdvm_text text) {
  return jdvm_buf_add(out, text.bytes, text.length);
}

/* Most requests have the same headers but for host, date and nonce; their canonical form is kept in
** pieces. This is what follows the nonce. */
static bool prepare_end(jdvm_signer *signer) {
  jdvm_buf *out = &signer->usual_end;
  size_t i, last = signer->who.token.length > 0 ? JDVM_TOKEN : JDVM_NONCE, names_at;
  /* At once, so that growing leaves no copy of the token behind. */
  bool done = jdvm_buf_reserve(out, signer->who.token.length + 256) && jdvm_buf_add_char(out, '\n');
  if (last == JDVM_TOKEN) {
    done = done && add(out, jdvm_own_header_names[JDVM_TOKEN]) && jdvm_buf_add_char(out, ':') &&
           add(out, signer->who.token) && jdvm_buf_add_char(out, '\n');
  }
  done = done && jdvm_buf_add_char(out, '\n');
  names_at = out->length;
  for (i = 0; done && i <= last; i++) {
    done = (i == 0 || jdvm_buf_add_char(out, ';')) && add(out, jdvm_own_header_names[i]);
  }
  signer->usual_names.bytes = out->bytes + names_at;
  signer->usual_names.length = out->length - names_at;
  return done;
}

int jdvm_signer_open(jdvm_signer *signer, const jdvm_identity *identity, jdvm_error *error) {
  if (jdvm_identity_copy(&signer->who, &signer->owned, identity, error) != 0) {
    return -1;
  }
  if (!prepare_end(signer)) {
    return jdvm_short_of_memory(error);
  }
  return jdvm_hasher_open(&signer->hasher, error);
}

void jdvm_signer_close(jdvm_signer *signer) {
  jdvm_hmac_close(&signer->key);
  jdvm_beginning_close(&signer->beginning);
  jdvm_hasher_close(&signer->hasher);
  jdvm_buf_wipe(&signer->owned);
  jdvm_buf_free(&signer->to_sign);
  jdvm_buf_free(&signer->authorization);
  jdvm_buf_free(&signer->usual);
  jdvm_buf_wipe(&signer->usual_end);
  jdvm_pairs_free(&signer->query);
  jdvm_buf_wipe(&signer->headers.store);
  jdvm_headers_free(&signer->headers);
  jdvm_buf_wipe(&signer->canonical);
  memset(signer, 0, sizeof *signer);
}

/* A new day: key, scope, and the parts of both texts that contain the scope. */
static int begin_day(jdvm_signer *signer, jdvm_error *error) {
  unsigned char key[JDVM_SHA256_SIZE];
  jdvm_buf *to_sign = &signer->to_sign, *authorization = &signer->authorization;
  const char *algorithm = jdvm_algorithm_name(signer->who.version);
  jdvm_text day;
  int result;
  day.bytes = signer->timestamp;
  day.length = JDVM_DAY;
  result = jdvm_signing_key(&signer->hasher, signer->who.version, signer->who.secret_key, day,
                            signer->who.region, signer->who.service, key, error);
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
      !jdvm_scope(to_sign, signer->who.version, day, signer->who.region, signer->who.service) ||
      !jdvm_buf_add_char(to_sign, '\n') || !jdvm_buf_add_text(authorization, algorithm) ||
      !jdvm_buf_add_text(authorization, " Credential=") ||
      !add(authorization, signer->who.access_key) || !jdvm_buf_add_char(authorization, '/') ||
      !jdvm_scope(authorization, signer->who.version, day, signer->who.region,
                  signer->who.service) ||
      !jdvm_buf_add_text(authorization, ", SignedHeaders=")) {
    return jdvm_short_of_memory(error);
  }
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
  signer->usual_host = 0;
  memcpy(signer->timestamp, timestamp, sizeof timestamp);
  if (same_day) {
    memcpy(signer->to_sign.bytes + JDVM_ALGORITHM_LENGTH + 1, timestamp, sizeof timestamp);
  } else if (begin_day(signer, error) != 0) {
    return -1;
  }
  signer->has_day = true;
  if (jdvm_hmac_begin(&signer->key, signer->to_sign.bytes, signer->to_sign.length, error) != 0) {
    return -1;
  }
  signer->has_second = true;
  signer->second = seconds;
  return 0;
}

/* Hash, signature, Authorization. */
static int finish(jdvm_signer *signer, jdvm_text signed_names, jdvm_error *error) {
  jdvm_buf *authorization = &signer->authorization;
  unsigned char digest[JDVM_SHA256_SIZE];
  char hex[JDVM_SHA256_HEX];
  if (jdvm_sha256_similar(&signer->hasher, &signer->beginning, signer->canonical.bytes,
                          signer->canonical.length, digest, error) != 0) {
    return -1;
  }
  jdvm_hex(hex, digest, sizeof digest);
  if (jdvm_hmac_rest(&signer->hasher, &signer->key, hex, sizeof hex, digest, error) != 0) {
    return -1;
  }
  jdvm_hex(hex, digest, sizeof digest);
  authorization->length = signer->authorization_head;
  return add(authorization, signed_names) && jdvm_buf_add_text(authorization, ", Signature=") &&
                 jdvm_buf_add(authorization, hex, sizeof hex)
             ? 0
             : jdvm_short_of_memory(error);
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

static const jdvm_text json = {"application/json", sizeof "application/json" - 1};

/* Brings `usual` up to the host. */
static int set_host(jdvm_signer *signer, jdvm_text host, jdvm_error *error) {
  static const char before[] = "content-type:application/json\nhost:";
  jdvm_buf *out = &signer->usual;
  if (signer->usual_host > 0 && signer->usual_host == host.length &&
      memcmp(out->bytes + sizeof before - 1, host.bytes, host.length) == 0) {
    return 0;
  }
  signer->usual_host = 0;
  out->length = 0;
  if (jdvm_check_host(host, error) != 0) {
    return -1;
  }
  if (!jdvm_buf_add_text(out, before) || !add(out, host) ||
      !jdvm_buf_add_text(out, "\nx-jdcloud-date:") ||
      !jdvm_buf_add(out, signer->timestamp, JDVM_TIMESTAMP) ||
      !jdvm_buf_add_text(out, "\nx-jdcloud-nonce:")) {
    return jdvm_short_of_memory(error);
  }
  signer->usual_host = host.length;
  return 0;
}

int jdvm_signer_sign(jdvm_signer *signer, const jdvm_request *request, jdvm_error *error) {
  jdvm_text *own = signer->own, names = signer->usual_names;
  jdvm_parts parts;
  jdvm_layout layout;
  char hex[JDVM_SHA256_HEX];
  parts.method = request->method;
  parts.path = request->path;
  parts.on_wire = false;
  parts.query = &signer->query;
  parts.headers = NULL;
  parts.payload_hash.bytes = NULL;
  own[JDVM_CONTENT_TYPE] = json;
  own[JDVM_HOST] = request->host;
  own[JDVM_DATE].bytes = signer->timestamp;
  own[JDVM_DATE].length = JDVM_TIMESTAMP;
  own[JDVM_NONCE] = request->nonce;
  own[JDVM_TOKEN] = signer->who.token;
  if (jdvm_request_check(request, &signer->query, error) != 0 ||
      set_time(signer, request->seconds, error) != 0 ||
      set_host(signer, request->host, error) != 0 ||
      jdvm_headers_nonce(&signer->headers, signer->who.version, &own[JDVM_NONCE], error) != 0) {
    return -1;
  }
  if (signer->headers.extra.count > 0) {
    if (jdvm_headers_collect(&signer->headers, signer->who.version, own, &parts.payload_hash,
                             error) != 0) {
      return -1;
    }
    parts.headers = &signer->headers.to_sign;
  } else {
    parts.ready[0].bytes = signer->usual.bytes;
    parts.ready[0].length = signer->usual.length;
    parts.ready[1] = own[JDVM_NONCE];
    parts.ready[2].bytes = signer->usual_end.bytes;
    parts.ready[2].length = signer->usual_end.length;
  }
  if (parts.payload_hash.bytes == NULL &&
      hash_body(signer, request->body, hex, &parts.payload_hash, error) != 0) {
    return -1;
  }
  if (!jdvm_canonical_request(&signer->canonical, signer->who.version, &parts, &layout)) {
    return jdvm_short_of_memory(error);
  }
  if (parts.headers != NULL) {
    names.bytes = signer->canonical.bytes + layout.names_at;
    names.length = layout.names_end - layout.names_at;
  }
  if (finish(signer, names, error) != 0) {
    return -1;
  }
  signer->target = make_target(&signer->canonical, &layout);
  return 0;
}
