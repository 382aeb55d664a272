/* Tests of what only C can ask of sign.c: signatures are tested from Lua, and by spec/fuzz/fuzz_sign.c. */
#define _DEFAULT_SOURCE

#include "check.h"

#include "pure/sign.h"

static jdvm_text text_of(const char *bytes, size_t length) {
  jdvm_text text;
  text.bytes = bytes;
  text.length = length;
  return text;
}

static jdvm_text literal(const char *bytes) {
  return text_of(bytes, strlen(bytes));
}

static jdvm_identity identity_of(jdvm_version version, const char *token) {
  jdvm_identity identity;
  identity.version = version;
  identity.access_key = literal("AK");
  identity.secret_key = literal("SK");
  identity.token = literal(token);
  identity.raw_token = false;
  identity.region = literal("cn-north-1");
  identity.service = literal("vm");
  return identity;
}

/* Closing wipes; the keys of every length are in one block. */
static void test_identity(void) {
  static const jdvm_signer closed;
  jdvm_identity identity = identity_of(JDVM_JDCLOUD2, "tok");
  jdvm_signer signer;
  jdvm_error error;
  char token[1500];
  size_t length;
  bool good = true;
  memset(&signer, 0, sizeof signer);
  memset(token, 't', sizeof token);
  for (length = 0; length < sizeof token && good; length++) {
    const char *first, *end;
    identity.token = text_of(token, length);
    good = jdvm_signer_open(&signer, &identity, &error) == 0;
    first = signer.owned.bytes;
    end = first + signer.owned.length;
    good = good && signer.access_key.bytes == first &&
           signer.token.length == (length + 2) / 3 * 4 &&
           signer.token.bytes + signer.token.length == end && signer.owned.length < 2 * length + 32;
    jdvm_signer_close(&signer);
    good = good && memcmp(&signer, &closed, sizeof closed) == 0;
  }
  CHECK(good);
  jdvm_signer_close(&signer);
  identity.secret_key = literal("secret\n");
  CHECK(jdvm_signer_open(&signer, &identity, &error) != 0);
  CHECK(error.kind == JDVM_ARGUMENT && strstr(error.message, "secret\n") == NULL);
  CHECK(memcmp(&signer, &closed, sizeof closed) == 0);
}

/* What no memory can hold; the binding turns it away by this. */
static void test_room(void) {
  jdvm_identity identity = identity_of(JDVM_JDCLOUD2, "");
  jdvm_signer signer;
  jdvm_error error;
  memset(&signer, 0, sizeof signer);
  CHECK(jdvm_signer_open(&signer, &identity, &error) == 0);
  CHECK(jdvm_sign_room(&signer, SIZE_MAX / 4, 6) == SIZE_MAX);
  CHECK(jdvm_sign_room(&signer, 0, SIZE_MAX / 4) == SIZE_MAX);
  jdvm_signer_close(&signer);
}

int main(void) {
  TEST(test_identity());
  TEST(test_room());
  return tests_end();
}
