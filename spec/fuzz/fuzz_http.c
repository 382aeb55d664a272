/* libFuzzer target: bytes as a server's response. Behind a first byte they are split into lines and body pieces for
** jdvm_response; where that byte is 0x80 or more, they are also sent by a server in a thread to libcurl, with all our
** callbacks in between. */
#define _DEFAULT_SOURCE
#include "fuzz.h"

#include "pure/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOST_HEADER = 2000, MOST_BODY = 5000, MOST_SENT = 60000 };

/* What must hold of a response whatever was fed to it. */
static void inspect(const jdvm_response *response) {
  unsigned i;
  MUST(response->header_bytes <= MOST_HEADER && response->header.length <= MOST_HEADER);
  MUST(response->body.length <= MOST_BODY && response->field_count <= JDVM_MAX_FIELDS);
  MUST(response->status >= 0 && response->status <= 999);
  MUST(!response->header_complete || response->status >= 200);
  for (i = 0; i < response->field_count; i++) {
    const jdvm_header_field *field = &response->fields[i];
    const char *name = response->header.bytes + field->name;
    const char *value = response->header.bytes + field->value;
    size_t j;
    MUST(field->name + field->name_length <= field->value);
    MUST(field->value + field->value_length <= response->header.length);
    for (j = 0; j < field->name_length; j++) {
      MUST((name[j] < 'A' || name[j] > 'Z') && name[j] != ':' && name[j] != '\n');
    }
    for (j = 0; j < field->value_length; j++) {
      MUST(value[j] != '\n');
    }
    if (field->value_length > 0) {
      MUST(value[0] != ' ' && value[field->value_length - 1] != ' ');
    }
  }
}

static void feed(const char *bytes, size_t size) {
  jdvm_response response;
  int round;
  memset(&response, 0, sizeof response);
  for (round = 0; round < 2; round++) {
    const char *at = bytes, *end = bytes + size;
    bool good = true;
    jdvm_response_reset(&response, MOST_HEADER, MOST_BODY, true);
    while (good && at < end && !response.header_complete) {
      const char *line_end = memchr(at, '\n', (size_t)(end - at));
      size_t length = line_end != NULL ? (size_t)(line_end - at) + 1 : (size_t)(end - at);
      char *exact = exact_copy(at, length);
      good = jdvm_response_line(&response, exact, length);
      free(exact);
      at += length;
    }
    while (good && at < end) {
      size_t length = (size_t)(end - at) < 300 ? (size_t)(end - at) : 300;
      good = jdvm_response_piece(&response, at, length);
      at += length;
    }
    MUST(good == (response.limit == JDVM_WITHIN_LIMITS));
    inspect(&response);
  }
  jdvm_response_free(&response);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint8_t
    answer[MOST_SENT]; /* under the lock: a connection may be served when it is given up */
static size_t answer_size;
static int port;

static void *serve(void *argument) {
  const struct timeval patience = {0, 200000};
  int listening = (int)(size_t)argument;
  for (;;) {
    static uint8_t own[MOST_SENT];
    char request[4096];
    int fd = accept(listening, NULL, NULL);
    if (recv(fd, request, sizeof request, 0) > 0) {
      size_t size;
      pthread_mutex_lock(&lock);
      size = answer_size;
      memcpy(own, answer, size);
      pthread_mutex_unlock(&lock);
      (void)!send(fd, own, size, MSG_NOSIGNAL);
      (void)shutdown(fd, SHUT_WR);
      /* libcurl may keep the connection and yet make another, which waits to be accepted */
      (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      while (recv(fd, request, sizeof request, 0) > 0) {
      }
    }
    close(fd);
  }
  return NULL;
}

static void start_server(void) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  pthread_t thread;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  MUST(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 16) == 0);
  MUST(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
  MUST(pthread_create(&thread, NULL, serve, (void *)(size_t)fd) == 0);
  port = ntohs(address.sin_port);
}

static void fetch(const uint8_t *data, size_t size) {
  static jdvm_http *http;
  jdvm_limits limits = {5, 5, 5, 0, false};
  jdvm_transfer *transfer;
  char url[64];
  if (http == NULL) {
    jdvm_http_config config;
    memset(&config, 0, sizeof config);
    config.proxy = "";
    config.verify = config.gzip = config.waits = true;
    config.max_header_bytes = MOST_HEADER;
    config.max_body_bytes = MOST_BODY;
    start_server();
    http = jdvm_http_new(&config);
  }
  pthread_mutex_lock(&lock);
  answer_size = size < MOST_SENT ? size : MOST_SENT;
  memcpy(answer, data, answer_size);
  pthread_mutex_unlock(&lock);
  transfer = jdvm_http_take(http);
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
  jdvm_transfer_start(transfer, url, strlen(url), &limits);
  jdvm_http_finish(http, transfer, 1e300);
  inspect(&transfer->response);
  if (transfer->state == JDVM_SUCCEEDED) {
    MUST(transfer->response.header_complete);
  } else {
    const jdvm_failure *failure = &transfer->failure;
    const char *p;
    MUST(failure->kind == JDVM_TRANSPORT && failure->cause[0] != '\0');
    MUST(failure->phase >= JDVM_PHASE_SEND);
    for (p = failure->reason; *p != '\0'; p++) {
      MUST((unsigned char)*p >= 0x20 && *p != 0x7f);
    }
  }
  jdvm_transfer_release(transfer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 0) {
    feed((const char *)data + 1, size - 1);
    if (data[0] >= 0x80) {
      fetch(data + 1, size - 1);
    }
  }
  return 0;
}
