#include "response.h"

void jdvm_response_reset(jdvm_response *response, size_t max_header, size_t max_body) {
  response->status = 0;
  response->header_complete = false;
  response->limit = JDVM_WITHIN_LIMITS;
  response->max_header = max_header;
  response->max_body = max_body;
  response->header_bytes = 0;
  response->field_count = 0;
  response->header.length = 0;
  response->body.length = 0;
}

void jdvm_response_free(jdvm_response *response) {
  jdvm_buf_free(&response->header);
  jdvm_buf_free(&response->body);
}

static bool give_up(jdvm_response *response, jdvm_limit limit) {
  response->limit = limit;
  return false;
}

static bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/* The three digits after "HTTP/<version> ", or 0. */
static int status_of(const char *line, size_t length) {
  size_t i = 5;
  int status = 0, digits = 0;
  while (i < length && line[i] != ' ') {
    i++;
  }
  while (i < length && line[i] == ' ') {
    i++;
  }
  for (; i < length && digits < 3 && line[i] >= '0' && line[i] <= '9'; i++, digits++) {
    status = status * 10 + (line[i] - '0');
  }
  return digits == 3 && (i == length || is_space(line[i])) ? status : 0;
}

/* Appends [text, text + length) trimmed, and tells where it went. */
static bool add_trimmed(jdvm_buf *buf, const char *text, size_t length, size_t *at, size_t *size) {
  while (length > 0 && is_space(text[0])) {
    text++;
    length--;
  }
  while (length > 0 && is_space(text[length - 1])) {
    length--;
  }
  *at = buf->length;
  *size = length;
  return jdvm_buf_add(buf, text, length);
}

static bool add_field(jdvm_response *response, const char *line, size_t length) {
  const char *colon = memchr(line, ':', length);
  jdvm_header_field field;
  size_t i;
  if (response->field_count == JDVM_MAX_FIELDS) {
    return give_up(response, JDVM_LIMIT_FIELDS);
  }
  if (colon == NULL) {
    return true; /* not a field: nothing to keep, nothing to fail over */
  }
  if (!add_trimmed(&response->header, line, (size_t)(colon - line), &field.name,
                   &field.name_length)) {
    return give_up(response, JDVM_LIMIT_MEMORY);
  }
  if (field.name_length == 0) {
    return true;
  }
  for (i = field.name; i < field.name + field.name_length; i++) {
    char *c = &response->header.bytes[i];
    if (*c >= 'A' && *c <= 'Z') {
      *c = (char)(*c - 'A' + 'a');
    }
  }
  if (!add_trimmed(&response->header, colon + 1, length - (size_t)(colon - line) - 1, &field.value,
                   &field.value_length)) {
    return give_up(response, JDVM_LIMIT_MEMORY);
  }
  response->fields[response->field_count++] = field;
  return true;
}

/* A continuation line belongs to the field before it, joined by one space (RFC 9112, 5.2). The
** value it extends is the last thing in the header text. */
static bool unfold(jdvm_response *response, const char *line, size_t length) {
  jdvm_header_field *field;
  size_t before = response->header.length, at, size;
  if (response->field_count == 0) {
    return true;
  }
  field = &response->fields[response->field_count - 1];
  if ((field->value_length > 0 && !jdvm_buf_add_char(&response->header, ' ')) ||
      !add_trimmed(&response->header, line, length, &at, &size)) {
    return give_up(response, JDVM_LIMIT_MEMORY);
  }
  if (size == 0) {
    response->header.length = before; /* only blanks: nothing to join */
  }
  field->value_length = response->header.length - field->value;
  return true;
}

/* Two lengths mean that somebody on the way may see another end of this body (RFC 9112, 6.3). */
static bool lengths_agree(const jdvm_response *response) {
  static const char name[] = "content-length";
  const jdvm_header_field *first = NULL;
  unsigned i;
  for (i = 0; i < response->field_count; i++) {
    const jdvm_header_field *field = &response->fields[i];
    if (field->name_length != sizeof name - 1 ||
        memcmp(response->header.bytes + field->name, name, sizeof name - 1) != 0) {
      continue;
    }
    if (first == NULL) {
      first = field;
    } else if (field->value_length != first->value_length ||
               memcmp(response->header.bytes + field->value, response->header.bytes + first->value,
                      field->value_length) != 0) {
      return false;
    }
  }
  return true;
}

bool jdvm_response_line(jdvm_response *response, const char *line, size_t length) {
  if (length > response->max_header - response->header_bytes) {
    return give_up(response, JDVM_LIMIT_HEADER);
  }
  response->header_bytes += length;
  if (response->header_complete) {
    return true;
  }
  while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r')) {
    length--;
  }
  if (length == 0) {
    if (!lengths_agree(response)) {
      return give_up(response, JDVM_LIMIT_LENGTH);
    }
    response->header_complete = response->status >= 200;
    return true;
  }
  if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
    response->status = status_of(line, length);
    response->field_count = 0;
    response->header.length = 0;
    return true;
  }
  if (line[0] == ' ' || line[0] == '\t') {
    return unfold(response, line, length);
  }
  return add_field(response, line, length);
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
