/* HTTP below Lua, where Lua does not reach: the edges of what is parsed, the causes of failures, forks, and names that
** take long to resolve. All else is tested over sockets, in spec/curl_spec.lua and spec/curl. Ends with "N passed, N
** failed".
**
** This program defines getaddrinfo: the name "slow.test" takes three seconds to resolve. */
#define _DEFAULT_SOURCE
#include "check.h"

#include "pure/clock.h"
#include "pure/http.h"
#include "pure/http_request.h"
#include "pure/sigpipe.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool has(const char *text, const char *part) {
  return strstr(text, part) != NULL;
}

/* ---- the request ---- */

static void forget(jdvm_http_request *request) {
  jdvm_http_request_free(request);
  memset(request, 0, sizeof *request);
}

static void test_urls(void) {
  static const struct {
    const char *url, *host;
    long port;
    bool tls;
  } good[] = {
      {"http://a", "a", 80, false},
      {"https://a", "a", 443, true},
      {"https://vm.example.com:8443/v1/x?a=b%20c", "vm.example.com", 8443, true},
      {"http://[::1]:81/", "::1", 81, false},
      {"http://[fe80::1%25eth0]/", "fe80::1%25eth0", 80, false},
      {"http://a?x@y:z", "a", 80, false},
      {"http://a:65535", "a", 65535, false},
  };
  jdvm_http_request request;
  char longest[400] = "http://";
  size_t i;
  memset(&request, 0, sizeof request);
  for (i = 0; i < sizeof good / sizeof good[0]; i++) {
    forget(&request);
    jdvm_http_request_url(&request, good[i].url, strlen(good[i].url));
    CHECK(request.wrong[0] == '\0');
    CHECK(strcmp(request.host, good[i].host) == 0);
    CHECK(request.port == good[i].port && request.tls == good[i].tls);
    CHECK(strcmp(request.url.bytes, good[i].url) == 0);
  }
  memset(longest + 7, 'h', 300);
  forget(&request);
  jdvm_http_request_url(&request, longest, strlen(longest));
  CHECK(request.wrong[0] == '\0' && strlen(request.host) == sizeof request.host - 1);
  jdvm_http_request_free(&request);
}

/* ---- the response ---- */

/* Feeds lines that end where a page begins that must not be touched. */
static bool feed(jdvm_response *response, const char *text) {
  guarded page = guarded_new();
  size_t length = strlen(text);
  bool good = true;
  while (good && length > 0) {
    const char *end = memchr(text, '\n', length);
    size_t size = end != NULL ? (size_t)(end - text) + 1 : length;
    good = jdvm_response_line(response, guarded_copy(&page, text, size), size);
    text += size;
    length -= size;
  }
  guarded_free(&page);
  return good;
}

/* What is refused is in spec/transport/framing_spec.lua; here only what libcurl lets nobody see. */
static void test_response_refusals(void) {
  static const char *const bad[] = {"X-A: b\r\n",         "\r\n",           "HTTP/1.1\r\n",
                                    "HTTP/1.1 \r\n",      "HTTP/1.1 2\r\n", "HTTP/1.1 20x\r\n",
                                    "HTTP/1.1 099 A\r\n", "HTTP/\r\n",      "HTTP/2\r\n",
                                    "HTTP/4 200\r\n",     "HTTP/1.1 200 A", "\n"};
  jdvm_response response;
  size_t i;
  memset(&response, 0, sizeof response);
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    jdvm_response_reset(&response, 1000, 1000, false);
    CHECK(!feed(&response, bad[i]) && response.limit == JDVM_LIMIT_FRAMING);
    CHECK(response.wrong[0] != '\0' && !response.header_complete);
  }
  jdvm_response_reset(&response, 1000, 1000, true);
  CHECK(feed(&response, "HTTP/1.1 200 OK\r\nContent-Encoding: GZip\r\n\r\n"));
  CHECK(!feed(&response, "no trailer\r\n") && response.limit == JDVM_LIMIT_FRAMING);
  jdvm_response_free(&response);
}

/* The other limits, too, are at their edges in spec/curl/faults_spec.lua. */
static void test_header_limit(void) {
  jdvm_response response;
  memset(&response, 0, sizeof response);
  jdvm_response_reset(&response, 40, 10, false);
  CHECK(feed(&response, "HTTP/1.1 200 OK\r\nX-A: 7890123456789012\r\n")); /* 40 bytes */
  CHECK(!feed(&response, "\r\n") && response.limit == JDVM_LIMIT_HEADER);
  jdvm_response_reset(&response, 40, 10, false);
  CHECK(!feed(&response, "HTTP/1.1 200 OK\r\nX-A: 78901234567890123\r\n") &&
        response.limit == JDVM_LIMIT_HEADER);
  jdvm_response_free(&response);
}

/* ---- failures ---- */

static bool is_printable(const char *text) {
  for (; *text != '\0'; text++) {
    if ((unsigned char)*text < 0x20 || *text == 0x7f) {
      return false;
    }
  }
  return true;
}

static bool explained_as(const jdvm_facts *facts, const char *cause) {
  jdvm_failure failure;
  jdvm_explain(&failure, facts);
  return strcmp(failure.cause, cause) == 0;
}

static void test_failures(void) {
  jdvm_failure failure;
  jdvm_facts facts;
  char longest[1000];
  int cause, phase;
  memset(longest, 'x', sizeof longest);
  longest[sizeof longest - 1] = '\0';
  for (cause = JDVM_CAUSE_OTHER; cause <= JDVM_CAUSE_READ_TIMEOUT; cause++) {
    for (phase = JDVM_PHASE_QUEUED; phase <= JDVM_PHASE_READ; phase++) {
      memset(&facts, 0, sizeof facts);
      facts.cause = (jdvm_cause)cause;
      facts.phase = (jdvm_phase)phase;
      facts.host = "vm.example";
      facts.port = 443;
      facts.detail = "a\r\n\x1b[31m\x7f";
      facts.number = 5;
      facts.seconds = 2.5;
      jdvm_explain(&failure, &facts);
      CHECK(failure.kind != JDVM_NONE && failure.cause[0] != '\0');
      CHECK(failure.phase == facts.phase || failure.phase == JDVM_PHASE_TLS);
      CHECK(is_printable(failure.reason));
      facts.host = facts.detail = longest;
      jdvm_explain(&failure, &facts);
      CHECK(strlen(failure.host) < sizeof failure.host);
    }
  }
  facts.cause = JDVM_CAUSE_TIMEOUT;
  facts.host = "vm.example";
  facts.detail = "";
  facts.phase = JDVM_PHASE_TLS;
  facts.at_proxy = true;
  jdvm_explain(&failure, &facts);
  CHECK(strcmp(failure.host, "vm.example") == 0 && failure.port == 443 && failure.at_proxy);
  facts.at_proxy = false;
  facts.cause = JDVM_CAUSE_CONNECT_TIMEOUT;
  CHECK(explained_as(&facts, "connect_timeout"));
  facts.in_tunnel = true;
  CHECK(explained_as(&facts, "proxy_timeout"));
  facts.cause = JDVM_CAUSE_HANDSHAKE;
  facts.detail = "OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to vm.example:443";
  jdvm_explain(&failure, &facts);
  CHECK(failure.kind == JDVM_CONNECT && failure.phase == JDVM_PHASE_TLS && !failure.lasting);
  CHECK(explained_as(&facts, "handshake_broken"));
  facts.detail = "error:0A00010B:SSL routines::wrong version number";
  jdvm_explain(&failure, &facts);
  CHECK(failure.kind == JDVM_TLS && strcmp(failure.cause, "not_tls") == 0);
  facts.detail = "something else";
  CHECK(explained_as(&facts, "handshake_failed"));
  facts.cause = JDVM_CAUSE_CERTIFICATE;
  facts.number = 20;
  CHECK(explained_as(&facts, "untrusted_certificate"));
  facts.detail = "subject name does not match";
  CHECK(explained_as(&facts, "wrong_name"));
  facts.number = 10;
  CHECK(explained_as(&facts, "expired_certificate"));
  facts.number = 9;
  CHECK(explained_as(&facts, "future_certificate"));
  facts.cause = JDVM_CAUSE_TUNNEL;
  for (facts.number = 400; facts.number < 504; facts.number++) {
    jdvm_explain(&failure, &facts);
    CHECK(failure.lasting == (facts.number < 500 && facts.number != 408 && facts.number != 429));
    CHECK(failure.status == facts.number);
    CHECK(explained_as(&facts, facts.number == 407 ? "proxy_login" : "proxy_refused"));
  }
  facts.cause = JDVM_CAUSE_NO_CONNECTION;
  facts.system_error = ECONNREFUSED;
  jdvm_explain(&failure, &facts);
  CHECK(strcmp(failure.reason, "Connection refused") == 0);
  CHECK(strcmp(jdvm_phase_name(JDVM_PHASE_WAIT), "wait") == 0);
}

/* ---- SIGPIPE ---- */

/* One that is not held back would end this program. */
static void test_sigpipe(void) {
  jdvm_sigpipe outer = jdvm_sigpipe_hold(true), inner = jdvm_sigpipe_hold(true);
  sigset_t pending;
  (void)raise(SIGPIPE);
  jdvm_sigpipe_release(inner);
  CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1);
  jdvm_sigpipe_release(outer);
  CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 0);
}

/* ---- a server in a thread ---- */

static int server_port;
static int served_connections;
static pthread_mutex_t served_lock = PTHREAD_MUTEX_INITIALIZER;

/* Answers each request with the number of its connection, but /hang never. */
static void *serve(void *argument) {
  int fd = (int)(size_t)argument, number;
  char request[4096], answer[256];
  ssize_t got;
  pthread_mutex_lock(&served_lock);
  number = ++served_connections;
  pthread_mutex_unlock(&served_lock);
  while ((got = recv(fd, request, sizeof request - 1, 0)) > 0) {
    request[got] = '\0';
    if (!has(request, "GET /hang")) {
      int size = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n%4d",
                          number);
      if (send(fd, answer, (size_t)size, MSG_NOSIGNAL) != size) {
        break;
      }
    }
  }
  close(fd);
  return NULL;
}

static void *accept_all(void *argument) {
  int listening = (int)(size_t)argument;
  int fd;
  while ((fd = accept(listening, NULL, NULL)) >= 0) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, serve, (void *)(size_t)fd) == 0) {
      pthread_detach(thread);
    }
  }
  return NULL;
}

static void start_server(void) {
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  pthread_t thread;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 64) != 0 ||
      getsockname(fd, (struct sockaddr *)&address, &size) != 0 ||
      pthread_create(&thread, NULL, accept_all, (void *)(size_t)fd) != 0) {
    perror("test_http");
    exit(1);
  }
  pthread_detach(thread);
  server_port = ntohs(address.sin_port);
}

/* ---- transfers ---- */

static jdvm_http *new_http(void) {
  jdvm_http_config config;
  memset(&config, 0, sizeof config);
  config.proxy = "";
  config.verify = config.http2 = config.gzip = config.waits = true;
  config.max_header_bytes = 10000;
  config.max_body_bytes = 10000;
  return jdvm_http_new(&config);
}

static jdvm_transfer *start_at(jdvm_http *http, const char *url, double timeout) {
  jdvm_limits limits = {timeout, 5, 5, 0, false};
  jdvm_transfer *transfer = jdvm_http_take(http);
  jdvm_http_request_header(&transfer->request, "x-test", 6, "1", 1);
  jdvm_transfer_start(transfer, url, strlen(url), &limits);
  return transfer;
}

static jdvm_transfer *start(jdvm_http *http, const char *path) {
  char url[128];
  (void)snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server_port, path);
  return start_at(http, url, 5);
}

/* The number of the connection that a request took; -1 if it failed. */
static int connection_of(jdvm_http *http, const char *path) {
  jdvm_transfer *transfer = start(http, path);
  int number = -1;
  jdvm_http_finish(http, transfer, 1e300);
  if (transfer->state == JDVM_SUCCEEDED) {
    char text[16] = "";
    const jdvm_response *response = &transfer->response;
    memcpy(text, response->body.bytes, response->body.length);
    number = atoi(text);
  } else {
    printf("  %s\n", transfer->failure.cause);
  }
  jdvm_transfer_release(transfer);
  return number;
}

static int open_descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  int count = 0;
  while (readdir(folder) != NULL) {
    count++;
  }
  closedir(folder);
  return count;
}

/* In the child of a fork: new connections, nothing written on the old ones. */
static void test_fork(void) {
  jdvm_http *http = new_http();
  int first = connection_of(http, "/"), status = -1, descriptors = open_descriptors();
  jdvm_transfer *running = start(http, "/hang"), *done = start(http, "/");
  pid_t child;
  jdvm_http_finish(http, done, 1e300);
  jdvm_http_sleep(http, 0.02);
  (void)fflush(stdout);
  child = fork();
  if (child == 0) {
    int second;
    checks_failed = 0;
    second = connection_of(http, "/");
    CHECK(second > first);
    CHECK(connection_of(http, "/") == second);
    jdvm_http_finish(http, running, 1e300);
    CHECK(running->state != JDVM_SUCCEEDED);
    CHECK(running->failure.kind == JDVM_CANCELLED);
    CHECK(done->state == JDVM_SUCCEEDED && done->response.body.length > 0);
    CHECK(open_descriptors() <= descriptors + 6); /* libcurl's own, left behind */
    jdvm_transfer_release(running);
    jdvm_transfer_release(done);
    jdvm_http_free(http);
    (void)fflush(stdout);
    _exit(checks_failed == 0 ? 0 : 1);
  }
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  child = fork(); /* one that only frees what it inherited */
  if (child == 0) {
    jdvm_transfer_release(running);
    jdvm_http_free(http);
    jdvm_transfer_release(done);
    _exit(0);
  }
  CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
  CHECK(connection_of(http, "/") <= first + 1); /* one of the parent's own, still good */
  jdvm_transfer_cancel(running);
  jdvm_transfer_release(running);
  jdvm_transfer_release(done);
  jdvm_http_free(http);
}

/* ---- a name that does not resolve in time ---- */

/* Seen by libcurl instead of the C library's. */
__attribute__((visibility("default"))) int getaddrinfo(const char *name, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **result) {
  typedef int resolver(const char *, const char *, const struct addrinfo *, struct addrinfo **);
  union {
    void *object;
    resolver *function;
  } real;
  if (name != NULL && strcmp(name, "slow.test") == 0) {
    struct timespec three = {3, 0};
    (void)nanosleep(&three, NULL);
    return EAI_NONAME;
  }
  real.object = dlsym(RTLD_NEXT, "getaddrinfo");
  return real.function(name, service, hints, result);
}

static void test_slow_names(void) {
  jdvm_http *http = new_http();
  double before = jdvm_now();
  jdvm_transfer *slow = start_at(http, "http://slow.test/", 0.3), *other, *third;
  jdvm_limits limits = {5, 0.2, 5, 0, false};
  jdvm_http_finish(http, slow, 1e300);
  CHECK(jdvm_now() - before >= 0.3 && jdvm_now() - before < 0.6);
  CHECK(slow->failure.kind == JDVM_TIMEOUT);
  CHECK(slow->failure.phase == JDVM_PHASE_DNS && !slow->failure.sent);
  CHECK(strcmp(slow->failure.host, "slow.test") == 0);

  before = jdvm_now();
  other = jdvm_http_take(http);
  jdvm_transfer_start(other, "http://slow.test/", 17, &limits);
  jdvm_http_finish(http, other, 1e300);
  CHECK(jdvm_now() - before >= 0.2 && jdvm_now() - before < 0.5);
  CHECK(strcmp(other->failure.cause, "connect_timeout") == 0);

  before = jdvm_now();
  third = start_at(http, "http://slow.test/", 5);
  jdvm_transfer_release(third);
  jdvm_transfer_release(slow);
  jdvm_http_free(http);
  jdvm_transfer_release(other);
  CHECK(jdvm_now() - before < 0.3);
}

int main(void) {
  TEST(test_urls());
  TEST(test_response_refusals());
  TEST(test_header_limit());
  TEST(test_failures());
  TEST(test_sigpipe());
  start_server();
  TEST(test_fork());
  TEST(test_slow_names());
  TEST(CHECK(has(jdvm_http_version(), "libcurl/")));
  return tests_end();
}
