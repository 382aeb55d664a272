#include "identity.h"
#include "chars.h"

static bool is_visible(char c) {
  return c > ' ' && c < 127;
}

/* Access key, region and service stand between "/" and "," in the Authorization header. */
static int check_scope_part(jdvm_text text, const char *what, jdvm_error *error) {
  size_t i;
  if (text.length == 0) {
    return jdvm_fail(error, JDVM_ARGUMENT, "%s is empty", what);
  }
  for (i = 0; i < text.length; i++) {
    if (!is_visible(text.bytes[i]) || text.bytes[i] == '/' || text.bytes[i] == ',') {
      return jdvm_fail(error, JDVM_ARGUMENT,
                       "%s contains a \"/\", a \",\" or something else than visible ASCII "
                       "(a line end left from a file?)",
                       what);
    }
  }
  return 0;
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

static jdvm_text own(jdvm_buf *owned, jdvm_text text, bool base64) {
  size_t start = owned->length;
  jdvm_text copy;
  (void)(base64 ? add_base64(owned, text) : jdvm_buf_add(owned, text.bytes, text.length));
  copy.bytes = owned->bytes + start;
  copy.length = owned->length - start;
  return copy;
}

int jdvm_identity_copy(jdvm_identity *copy, jdvm_buf *owned, const jdvm_identity *given,
                       jdvm_error *error) {
  if (check_identity(given, error) != 0) {
    return -1;
  }
  /* One reservation for all: the texts do not move, and no stale copy of a secret is left. */
  if (!jdvm_buf_reserve(owned, given->access_key.length + given->secret_key.length +
                                   given->region.length + given->service.length +
                                   2 * given->token.length + 4)) {
    return jdvm_short_of_memory(error);
  }
  *copy = *given;
  copy->access_key = own(owned, given->access_key, false);
  copy->secret_key = own(owned, given->secret_key, false);
  copy->region = own(owned, given->region, false);
  copy->service = own(owned, given->service, false);
  if (given->token.length > 0) {
    copy->token = own(owned, given->token, !given->raw_token);
  } else {
    copy->token.bytes = NULL;
  }
  return 0;
}
