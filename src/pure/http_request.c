#include "http_request.h"
#include "chars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void jdvm_http_request_free(jdvm_http_request *request) {
  jdvm_buf_free(&request->url);
  jdvm_buf_free(&request->lines);
}

static void object(jdvm_http_request *request, const char *what) {
  if (request->wrong[0] == '\0') {
    (void)snprintf(request->wrong, sizeof request->wrong, "%s", what);
  }
}

void jdvm_http_request_url(jdvm_http_request *request, const char *url, size_t length) {
  const char *host;
  size_t i;
  bool bracket;
  for (i = 0; i < length; i++) {
    if (url[i] <= ' ' || url[i] >= 0x7f || url[i] == '#') {
      object(request,
             "the URL must not contain blanks, control characters, '#' or anything but ASCII");
      return;
    }
  }
  if (!jdvm_buf_add(&request->url, url, length) || !jdvm_buf_add_char(&request->url, '\0')) {
    object(request, "not enough memory for the request");
    return;
  }
  url = request->url.bytes;
  request->tls = strncmp(url, "https://", 8) == 0;
  if (!request->tls && strncmp(url, "http://", 7) != 0) {
    object(request, "the URL must begin with http:// or https://");
    return;
  }
  host = url + (request->tls ? 8 : 7);
  bracket = *host == '[';
  host += bracket;
  length = strcspn(host, bracket ? "]/?@" : ":/?@");
  if (length == 0) {
    object(request, "the URL has no host");
    return;
  }
  (void)snprintf(request->host, sizeof request->host, "%.*s", (int)length, host);
  host += length;
  host += bracket && *host == ']';
  request->port = *host == ':' ? strtol(host + 1, NULL, 10) : request->tls ? 443 : 80;
}

/* Whether each byte is of that kind, or, unless `wanted`, none is. */
static bool all_are(const char *text, size_t length, unsigned kind, bool wanted) {
  size_t i;
  for (i = 0; i < length && jdvm_is(text[i], kind) == wanted; i++) {
  }
  return i == length;
}

void jdvm_http_request_header(jdvm_http_request *request, const char *name, size_t name_length,
                              const char *value, size_t value_length) {
  /* libcurl takes "name:" as "do not send it" and "name;" as "send it empty" */
  const char *mark;
  while (value_length > 0 && (*value == ' ' || *value == '\t')) {
    value++;
    value_length--;
  }
  mark = value_length > 0 ? ": " : ";";
  if (name_length == 0 || !all_are(name, name_length, JDVM_CHAR_TOKEN, true)) {
    object(request, "a request header has a bad name");
    return;
  }
  if (!all_are(value, value_length, JDVM_CHAR_CONTROL, false)) {
    if (request->wrong[0] == '\0') {
      (void)snprintf(request->wrong, sizeof request->wrong,
                     "the request header '%.*s' contains a line break or another control character",
                     (int)(name_length < 64 ? name_length : 64), name);
    }
    return;
  }
  if (!jdvm_buf_add(&request->lines, name, name_length) ||
      !jdvm_buf_add_text(&request->lines, mark) ||
      !jdvm_buf_add(&request->lines, value, value_length) ||
      !jdvm_buf_add_char(&request->lines, '\0')) {
    object(request, "not enough memory for the request");
    return;
  }
  request->line_count++;
}
