/* libFuzzer: a request of any bytes is refused, or signed into the memory that was asked for, and what
** is sent is what was signed. (Encoding and order are tested from Lua, against the emulator's verifier.)
**
** Input: a byte whose lowest bits choose version and token, then lines: path, query ("name=value&…",
** plain text), nonce, host. spec/fuzz/run.sh builds and runs it. */
#include "fuzz.h"

#include "pure/sign.h"

static jdvm_text text_of(const char *bytes, size_t length) {
  jdvm_text text;
  text.bytes = bytes;
  text.length = length;
  return text;
}

static jdvm_text literal(const char *text) {
  return text_of(text, strlen(text));
}

/* Takes the text before the next `mark`, or all, off the front. */
static jdvm_text take(jdvm_text *rest, char mark) {
  const char *end = rest->length > 0 ? memchr(rest->bytes, mark, rest->length) : NULL;
  jdvm_text first = text_of(rest->bytes, end != NULL ? (size_t)(end - rest->bytes) : rest->length);
  size_t gone = end != NULL ? first.length + 1 : first.length;
  rest->bytes += gone;
  rest->length -= gone;
  return first;
}

static bool is_same(jdvm_text a, jdvm_text b) {
  return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

/* The canonical request says what is sent, line by line. */
static void check_result(const jdvm_request *request, const jdvm_signed *result) {
  jdvm_text text = result->canonical, query = result->target, path = take(&query, '?'), line;
  MUST(is_same(take(&text, '\n'), request->method));
  line = take(&text, '\n');
  MUST(is_same(line, path) && path.bytes[0] == '/');
  line = take(&text, '\n');
  MUST(is_same(line, query));
  MUST(is_same(take(&text, '\n'), literal("content-type:application/json")));
  line = take(&text, '\n');
  MUST(is_same(take(&line, ':'), literal("host")) && is_same(line, request->host));
  line = take(&text, '\n');
  MUST(is_same(take(&line, ':'), literal("x-jdcloud-date")) && is_same(line, result->date));
  line = take(&text, '\n');
  MUST(is_same(take(&line, ':'), literal("x-jdcloud-nonce")) && is_same(line, request->nonce));
  if (result->token.length > 0) {
    line = take(&text, '\n');
    MUST(is_same(take(&line, ':'), literal("x-jdcloud-security-token")));
    MUST(is_same(line, result->token));
  }
  MUST(take(&text, '\n').length == 0);
  line = take(&text, '\n');
  MUST(line.length > 0 && text.length == JDVM_SHA256_HEX);
}

/* One for each version, with and without a token, for all inputs, as in a process that lives long. */
static jdvm_signer signers[4];

static void open_signers(void) {
  size_t i;
  for (i = 0; i < 4; i++) {
    jdvm_identity identity;
    jdvm_error error;
    memset(&identity, 0, sizeof identity);
    identity.version = i % 2 == 0 ? JDVM_JDCLOUD2 : JDVM_JDCLOUD3;
    identity.access_key = literal("AK");
    identity.secret_key = literal("SK");
    identity.token = literal(i < 2 ? "" : "token");
    identity.region = literal("cn-north-1");
    identity.service = literal("vm");
    MUST(jdvm_signer_open(&signers[i], &identity, &error) == 0);
  }
}

enum { MOST_PAIRS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  jdvm_text rest = text_of((const char *)data, size), query;
  jdvm_pair parameters[MOST_PAIRS];
  jdvm_signer *signer;
  jdvm_request request;
  jdvm_signed result;
  jdvm_error error;
  size_t length, room;
  char *memory;
  if (size == 0) {
    return 0;
  }
  if (signers[0].hasher.context == NULL) {
    open_signers();
  }
  signer = &signers[data[0] & 3];
  rest.bytes++;
  rest.length--;
  request.method = literal("GET");
  request.path = take(&rest, '\n');
  query = take(&rest, '\n');
  request.nonce = take(&rest, '\n');
  request.host = rest.length > 0 ? take(&rest, '\n') : literal("vm.jdcloud-api.com");
  request.seconds = (int64_t)(request.path.length * 40000);
  request.query = parameters;
  length = request.method.length + request.path.length + request.nonce.length + request.host.length;
  for (request.count = 0; request.count < MOST_PAIRS && query.length > 0; request.count++) {
    jdvm_pair *pair = &parameters[request.count];
    pair->value = take(&query, '&');
    pair->name = take(&pair->value, '=');
    length += pair->name.length + pair->value.length;
  }
  room = jdvm_sign_room(signer, request.count, length);
  memory = malloc(room);
  MUST(memory != NULL);
  if (jdvm_sign(signer, &request, memory, &result, &error) == 0) {
    check_result(&request, &result);
  } else {
    MUST(error.kind == JDVM_ARGUMENT && error.message[0] != 0);
  }
  free(memory);
  return 0;
}
