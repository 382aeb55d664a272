#include "response.h"
#include "chars.h"

void jdvm_response_free(jdvm_response *response) {
  jdvm_buf_free(&response->header);
  jdvm_buf_free(&response->body);
}

void jdvm_response_reset(jdvm_response *response, size_t max_header, size_t max_body, bool gzip) {
  jdvm_response_free(response);
  memset(response, 0, sizeof *response);
  response->wrong = "";
  response->max_header = max_header;
  response->max_body = max_body;
  response->gzip = gzip;
}

static bool give_up(jdvm_response *response, jdvm_limit limit) {
  response->limit = limit;
  return false;
}

static bool refuse(jdvm_response *response, const char *wrong) {
  response->wrong = wrong;
  return give_up(response, JDVM_LIMIT_FRAMING);
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_text(const char *text, size_t length) {
  size_t i;
  for (i = 0; i < length && !jdvm_is(text[i], JDVM_CHAR_CONTROL); i++) {
  }
  return i == length;
}

/* Whether [text, text + length) is `word`, in any case. */
static bool is_word(const char *text, size_t length, const char *word) {
  size_t i;
  for (i = 0; i < length && word[i] != '\0'; i++) {
    char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
    if (c != word[i]) {
      return false;
    }
  }
  return i == length && word[i] == '\0';
}

/* "HTTP/1.0", "HTTP/1.1", "HTTP/2" or "HTTP/3", three digits, and any reason. */
static bool begin_header(jdvm_response *response, const char *line, size_t length) {
  bool http1 = length > 8 && (memcmp(line, "HTTP/1.0", 8) == 0 || memcmp(line, "HTTP/1.1", 8) == 0);
  bool later = length > 6 && (memcmp(line, "HTTP/2", 6) == 0 || memcmp(line, "HTTP/3", 6) == 0);
  const char *code = line + (http1 ? 8 : 6);
  size_t rest = length - (size_t)(code - line);
  if (!(http1 || later) || rest < 4 || code[0] != ' ' || code[1] == '0' || !is_digit(code[1]) ||
      !is_digit(code[2]) || !is_digit(code[3]) || (rest > 4 && code[4] != ' ') ||
      !is_text(code, rest)) {
    return refuse(response, "no HTTP status line");
  }
  response->http1_0 = http1 && line[7] == '0';
  response->status = (code[1] - '0') * 100 + (code[2] - '0') * 10 + (code[3] - '0');
  response->in_header = true;
  response->field_count = 0;
  response->header.length = 0;
  return response->status != 101 ||
         refuse(response, "a switch to another protocol that was not asked for");
}

/* Appends [text, text + length) without the blanks around it, and tells where it went. */
static bool add_trimmed(jdvm_response *response, const char *text, size_t length, size_t *at,
                        size_t *size) {
  while (length > 0 && is_blank(text[0])) {
    text++;
    length--;
  }
  while (length > 0 && is_blank(text[length - 1])) {
    length--;
  }
  *at = response->header.length;
  *size = length;
  return jdvm_buf_add(&response->header, text, length) || give_up(response, JDVM_LIMIT_MEMORY);
}

/* A line of a header or a trailer, where only its form counts. */
static bool is_field(const char *line, size_t length) {
  size_t name = 0;
  while (name < length && jdvm_is(line[name], JDVM_CHAR_TOKEN)) {
    name++;
  }
  return name > 0 && name < length && line[name] == ':' &&
         is_text(line + name + 1, length - name - 1);
}

static bool add_field(jdvm_response *response, const char *line, size_t length) {
  jdvm_header_field *field = &response->fields[response->field_count];
  size_t name = (size_t)((const char *)memchr(line, ':', length) - line), i;
  if (response->field_count == JDVM_MAX_FIELDS) {
    return give_up(response, JDVM_LIMIT_FIELDS);
  }
  if (!add_trimmed(response, line, name, &field->name, &field->name_length)) {
    return false;
  }
  for (i = field->name; i < field->name + name; i++) {
    char *c = &response->header.bytes[i];
    if (*c >= 'A' && *c <= 'Z') {
      *c = (char)(*c - 'A' + 'a');
    }
  }
  response->field_count++;
  return add_trimmed(response, line + name + 1, length - name - 1, &field->value,
                     &field->value_length);
}

/* A continuation line belongs to the field before it, joined by one space (RFC 9112, 5.2). The
** value it extends is the last thing in the header text. */
static bool unfold(jdvm_response *response, const char *line, size_t length) {
  jdvm_header_field *field = &response->fields[response->field_count - 1];
  const char *name = response->header.bytes + field->name;
  size_t before = response->header.length, at, size;
  if (is_word(name, field->name_length, "content-length") ||
      is_word(name, field->name_length, "transfer-encoding") ||
      is_word(name, field->name_length, "content-encoding")) {
    return refuse(response, "a malformed header line"); /* not every reader unfolds */
  }
  if (field->value_length > 0 && !jdvm_buf_add_char(&response->header, ' ')) {
    return give_up(response, JDVM_LIMIT_MEMORY);
  }
  if (!add_trimmed(response, line, length, &at, &size)) {
    return false;
  }
  if (size == 0) {
    response->header.length = before; /* only blanks: nothing to join */
  }
  field->value_length = response->header.length - field->value;
  return true;
}

/* The value of all fields of that name: *length is how long; NULL when there is none. False when they
** do not all say the same. */
static bool read_one(const jdvm_response *response, const char *name, const char **value,
                     size_t *length, unsigned *count) {
  const char *text = response->header.bytes;
  unsigned i;
  *value = NULL;
  *length = *count = 0;
  for (i = 0; i < response->field_count; i++) {
    const jdvm_header_field *field = &response->fields[i];
    if (!is_word(text + field->name, field->name_length, name)) {
      continue;
    }
    if (*count > 0 &&
        (field->value_length != *length || memcmp(text + field->value, *value, *length) != 0)) {
      return false;
    }
    *value = text + field->value;
    *length = field->value_length;
    (*count)++;
  }
  return true;
}

/* The rule for both transports (see the reference): two readers cannot cut this response in two
** different ways (RFC 9112, 6.3), and its body is coded only as was asked for. */
static bool check_framing(jdvm_response *response) {
  const char *coding, *chunks, *digits;
  size_t coding_length, chunks_length, digits_length, i;
  unsigned codings, transfers, lengths;
  bool one_coding = read_one(response, "content-encoding", &coding, &coding_length, &codings);
  bool one_transfer = read_one(response, "transfer-encoding", &chunks, &chunks_length, &transfers);
  bool one_length = read_one(response, "content-length", &digits, &digits_length, &lengths);
  if (!one_length) {
    return refuse(response, "two Content-Length headers that differ");
  }
  for (i = 0; i < digits_length && is_digit(digits[i]); i++) {
  }
  if (lengths > 0 && (i == 0 || i < digits_length || i > 15)) {
    return refuse(response, "a Content-Length that is no length");
  }
  if (transfers > 0 && (!one_transfer || transfers > 1 || response->http1_0 ||
                        !is_word(chunks, chunks_length, "chunked"))) {
    return refuse(response, "a transfer coding that was not asked for");
  }
  if (transfers > 0 && lengths > 0) {
    return refuse(response, "both a Content-Length and a transfer coding");
  }
  if (codings > 0 && (!one_coding || codings > 1 ||
                      !(is_word(coding, coding_length, "identity") ||
                        (response->gzip && is_word(coding, coding_length, "gzip"))))) {
    return refuse(response, "a content coding that was not asked for");
  }
  return true;
}

bool jdvm_response_line(jdvm_response *response, const char *line, size_t length) {
  bool folded = length > 0 && is_blank(line[0]);
  if (length > response->max_header - response->header_bytes) {
    return give_up(response, JDVM_LIMIT_HEADER);
  }
  response->header_bytes += length;
  if (length < 2 || line[length - 2] != '\r' || line[length - 1] != '\n') {
    return refuse(response, "lines that end in LF alone");
  }
  length -= 2;
  if (!response->in_header && !response->header_complete) {
    return begin_header(response, line, length);
  }
  if (length == 0) {
    response->in_header = false;
    response->header_complete = response->status >= 200;
    return !response->header_complete || check_framing(response);
  }
  if (folded ? !is_text(line, length) || response->field_count == 0 : !is_field(line, length)) {
    return refuse(response, "a malformed header line");
  }
  if (response->header_complete) {
    return true; /* a trailer */
  }
  return folded ? unfold(response, line, length) : add_field(response, line, length);
}

bool jdvm_response_piece(jdvm_response *response, const char *bytes, size_t length) {
  if (length > response->max_body - response->body.length) {
    return give_up(response, JDVM_LIMIT_BODY);
  }
  if (!jdvm_buf_add(&response->body, bytes, length)) {
    return give_up(response, JDVM_LIMIT_MEMORY);
  }
  return true;
}
