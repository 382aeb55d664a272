#include "http_request.h"
#include "chars.h"

#include <stdio.h>

void jdvm_http_request_free(jdvm_http_request *request) {
  jdvm_buf_free(&request->url);
  jdvm_buf_free(&request->lines);
}

static void object(jdvm_http_request *request, const char *what) {
  if (request->wrong[0] == '\0') {
    (void)snprintf(request->wrong, sizeof request->wrong, "%s", what);
  }
}

static bool begins_with(const char *text, size_t length, const char *prefix) {
  size_t i;
  for (i = 0; prefix[i] != '\0'; i++) {
    char c = i < length ? text[i] : '\0';
    if (c >= 'A' && c <= 'Z') {
      c = (char)(c - 'A' + 'a');
    }
    if (c != prefix[i]) {
      return false;
    }
  }
  return true;
}

/* Takes host and port out of [at, end), the part between "//" and the path. libcurl reads it once
** more, strictly; this is for messages, and for what libcurl would let pass. */
static void read_authority(jdvm_http_request *request, const char *at, const char *end) {
  const char *host = at, *colon = NULL, *p;
  size_t length;
  for (p = at; p < end; p++) {
    if (*p == '@') {
      object(request, "the URL must not contain a user name");
      return;
    }
    if (*p == ':') {
      colon = p;
    } else if (*p == ']') {
      colon = NULL;
    }
  }
  if (colon != NULL) {
    long port = 0;
    for (p = colon + 1; p < end; p++) {
      if (*p < '0' || *p > '9' || port > 65535) {
        object(request, "the URL has a bad port");
        return;
      }
      port = port * 10 + (*p - '0');
    }
    if (port > 65535 || (port == 0 && p > colon + 1)) {
      object(request, "the URL has a bad port");
      return;
    }
    request->port = port > 0 ? port : request->port;
    end = colon;
  }
  if (end - host >= 2 && host[0] == '[' && end[-1] == ']') {
    host++;
    end--;
  }
  length = (size_t)(end - host);
  if (length == 0) {
    object(request, "the URL has no host");
    return;
  }
  if (length >= sizeof request->host) {
    length = sizeof request->host - 1;
  }
  memcpy(request->host, host, length);
  request->host[length] = '\0';
}

void jdvm_http_request_url(jdvm_http_request *request, const char *url, size_t length) {
  const char *authority, *end;
  size_t i;
  for (i = 0; i < length; i++) {
    if (url[i] <= ' ' || url[i] >= 0x7f || url[i] == '#') {
      object(request,
             "the URL must not contain blanks, control characters, '#' or anything but ASCII");
      return;
    }
  }
  if (begins_with(url, length, "https://")) {
    request->tls = true;
    request->port = 443;
    authority = url + 8;
  } else if (begins_with(url, length, "http://")) {
    request->tls = false;
    request->port = 80;
    authority = url + 7;
  } else {
    object(request, "the URL must begin with http:// or https://");
    return;
  }
  for (end = authority; end < url + length && *end != '/' && *end != '?'; end++) {
  }
  read_authority(request, authority, end);
  if (!jdvm_buf_add(&request->url, url, length) || !jdvm_buf_add_char(&request->url, '\0')) {
    object(request, "not enough memory for the request");
  }
}

static bool is_token(const char *text, size_t length) {
  size_t i;
  for (i = 0; i < length && jdvm_is(text[i], JDVM_CHAR_TOKEN); i++) {
  }
  return length > 0 && i == length;
}

static bool is_value(const char *text, size_t length) {
  size_t i;
  for (i = 0; i < length && !jdvm_is(text[i], JDVM_CHAR_CONTROL); i++) {
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
  if (!is_token(name, name_length)) {
    object(request, "a request header has a bad name");
    return;
  }
  if (!is_value(value, value_length)) {
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
