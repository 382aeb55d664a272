#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* clock_gettime, strdup, pthread_sigmask under -std=c99 */
#endif

#include "jdvm_http.h"

#if defined(__has_include)
#if !__has_include(<curl/curl.h>)
#error                                                                                             \
    "jdvm: libcurl headers not found (apt install libcurl4-openssl-dev | apk add curl-dev | dnf install libcurl-devel)"
#endif
#endif
#include <curl/curl.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum {
  POOLED_TRANSFERS = 32,       /* kept for reuse; more are freed */
  POOLED_BODY_BYTES = 4 << 20, /* a larger receive buffer is not kept */
  KEPT_CONNECTIONS = 32,       /* idle connections kept open */
  RECEIVE_BYTES = 64 * 1024    /* libcurl's read size */
};

typedef struct ring {
  struct ring *next, *previous;
} ring;

typedef enum transfer_state { BUILDING, RUNNING, SUCCEEDED, FAILED } transfer_state;

struct jdvm_transfer {
  ring link;       /* first: the link is its transfer */
  jdvm_http *http; /* NULL once that is gone */
  CURL *easy;      /* NULL: to be made at the start */
  transfer_state state;
  jdvm_phase phase;
  bool tls;
  bool bad_header;
  int http_version; /* 0 until the answer began: 1 or 2 */

  double started;         /* real time */
  double deadline;        /* real time */
  double connect_started; /* time driven: waiting for the caller does not count */
  double quiet_since;     /* likewise */
  double connect_timeout, read_timeout;
  long curl_connect_ms;    /* what libcurl was last told */
  curl_off_t connect_mark; /* libcurl's connect time when the last socket was opened */
  long request_mark;       /* bytes libcurl had sent when this request's turn came */

  jdvm_buf url;
  jdvm_buf lines; /* request headers, each ended by NUL */
  jdvm_buf nodes; /* struct curl_slist, over `lines` */
  unsigned line_count;
  jdvm_response response;
  jdvm_failure failure;
  char host[128];
  long port;
  char curl_message[CURL_ERROR_SIZE];
};

struct jdvm_http {
  CURLM *multi;       /* made by the first transfer of a process */
  pid_t owner;        /* the process `multi` belongs to */
  bool performed;     /* libcurl has just been driven, by a start */
  bool one_at_a_time; /* the server was seen to speak HTTP/1: connections carry one transfer each */
  double left;        /* when the caller was last given the time back */
  ring running;       /* transfers libcurl works on */
  ring held;          /* transfers in the caller's hands that do not run */
  jdvm_transfer *pool; /* linked by link.next */
  unsigned pooled;
  curl_socket_t *sockets; /* open ones, for the child of a fork to close */
  size_t socket_count, socket_capacity;
  const char *known_ca_file; /* set when libcurl's built-in CA file and folder are missing */
  jdvm_http_config config;   /* the texts are ours */
};

/* ---- small things ---- */

static void unlink_transfer(jdvm_transfer *transfer) {
  transfer->link.next->previous = transfer->link.previous;
  transfer->link.previous->next = transfer->link.next;
  transfer->link.next = transfer->link.previous = &transfer->link;
}

static void move_to(ring *list, jdvm_transfer *transfer) {
  unlink_transfer(transfer);
  transfer->link.next = list;
  transfer->link.previous = list->previous;
  list->previous->next = &transfer->link;
  list->previous = &transfer->link;
}

double jdvm_now(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

const char *jdvm_http_version(void) {
  return curl_version();
}

const char *jdvm_phase_name(jdvm_phase phase) {
  switch (phase) {
#define X(name, text)                                                                              \
  case JDVM_PHASE_##name:                                                                          \
    return text;
    JDVM_PHASES(X)
#undef X
  default:
    return "connect";
  }
}

/* A TLS library may write to a socket whose peer is gone without asking the kernel to keep quiet,
** and a library must not change the process's handlers. So SIGPIPE is held off in this thread
** while libcurl works, and one that came meanwhile is taken away. */
typedef struct hush {
  sigset_t mask;
} hush;

static void hush_begin(hush *guard) {
  sigset_t only;
  (void)sigemptyset(&only);
  (void)sigaddset(&only, SIGPIPE);
  (void)pthread_sigmask(SIG_BLOCK, &only, &guard->mask);
}

static void hush_end(const hush *guard) {
  sigset_t set;
  if (sigismember(&guard->mask, SIGPIPE)) {
    return;
  }
  if (sigpending(&set) == 0 && sigismember(&set, SIGPIPE)) {
    int caught;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    (void)sigwait(&set, &caught);
  }
  (void)pthread_sigmask(SIG_SETMASK, &guard->mask, NULL);
}

/* ---- failures ---- */

/* The phase, refined by what only libcurl knows. */
static jdvm_phase phase_of(const jdvm_transfer *transfer) {
  if (transfer->easy != NULL && transfer->phase == JDVM_PHASE_CONNECT && transfer->tls) {
    curl_off_t connected = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &connected);
    return connected > transfer->connect_mark ? JDVM_PHASE_TLS : JDVM_PHASE_CONNECT;
  }
  if (transfer->easy != NULL && transfer->phase == JDVM_PHASE_SEND) {
    long sent = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
    return sent > transfer->request_mark ? JDVM_PHASE_WAIT : JDVM_PHASE_SEND;
  }
  return transfer->phase;
}

/* Ends the transfer as failed; the message is the caller's. Whatever a server put into it becomes
** one printable line. */
static jdvm_failure *fail(jdvm_transfer *transfer) {
  long sent = 0;
  transfer->failure.phase = phase_of(transfer);
  if (transfer->easy != NULL && transfer->state == RUNNING) {
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &sent);
  }
  transfer->failure.sent = sent > 0;
  transfer->state = FAILED;
  return &transfer->failure;
}

static void make_printable(char *text) {
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c < 0x20 || c == 0x7f) {
      *text = ' ';
    }
  }
}

static const char *doing(jdvm_phase phase) {
  switch (phase) {
  case JDVM_PHASE_QUEUED:
    return "waiting for a free connection to";
  case JDVM_PHASE_DNS:
    return "resolving the name of";
  case JDVM_PHASE_CONNECT:
    return "connecting to";
  case JDVM_PHASE_TLS:
    return "in the TLS handshake with";
  case JDVM_PHASE_SEND:
    return "sending the request to";
  case JDVM_PHASE_WAIT:
    return "waiting for the answer of";
  default:
    return "reading the answer of";
  }
}

static void fail_timeout(jdvm_transfer *transfer, const char *option, double limit) {
  jdvm_failure *failure = fail(transfer);
  const char *what = doing(failure->phase);
  if (option == NULL) {
    (void)jdvm_fail(&failure->error, JDVM_TIMEOUT, "the time ran out %s %s port %ld (timeout)",
                    what, transfer->host, transfer->port);
  } else {
    (void)jdvm_fail(&failure->error, JDVM_TIMEOUT, "%s %.4g s %s %s port %ld (%s)",
                    failure->phase < JDVM_PHASE_SEND ? "no connection after" : "no byte came for",
                    limit, what, transfer->host, transfer->port, option);
  }
}

static void fail_limit(jdvm_transfer *transfer) {
  const jdvm_response *response = &transfer->response;
  jdvm_error *error = &fail(transfer)->error;
  switch (response->limit) {
  case JDVM_LIMIT_HEADER:
    (void)jdvm_fail(error, JDVM_TRANSPORT,
                    "the answer of %s port %ld has more than %lu bytes of header "
                    "(max_header_bytes)",
                    transfer->host, transfer->port, (unsigned long)response->max_header);
    break;
  case JDVM_LIMIT_FIELDS:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "the answer of %s port %ld has more than %d headers",
                    transfer->host, transfer->port, (int)JDVM_MAX_FIELDS);
    break;
  case JDVM_LIMIT_BODY:
    (void)jdvm_fail(error, JDVM_TRANSPORT,
                    "the answer of %s port %ld is larger than %lu bytes (max_body)", transfer->host,
                    transfer->port, (unsigned long)response->max_body);
    break;
  default:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "not enough memory for the answer of %s port %ld",
                    transfer->host, transfer->port);
    break;
  }
}

static void fail_verification(jdvm_transfer *transfer, jdvm_error *error, const char *detail) {
  enum { NOT_YET_VALID = 9, EXPIRED = 10 }; /* X509_V_ERR_..., the same since OpenSSL 0.9 */
  long result = 0;
  (void)curl_easy_getinfo(transfer->easy, CURLINFO_SSL_VERIFYRESULT, &result);
  if (result == NOT_YET_VALID || result == EXPIRED) {
    (void)jdvm_fail(error, JDVM_TLS, "the TLS certificate of %s port %ld is %s (by this clock)",
                    transfer->host, transfer->port,
                    result == EXPIRED ? "expired" : "not yet valid");
  } else if (result == 0) {
    (void)jdvm_fail(error, JDVM_TLS,
                    "the TLS certificate of %s port %ld is not for this host name (%.100s)",
                    transfer->host, transfer->port, detail);
  } else {
    (void)jdvm_fail(error, JDVM_TLS,
                    "the TLS certificate of %s port %ld is signed by no CA known here (%.80s); "
                    "name the CA's PEM file with ca_file",
                    transfer->host, transfer->port, detail);
  }
}

/* The failure of a transfer that libcurl ended with `code`. */
static void fail_curl(jdvm_transfer *transfer, CURLcode code) {
  const char *detail =
      transfer->curl_message[0] != '\0' ? transfer->curl_message : curl_easy_strerror(code);
  const char *host = transfer->host;
  long port = transfer->port, system_error = 0;
  jdvm_failure *failure;
  jdvm_error *error;
  if (transfer->response.limit != JDVM_WITHIN_LIMITS) {
    fail_limit(transfer);
    return;
  }
  failure = fail(transfer);
  error = &failure->error;
  (void)curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &system_error);
  switch (code) {
  case CURLE_COULDNT_RESOLVE_HOST:
    (void)jdvm_fail(error, JDVM_CONNECT,
                    "could not resolve the host name %s: check its spelling and the network", host);
    break;
  case CURLE_COULDNT_RESOLVE_PROXY:
    (void)jdvm_fail(error, JDVM_CONNECT, "could not resolve the proxy's host name: %.150s", detail);
    break;
  case CURLE_COULDNT_CONNECT:
    if (system_error != 0) {
      char text[80] = "";
      if (strerror_r((int)system_error, text, sizeof text) != 0) {
        (void)snprintf(text, sizeof text, "error %ld", system_error);
      }
      (void)jdvm_fail(error, JDVM_CONNECT, "could not connect to %s port %ld: %s", host, port,
                      text);
    } else {
      (void)jdvm_fail(error, JDVM_CONNECT, "could not connect to %s port %ld: %.100s", host, port,
                      detail);
    }
    break;
  case CURLE_OPERATION_TIMEDOUT:
    /* libcurl was told connect_timeout only, to share it among the host's addresses */
    (void)jdvm_fail(error, JDVM_TIMEOUT, "no connection after %.4g s %s %s port %ld (%s)",
                    transfer->connect_timeout, doing(failure->phase), host, port,
                    "connect_timeout");
    break;
  case CURLE_PEER_FAILED_VERIFICATION:
    fail_verification(transfer, error, detail);
    break;
  case CURLE_SSL_CACERT_BADFILE:
    (void)jdvm_fail(error, JDVM_TLS, "could not read the CA certificates: %.150s (ca_file)",
                    detail);
    break;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_SSL_ISSUER_ERROR:
    (void)jdvm_fail(error, JDVM_TLS, "the TLS handshake with %s port %ld failed: %.100s", host,
                    port, detail);
    break;
  case CURLE_GOT_NOTHING:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "%s port %ld closed the connection without an answer",
                    host, port);
    break;
  case CURLE_PARTIAL_FILE:
    (void)jdvm_fail(error, JDVM_TRANSPORT,
                    "%s port %ld closed the connection before the answer was complete", host, port);
    break;
  case CURLE_BAD_CONTENT_ENCODING:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "the answer of %s port %ld cannot be inflated: %.100s",
                    host, port, detail);
    break;
  case CURLE_FILESIZE_EXCEEDED:
    transfer->response.limit = JDVM_LIMIT_BODY;
    fail_limit(transfer);
    break;
  case CURLE_OUT_OF_MEMORY:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "not enough memory %s %s port %ld",
                    doing(failure->phase), host, port);
    break;
  case CURLE_URL_MALFORMAT:
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_LOGIN_DENIED:
    if (failure->phase < JDVM_PHASE_CONNECT) {
      (void)jdvm_fail(error, JDVM_TRANSPORT, "the URL is not usable: %.150s", detail);
      break;
    }
    /* fall through */
  default:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "%s %s port %ld: %.150s", doing(failure->phase), host,
                    port, detail);
    break;
  }
  make_printable(error->message);
}

/* ---- libcurl's callbacks: no memory but jdvm_buf, no call that could jump ---- */

/* libcurl leaves the queue and looks the name up, or knows it already and opens a socket. */
static void leave_queue(jdvm_transfer *transfer, jdvm_phase phase) {
  if (transfer->phase == JDVM_PHASE_QUEUED) {
    transfer->connect_started = jdvm_now();
  }
  transfer->phase = phase;
}

static int on_resolve(void *resolver, void *reserved, void *user) {
  (void)resolver;
  (void)reserved;
  leave_queue(user, JDVM_PHASE_DNS);
  return 0;
}

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  jdvm_transfer *transfer = user;
  jdvm_http *http = transfer->http;
  int type = address->socktype;
  curl_socket_t opened;
  (void)purpose;
  if (http->socket_count == http->socket_capacity) {
    size_t capacity = http->socket_capacity * 2 + 8;
    curl_socket_t *sockets = realloc(http->sockets, capacity * sizeof *sockets);
    if (sockets == NULL) {
      return CURL_SOCKET_BAD;
    }
    http->sockets = sockets;
    http->socket_capacity = capacity;
  }
  leave_queue(transfer, JDVM_PHASE_CONNECT);
  (void)curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &transfer->connect_mark);
#if defined(SOCK_CLOEXEC)
  opened = socket(address->family, type | SOCK_CLOEXEC, address->protocol);
#else
  opened = socket(address->family, type, address->protocol);
  if (opened >= 0) {
    (void)fcntl(opened, F_SETFD, FD_CLOEXEC);
  }
#endif
  if (opened < 0) {
    return CURL_SOCKET_BAD;
  }
  http->sockets[http->socket_count++] = opened;
  return opened;
}

static int on_close(void *user, curl_socket_t closed) {
  jdvm_http *http = user;
  size_t i;
  for (i = 0; i < http->socket_count; i++) {
    if (http->sockets[i] == closed) {
      http->sockets[i] = http->sockets[--http->socket_count];
      break;
    }
  }
  return close(closed);
}

/* A connection is there, the request goes out next. */
static int on_ready(void *user, char *peer_ip, char *own_ip, int peer_port, int own_port) {
  jdvm_transfer *transfer = user;
  (void)peer_ip;
  (void)own_ip;
  (void)peer_port;
  (void)own_port;
  transfer->phase = JDVM_PHASE_SEND;
  transfer->quiet_since = jdvm_now();
  (void)curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &transfer->request_mark);
  return CURL_PREREQFUNC_OK;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user) {
  jdvm_transfer *transfer = user;
  transfer->phase = JDVM_PHASE_READ;
  transfer->quiet_since = jdvm_now();
  if (transfer->http_version == 0 && size * count > 5) {
    transfer->http_version = bytes[5] == '2' ? 2 : 1; /* after "HTTP/" */
  }
  return jdvm_response_line(&transfer->response, bytes, size * count) ? size * count : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
  jdvm_transfer *transfer = user;
  transfer->quiet_since = jdvm_now();
  return jdvm_response_piece(&transfer->response, bytes, size * count) ? size * count : 0;
}

/* ---- setting up ---- */

static pthread_mutex_t global_lock = PTHREAD_MUTEX_INITIALIZER;

/* libcurl's process-wide set-up: once, under a lock for the sake of libcurl before 7.84, again
** if it failed, and never undone, since others may use libcurl too. */
static CURLcode global_init(void) {
  static bool done = false;
  CURLcode code = CURLE_OK;
  (void)pthread_mutex_lock(&global_lock);
  if (!done) {
    code = curl_global_init(CURL_GLOBAL_DEFAULT);
    done = code == CURLE_OK;
  }
  (void)pthread_mutex_unlock(&global_lock);
  return code;
}

/* A libcurl that was moved to another distribution looks for CAs where there are none. */
static const char *find_ca_file(void) {
  static const char *const known[] = {
      "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Alpine, Arch */
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
      "/etc/pki/tls/certs/ca-bundle.crt",                  /* older RHEL */
      "/etc/ssl/ca-bundle.pem",                            /* SUSE */
      "/etc/ssl/cert.pem",                                 /* BSD, macOS */
  };
  size_t i;
#if LIBCURL_VERSION_NUM >= 0x074600
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  if (info->age >= CURLVERSION_SEVENTH &&
      ((info->cainfo != NULL && access(info->cainfo, R_OK) == 0) ||
       (info->capath != NULL && access(info->capath, R_OK) == 0))) {
    return NULL;
  }
  for (i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (access(known[i], R_OK) == 0) {
      return known[i];
    }
  }
#else
  (void)known;
  (void)i;
#endif
  return NULL;
}

static CURLcode make_multi(jdvm_http *http) {
  CURLcode code;
  if (http->multi != NULL) {
    return CURLE_OK;
  }
  code = global_init();
  if (code != CURLE_OK) {
    return code;
  }
  http->multi = curl_multi_init();
  if (http->multi == NULL) {
    return CURLE_OUT_OF_MEMORY;
  }
  http->owner = getpid();
  http->left = jdvm_now();
  (void)curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
  (void)curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
  if (http->config.max_connections > 0) {
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                            http->config.max_connections);
  }
  if (http->config.verify && http->config.ca_file == NULL && http->config.ca_path == NULL) {
    http->known_ca_file = find_ca_file();
  }
  return CURLE_OK;
}

#define SET(option, value)                                                                         \
  do {                                                                                             \
    CURLcode set_code = curl_easy_setopt(easy, option, value);                                     \
    if (set_code != CURLE_OK) {                                                                    \
      (void)snprintf(transfer->curl_message, sizeof transfer->curl_message,                        \
                     "this libcurl refuses %s: %s", #option, curl_easy_strerror(set_code));        \
      return set_code;                                                                             \
    }                                                                                              \
  } while (0)

/* What is the same for all transfers of one jdvm_http. */
static CURLcode set_constants(const jdvm_http *http, jdvm_transfer *transfer, CURL *easy) {
  const jdvm_http_config *config = &http->config;
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  const char *ca_file = config->ca_file != NULL ? config->ca_file : http->known_ca_file;
  SET(CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075500
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x074000
  SET(CURLOPT_HTTP09_ALLOWED, 0L);
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
  SET(CURLOPT_QUICK_EXIT, 1L); /* do not wait for a name look-up that was given up */
#endif
  SET(CURLOPT_FOLLOWLOCATION, 0L); /* a redirect would carry the signature elsewhere */
  SET(CURLOPT_PATH_AS_IS, 1L);     /* the bytes that were signed are the bytes that are sent */
  SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
  SET(CURLOPT_SSL_VERIFYPEER, config->verify ? 1L : 0L);
  SET(CURLOPT_SSL_VERIFYHOST, config->verify ? 2L : 0L);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  if (config->ca_file != NULL || config->ca_path != NULL) {
    /* the caller's CAs instead of the system's, not besides them */
    SET(CURLOPT_CAINFO, config->ca_file);
    SET(CURLOPT_CAPATH, config->ca_path);
  } else if (ca_file != NULL) {
    SET(CURLOPT_CAINFO, ca_file);
  }
  if (config->http2 && (info->features & CURL_VERSION_HTTP2) != 0) {
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
  } else {
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  }
  if (config->gzip && (info->features & CURL_VERSION_LIBZ) != 0) {
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
  }
  if (config->proxy != NULL) {
    SET(CURLOPT_PROXY, config->proxy);
  }
  if (config->no_proxy != NULL) {
    SET(CURLOPT_NOPROXY, config->no_proxy);
  }
  if (config->user_agent != NULL) {
    SET(CURLOPT_USERAGENT, config->user_agent);
  }
  SET(CURLOPT_ERRORBUFFER, transfer->curl_message);
  SET(CURLOPT_PRIVATE, (void *)transfer);
  SET(CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
  SET(CURLOPT_RESOLVER_START_DATA, (void *)transfer);
  SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
  SET(CURLOPT_OPENSOCKETDATA, (void *)transfer);
  SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
  SET(CURLOPT_CLOSESOCKETDATA, (void *)transfer->http);
  SET(CURLOPT_PREREQFUNCTION, on_ready);
  SET(CURLOPT_PREREQDATA, (void *)transfer);
  SET(CURLOPT_HEADERFUNCTION, on_header);
  SET(CURLOPT_HEADERDATA, (void *)transfer);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, (void *)transfer);
  return CURLE_OK;
}

/* libcurl is told the connect timeout so that it shares it among the addresses of a host; the
** limit itself is kept here. `spent` is what does not count: time in the queue, time the caller
** spent elsewhere. */
static CURLcode tell_connect_timeout(jdvm_transfer *transfer, double spent) {
  double left = transfer->connect_timeout + spent;
  transfer->curl_connect_ms = left < 1e6 ? (long)(left * 1e3) + 50 : 1000000000L;
  return curl_easy_setopt(transfer->easy, CURLOPT_CONNECTTIMEOUT_MS, transfer->curl_connect_ms);
}

/* What differs from transfer to transfer. */
static CURLcode set_variables(jdvm_http *http, jdvm_transfer *transfer) {
  CURL *easy = transfer->easy;
  struct curl_slist *nodes = (struct curl_slist *)(void *)transfer->nodes.bytes;
  char *line = transfer->lines.bytes;
  unsigned i;
  for (i = 0; i < transfer->line_count; i++) {
    nodes[i].data = line;
    nodes[i].next = i + 1 < transfer->line_count ? &nodes[i + 1] : NULL;
    line += strlen(line) + 1;
  }
  SET(CURLOPT_HTTPHEADER, transfer->line_count > 0 ? nodes : NULL);
  SET(CURLOPT_URL, transfer->url.bytes);
  SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->response.max_body);
  SET(CURLOPT_PIPEWAIT, transfer->tls && http->config.http2 && !http->one_at_a_time ? 1L : 0L);
  return tell_connect_timeout(transfer, 0);
}

jdvm_http *jdvm_http_new(const jdvm_http_config *config) {
  jdvm_http *http = calloc(1, sizeof *http);
  const char **texts[5];
  size_t i;
  if (http == NULL) {
    return NULL;
  }
  http->running.next = http->running.previous = &http->running;
  http->held.next = http->held.previous = &http->held;
  http->config = *config;
  texts[0] = &http->config.ca_file;
  texts[1] = &http->config.ca_path;
  texts[2] = &http->config.proxy;
  texts[3] = &http->config.no_proxy;
  texts[4] = &http->config.user_agent;
  for (i = 0; i < 5; i++) {
    if (*texts[i] != NULL) {
      *texts[i] = strdup(*texts[i]);
      if (*texts[i] == NULL) {
        for (i++; i < 5; i++) {
          *texts[i] = NULL;
        }
        jdvm_http_free(http);
        return NULL;
      }
    }
  }
  return http;
}

/* ---- ending ---- */

static void destroy(jdvm_transfer *transfer) {
  if (transfer->easy != NULL) {
    curl_easy_cleanup(transfer->easy);
  }
  jdvm_buf_free(&transfer->url);
  jdvm_buf_free(&transfer->lines);
  jdvm_buf_free(&transfer->nodes);
  jdvm_response_free(&transfer->response);
  free(transfer);
}

/* Takes a transfer that runs no more from libcurl. */
static void detach(jdvm_http *http, jdvm_transfer *transfer) {
  (void)curl_multi_remove_handle(http->multi, transfer->easy);
  move_to(&http->held, transfer);
}

static void fail_cancelled(jdvm_transfer *transfer, const char *why) {
  (void)jdvm_fail(&fail(transfer)->error, JDVM_CANCELLED, "%s", why);
}

/* In the child of a fork, the connections belong to the parent: to end them properly would write
** on them. So libcurl's objects are left as they are, never to be touched again; only our copies
** of the sockets are closed. */
static void leave_parent(jdvm_http *http) {
  ring *each;
  jdvm_transfer *pooled;
  if (http->multi == NULL || http->owner == getpid()) {
    return;
  }
  while (http->running.next != &http->running) {
    jdvm_transfer *transfer = (jdvm_transfer *)http->running.next;
    transfer->easy = NULL;
    fail_cancelled(transfer, "the request belongs to the process that forked this one");
    move_to(&http->held, transfer);
  }
  for (each = http->held.next; each != &http->held; each = each->next) {
    ((jdvm_transfer *)each)->easy = NULL;
  }
  for (pooled = http->pool; pooled != NULL; pooled = (jdvm_transfer *)pooled->link.next) {
    pooled->easy = NULL;
  }
  while (http->socket_count > 0) {
    (void)close(http->sockets[--http->socket_count]);
  }
  http->multi = NULL;
  http->performed = false;
}

void jdvm_http_free(jdvm_http *http) {
  hush guard;
  if (http == NULL) {
    return;
  }
  leave_parent(http);
  hush_begin(&guard);
  while (http->running.next != &http->running) {
    jdvm_transfer *transfer = (jdvm_transfer *)http->running.next;
    fail_cancelled(transfer, "the client was closed");
    detach(http, transfer);
  }
  while (http->held.next != &http->held) {
    jdvm_transfer *transfer = (jdvm_transfer *)http->held.next;
    if (transfer->easy != NULL) {
      curl_easy_cleanup(transfer->easy);
      transfer->easy = NULL;
    }
    transfer->http = NULL;
    unlink_transfer(transfer);
  }
  while (http->pool != NULL) {
    jdvm_transfer *transfer = http->pool;
    http->pool = (jdvm_transfer *)transfer->link.next;
    destroy(transfer);
  }
  if (http->multi != NULL) {
    (void)curl_multi_cleanup(http->multi);
  }
  hush_end(&guard);
  free(http->sockets);
  free((void *)http->config.ca_file);
  free((void *)http->config.ca_path);
  free((void *)http->config.proxy);
  free((void *)http->config.no_proxy);
  free((void *)http->config.user_agent);
  free(http);
}

void jdvm_transfer_cancel(jdvm_transfer *transfer) {
  hush guard;
  if (transfer->state != RUNNING) {
    return;
  }
  leave_parent(transfer->http);
  if (transfer->state != RUNNING) {
    return;
  }
  hush_begin(&guard);
  fail_cancelled(transfer, "the request was cancelled");
  detach(transfer->http, transfer);
  hush_end(&guard);
}

void jdvm_transfer_release(jdvm_transfer *transfer) {
  jdvm_http *http;
  if (transfer == NULL) {
    return;
  }
  http = transfer->http;
  if (http != NULL) {
    leave_parent(http);
    jdvm_transfer_cancel(transfer);
    unlink_transfer(transfer);
    if (http->pooled < POOLED_TRANSFERS) {
      if (transfer->response.body.capacity > POOLED_BODY_BYTES) {
        jdvm_buf_free(&transfer->response.body);
      }
      transfer->link.next = (ring *)http->pool;
      http->pool = transfer;
      http->pooled++;
      return;
    }
  }
  destroy(transfer);
}

/* ---- beginning ---- */

jdvm_transfer *jdvm_http_take(jdvm_http *http) {
  jdvm_transfer *transfer;
  leave_parent(http);
  transfer = http->pool;
  if (transfer != NULL) {
    http->pool = (jdvm_transfer *)transfer->link.next;
    http->pooled--;
  } else {
    transfer = calloc(1, sizeof *transfer);
    if (transfer == NULL) {
      return NULL;
    }
  }
  transfer->link.next = transfer->link.previous = &transfer->link;
  transfer->http = http;
  transfer->state = BUILDING;
  transfer->phase = JDVM_PHASE_QUEUED;
  transfer->bad_header = false;
  transfer->http_version = 0;
  transfer->lines.length = 0;
  transfer->line_count = 0;
  transfer->url.length = 0;
  transfer->host[0] = '\0';
  transfer->port = 0;
  transfer->curl_message[0] = '\0';
  jdvm_response_reset(&transfer->response, http->config.max_header_bytes,
                      http->config.max_body_bytes);
  move_to(&http->held, transfer);
  return transfer;
}

static bool has_break(const char *text, size_t length) {
  size_t i;
  for (i = 0; i < length; i++) {
    if (text[i] == '\r' || text[i] == '\n' || text[i] == '\0') {
      return true;
    }
  }
  return false;
}

/* Remembers the first thing wrong with the request. `what` names it, never its value. */
static void refuse(jdvm_transfer *transfer, const char *what, const char *name, size_t length) {
  if (transfer->state == BUILDING) {
    jdvm_error *error = &fail(transfer)->error;
    if (name != NULL) {
      (void)jdvm_fail(error, JDVM_TRANSPORT, "%s '%.*s'", what, (int)(length < 100 ? length : 100),
                      name);
    } else {
      (void)jdvm_fail(error, JDVM_TRANSPORT, "%s", what);
    }
    make_printable(error->message);
  }
}

void jdvm_transfer_header(jdvm_transfer *transfer, const char *name, size_t name_length,
                          const char *value, size_t value_length) {
  jdvm_buf *lines = &transfer->lines;
  if (name_length == 0 || has_break(name, name_length) || memchr(name, ':', name_length) != NULL ||
      memchr(name, ' ', name_length) != NULL || memchr(name, ';', name_length) != NULL) {
    refuse(transfer, "a request header cannot be named", name, name_length);
    return;
  }
  if (has_break(value, value_length)) {
    refuse(transfer, "line break or NUL in the request header", name, name_length);
    return;
  }
  /* libcurl takes "name:" as "do not send it" and "name;" as "send it empty" */
  if (!jdvm_buf_add(lines, name, name_length) ||
      !jdvm_buf_add(lines, value_length > 0 ? ": " : ";", value_length > 0 ? 2 : 1) ||
      !jdvm_buf_add(lines, value, value_length) || !jdvm_buf_add_char(lines, '\0')) {
    refuse(transfer, "not enough memory for the request", NULL, 0);
    return;
  }
  transfer->line_count++;
}

/* Finds scheme, host and port of the URL, for messages and for the choice of options; libcurl
** parses it again, and strictly. */
static bool read_url(jdvm_transfer *transfer, const char *url, size_t length) {
  const char *end = url + length, *host, *p;
  size_t i;
  for (i = 0; i < length; i++) {
    if ((unsigned char)url[i] <= ' ' || url[i] == 0x7f) {
      return false;
    }
  }
  if (length > 8 && strncasecmp(url, "https://", 8) == 0) {
    transfer->tls = true;
    transfer->port = 443;
    host = url + 8;
  } else if (length > 7 && strncasecmp(url, "http://", 7) == 0) {
    transfer->tls = false;
    transfer->port = 80;
    host = url + 7;
  } else {
    return false;
  }
  p = host;
  if (p < end && *p == '[') {
    while (p < end && *p != ']') {
      p++;
    }
  }
  while (p < end && *p != ':' && *p != '/' && *p != '?' && *p != '#' && *p != '@') {
    p++;
  }
  if (p < end && *p == '@') {
    return false; /* user name in the URL: would be sent, and logged */
  }
  (void)snprintf(transfer->host, sizeof transfer->host, "%.*s",
                 (int)(p - host < 100 ? p - host : 100), host);
  if (p < end && *p == ':') {
    long port = 0;
    for (p++; p < end && isdigit((unsigned char)*p) && port < 100000; p++) {
      port = port * 10 + (*p - '0');
    }
    transfer->port = port;
  }
  return true;
}

static CURLcode set_up(jdvm_http *http, jdvm_transfer *transfer) {
  CURLcode code = make_multi(http);
  if (code == CURLE_OK && transfer->easy == NULL) {
    CURL *easy = curl_easy_init();
    if (easy == NULL) {
      return CURLE_OUT_OF_MEMORY;
    }
    code = set_constants(http, transfer, easy);
    if (code != CURLE_OK) {
      curl_easy_cleanup(easy);
      return code;
    }
    transfer->easy = easy;
  }
  return code == CURLE_OK ? set_variables(http, transfer) : code;
}

void jdvm_transfer_start(jdvm_transfer *transfer, const jdvm_request *request) {
  jdvm_http *http = transfer->http;
  double now = jdvm_now();
  CURLcode code;
  int count;
  hush guard;
  if (transfer->state != BUILDING) {
    return;
  }
  if (http == NULL) {
    fail_cancelled(transfer, "the client was closed");
    return;
  }
  leave_parent(http);
  if (!read_url(transfer, request->url, request->url_length)) {
    refuse(transfer,
           "the URL must begin with http:// or https://, without user name, blanks and line breaks",
           NULL, 0);
    return;
  }
  if (!jdvm_buf_add(&transfer->url, request->url, request->url_length) ||
      !jdvm_buf_add_char(&transfer->url, '\0') ||
      !jdvm_buf_reserve(&transfer->nodes, transfer->line_count * sizeof(struct curl_slist))) {
    refuse(transfer, "not enough memory for the request", NULL, 0);
    return;
  }
  transfer->started = transfer->connect_started = transfer->quiet_since = now;
  transfer->deadline = request->timeout < 0 ? 1e300 : now + request->timeout;
  transfer->connect_timeout = request->connect_timeout > 0 ? request->connect_timeout : 1e9;
  transfer->read_timeout = request->read_timeout > 0 ? request->read_timeout : 1e9;
  transfer->connect_mark = 0;
  transfer->request_mark = 0;
  if (request->max_body_bytes > 0) {
    transfer->response.max_body = request->max_body_bytes;
  }
  if (request->timeout >= 0 && request->timeout < 1e-3) {
    fail_timeout(transfer, NULL, 0);
    return;
  }
  hush_begin(&guard);
  code = set_up(http, transfer);
  if (code == CURLE_OK && curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK) {
    code = CURLE_OUT_OF_MEMORY;
  }
  if (code != CURLE_OK) {
    jdvm_error *error = &fail(transfer)->error;
    (void)jdvm_fail(error, JDVM_TRANSPORT, "could not prepare the request: %.150s",
                    transfer->curl_message[0] != '\0' ? transfer->curl_message
                                                      : curl_easy_strerror(code));
  } else {
    transfer->state = RUNNING;
    move_to(&http->running, transfer);
    /* send now what can be sent: the answer is on its way while the caller does other things */
    http->performed = curl_multi_perform(http->multi, &count) == CURLM_OK;
  }
  hush_end(&guard);
}

/* ---- driving ---- */

static void end_well_or_not(jdvm_http *http, jdvm_transfer *transfer, CURLcode code) {
  if (transfer->http_version == 1) {
    http->one_at_a_time = true;
  }
  if (code != CURLE_OK) {
    fail_curl(transfer, code);
  } else if (transfer->response.status < 200 || !transfer->response.header_complete) {
    (void)jdvm_fail(&fail(transfer)->error, JDVM_TRANSPORT, "%s port %ld did not answer with HTTP",
                    transfer->host, transfer->port);
  } else {
    transfer->state = SUCCEEDED;
  }
  detach(http, transfer);
}

/* Takes from libcurl the transfers that have ended. */
static void collect(jdvm_http *http) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
    if (message->msg == CURLMSG_DONE) {
      CURLcode code = message->data.result;
      char *transfer = NULL;
      (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      end_well_or_not(http, (jdvm_transfer *)(void *)transfer, code);
    }
  }
}

static void fail_all(jdvm_http *http, CURLMcode code) {
  while (http->running.next != &http->running) {
    jdvm_transfer *transfer = (jdvm_transfer *)http->running.next;
    (void)jdvm_fail(&fail(transfer)->error, JDVM_TRANSPORT, "libcurl: %.150s",
                    curl_multi_strerror(code));
    detach(http, transfer);
  }
}

/* Fails the transfers whose time is up. Returns the earliest time at which another's will be. */
static double expire(jdvm_http *http, double now) {
  double earliest = 1e300;
  ring *each = http->running.next;
  while (each != &http->running) {
    jdvm_transfer *transfer = (jdvm_transfer *)each;
    double limit = 1e300;
    const char *option = NULL;
    double seconds = 0;
    each = each->next;
    if (transfer->phase == JDVM_PHASE_QUEUED) {
      /* libcurl's own clock runs in the queue too */
      if (now - transfer->started + transfer->connect_timeout >
          (double)transfer->curl_connect_ms * 1e-3 + 0.1) {
        (void)tell_connect_timeout(transfer, now - transfer->started);
      }
    } else if (transfer->phase < JDVM_PHASE_SEND) {
      seconds = transfer->connect_timeout;
      limit = transfer->connect_started + seconds;
      option = "connect_timeout";
    } else {
      seconds = transfer->read_timeout;
      limit = transfer->quiet_since + seconds;
      option = "read_timeout";
    }
    if (transfer->deadline <= limit) {
      limit = transfer->deadline;
      option = NULL;
    }
    if (limit <= now) {
      fail_timeout(transfer, option, seconds);
      detach(http, transfer);
    } else if (limit < earliest) {
      earliest = limit;
    }
  }
  return earliest;
}

/* The caller was elsewhere for a while. Nobody read or wrote meanwhile, so that this time counts
** neither as the server's silence nor as slowness to connect; deadlines are deadlines. */
static void forgive_absence(jdvm_http *http, double now) {
  double absence = now - http->left;
  ring *each;
  if (absence < 1e-3) {
    return;
  }
  for (each = http->running.next; each != &http->running; each = each->next) {
    jdvm_transfer *transfer = (jdvm_transfer *)each;
    double from = transfer->started > http->left ? transfer->started : http->left;
    absence = now - from;
    transfer->connect_started += absence;
    transfer->quiet_since += absence;
    if (transfer->phase < JDVM_PHASE_SEND) {
      (void)tell_connect_timeout(transfer, transfer->connect_started - transfer->started);
    }
  }
}

static int milliseconds(double seconds) {
  if (seconds <= 0) {
    return 0;
  }
  return seconds < 1e6 ? (int)(seconds * 1e3) + 1 : 1000000000;
}

/* Drives what runs until `awaited` (if any) has ended or `end` has come. */
static void drive(jdvm_http *http, const jdvm_transfer *awaited, double end) {
  double now = jdvm_now();
  hush guard;
  hush_begin(&guard);
  forgive_absence(http, now);
  for (;;) {
    double wake;
    CURLMcode code = CURLM_OK;
    if (!http->performed) {
      int count;
      code = curl_multi_perform(http->multi, &count);
    }
    http->performed = false;
    collect(http);
    if (code != CURLM_OK) {
      fail_all(http, code);
    }
    if (awaited != NULL && awaited->state != RUNNING) {
      break;
    }
    now = jdvm_now();
    wake = expire(http, now);
    if ((awaited != NULL && awaited->state != RUNNING) || now >= end) {
      break;
    }
    code =
        curl_multi_poll(http->multi, NULL, 0, milliseconds((wake < end ? wake : end) - now), NULL);
    if (code != CURLM_OK) {
      fail_all(http, code);
    }
  }
  http->left = jdvm_now();
  hush_end(&guard);
}

void jdvm_http_finish(jdvm_http *http, jdvm_transfer *transfer) {
  leave_parent(http);
  if (transfer->state == RUNNING) {
    drive(http, transfer, 1e300);
  }
}

void jdvm_http_sleep(jdvm_http *http, double seconds) {
  double end = jdvm_now() + seconds;
  leave_parent(http);
  for (;;) {
    double left = end - jdvm_now();
    if (!(left > 0)) {
      return;
    }
    if (http->running.next != &http->running) {
      drive(http, NULL, end);
    } else {
      struct timespec pause;
      pause.tv_sec = left < 1e9 ? (time_t)left : (time_t)1000000000;
      pause.tv_nsec = (long)((left - (double)pause.tv_sec) * 1e9);
      (void)nanosleep(&pause, NULL);
    }
  }
}

/* ---- looking at a transfer ---- */

bool jdvm_transfer_succeeded(const jdvm_transfer *transfer) {
  return transfer->state == SUCCEEDED;
}

bool jdvm_transfer_belongs(const jdvm_transfer *transfer, const jdvm_http *http) {
  return transfer->http == http;
}

const jdvm_response *jdvm_transfer_response(const jdvm_transfer *transfer) {
  return &transfer->response;
}

const jdvm_failure *jdvm_transfer_failure(const jdvm_transfer *transfer) {
  return &transfer->failure;
}
