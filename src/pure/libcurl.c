#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* clock_gettime under -std=c99 */
#endif

#include "libcurl.h"
#include "clock.h"
#include "sigpipe.h"

#if defined(__has_include)
#if !__has_include(<curl/curl.h>)
#error                                                                                             \
    "jdvm: libcurl headers not found: apt install libcurl4-openssl-dev | apk add curl-dev | dnf install libcurl-devel"
#endif
#endif
#include <curl/curl.h>

#include <pthread.h>
#include <unistd.h>

/* The version to build for. `lint` compiles for older ones than there is. */
#if !defined(JDVM_CURL_NUM)
#define JDVM_CURL_NUM LIBCURL_VERSION_NUM
#endif
#if JDVM_CURL_NUM < 0x073d00
#error "jdvm: libcurl 7.61.0 or later is needed"
#endif
#define HAS_POLL (JDVM_CURL_NUM >= 0x074200)
#define HAS_PREREQ (JDVM_CURL_NUM >= 0x075000)

enum {
  KEPT_CONNECTIONS = 32,     /* idle ones kept open */
  KEPT_SECONDS = 30,         /* one idle for longer is not used again: common servers wait for 60 */
  CONNECTION_SECONDS = 300,  /* nor one that was made longer ago */
  FIN = 1,                   /* the end of a connection, where bytes are counted */
  RECEIVE_BYTES = 64 * 1024, /* libcurl's read size; TLS comes in pieces of 16 K at most anyway */
  MOST_RESERVED = 1 << 20
};

/* ---- callbacks: no memory but through jdvm_buf and realloc, no call that could jump ---- */

/* The exchange is at last looked up or connected: from here its time to connect runs. */
static void leave_queue(jdvm_exchange *exchange, jdvm_phase phase) {
  if (exchange->phase == JDVM_PHASE_QUEUED) {
    exchange->since = jdvm_now();
  }
  exchange->phase = phase;
}

static long bytes_sent(const jdvm_exchange *exchange) {
  long sent = 0;
  if (exchange->handle != NULL) {
    (void)curl_easy_getinfo(exchange->handle, CURLINFO_REQUEST_SIZE, &sent);
  }
  return sent;
}

/* When a kept connection breaks before any answer, libcurl sends the request again on another. That is
** well while nothing of it had left. Else the server may have seen it, nonce and all, so that it would
** be refused; the caller may try again, with a new signature. (libcurl before 7.80 does not tell when
** it takes a kept connection, so that there only a new one is refused.) */
static bool refuse_again(jdvm_exchange *exchange) {
  exchange->again =
      (exchange->ready || !HAS_PREREQ) && bytes_sent(exchange) > exchange->sent_before;
  exchange->ready = exchange->again;
  return exchange->again;
}

static int on_resolve(void *resolver, void *reserved, void *user) {
  (void)resolver;
  (void)reserved;
  leave_queue(user, JDVM_PHASE_DNS);
  return 0;
}

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  jdvm_exchange *exchange = user;
  int opened;
  (void)purpose;
  if (refuse_again(exchange)) {
    return CURL_SOCKET_BAD;
  }
  opened = jdvm_sockets_open(&exchange->connections->sockets, address->family, address->socktype,
                             address->protocol, exchange);
  if (opened < 0) {
    return CURL_SOCKET_BAD;
  }
  leave_queue(exchange, JDVM_PHASE_CONNECT);
  exchange->opened = true;
  return opened;
}

static int on_close(void *user, curl_socket_t closed) {
  jdvm_connections *connections = user;
  return jdvm_sockets_close(&connections->sockets, closed);
}

/* The socket that the exchange uses, or NULL while that is not known. */
static jdvm_socket *socket_of(const jdvm_exchange *exchange) {
  long port = 0;
  (void)curl_easy_getinfo(exchange->handle, CURLINFO_LOCAL_PORT, &port);
  return jdvm_sockets_at(&exchange->connections->sockets, port);
}

#if HAS_PREREQ
/* Whether the request may go out on this connection: not where something lies already that would be
** taken for its response. (A new connection with TLS may hold tickets; one with HTTP/2 may always
** hold something, and says what it is for.) */
static bool take_socket(jdvm_exchange *exchange, jdvm_socket *used) {
  bool secure = exchange->request.tls;
  if (used == NULL) {
    exchange->unfit = !exchange->opened && (!secure || exchange->connections->one_at_a_time);
  } else {
    used->user = exchange;
    exchange->unfit = (used->version == 1 || !secure) && !jdvm_socket_is_silent(used);
    used->taken = used->version == 1 && secure ? jdvm_socket_taken(used) : -1;
  }
  return !exchange->unfit;
}

/* A connection is there, the request goes out next. */
static int on_ready(void *user, char *peer_ip, char *own_ip, int peer_port, int own_port) {
  jdvm_exchange *exchange = user;
  (void)peer_ip;
  (void)own_ip;
  (void)peer_port;
  if (refuse_again(exchange) ||
      !take_socket(exchange, jdvm_sockets_at(&exchange->connections->sockets, own_port))) {
    return CURL_PREREQFUNC_ABORT;
  }
  exchange->ready = true;
  exchange->phase = JDVM_PHASE_SEND;
  exchange->since = jdvm_now();
  exchange->sent_before = bytes_sent(exchange); /* for a proxy */
  return CURL_PREREQFUNC_OK;
}
#endif

/* The first line of a response. False: it had arrived before the request was sent, so it is the
** response to another. (Bytes may lie decrypted in the TLS library, where nobody sees them; but then
** none were taken from the socket since.) */
static bool begin_response(jdvm_exchange *exchange, const char *line, size_t length) {
  bool http1 = length > 6 && memcmp(line, "HTTP/1", 6) == 0;
  jdvm_socket *used = socket_of(exchange);
  if (used != NULL && used->taken >= 0 && jdvm_socket_taken(used) - used->taken <= FIN) {
    exchange->unfit = true;
    return false;
  }
  if (used != NULL) {
    used->version = http1 ? 1 : 2;
    used->user = http1 ? exchange : NULL;
  }
  exchange->connections->one_at_a_time |= http1;
  exchange->phase = JDVM_PHASE_READ;
  exchange->ready = true;
  return true;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user) {
  jdvm_exchange *exchange = user;
  size_t length = size * count;
  if (exchange->phase != JDVM_PHASE_READ && !begin_response(exchange, bytes, length)) {
    return 0;
  }
  exchange->since = jdvm_now();
  return jdvm_response_line(&exchange->response, bytes, length) ? length : 0;
}

/* A first guess at the size of a body, so that a new buffer need not grow step by step: every page of
** memory touched on the way costs. A failure to reserve is none yet. */
static void reserve_body(jdvm_exchange *exchange) {
  jdvm_buf *body = &exchange->response.body;
  size_t expected = exchange->connections->last_body;
  curl_off_t announced = -1;
  (void)curl_easy_getinfo(exchange->handle, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  if (announced > 0 && (curl_off_t)expected < announced) {
    expected = (size_t)announced; /* less than max_body: libcurl was told */
  }
  (void)jdvm_buf_reserve(body, expected < MOST_RESERVED ? expected : MOST_RESERVED);
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
  jdvm_exchange *exchange = user;
  size_t length = size * count;
  exchange->since = jdvm_now();
  if (exchange->response.body.capacity == 0) {
    reserve_body(exchange);
  }
  if (!jdvm_response_piece(&exchange->response, bytes, length)) {
    return 0;
  }
  exchange->connections->last_body = exchange->response.body.length;
  return length;
}

/* ---- connections ---- */

const char *jdvm_libcurl_version(void) {
  return curl_version();
}

static pthread_mutex_t global_lock = PTHREAD_MUTEX_INITIALIZER;

/* libcurl's process-wide set-up: once, under a lock for the sake of libcurl before 7.84, again if
** it failed, and never undone, since others in the process may use libcurl too. */
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

/* A libcurl that was built for another distribution looks for CAs where there are none. */
static const char *find_ca_file(void) {
#if JDVM_CURL_NUM >= 0x074600
  static const char *const known[] = {
      "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Alpine, Arch */
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
      "/etc/pki/tls/certs/ca-bundle.crt",                  /* older RHEL */
      "/etc/ssl/ca-bundle.pem",                            /* SUSE */
      "/etc/ssl/cert.pem",                                 /* BSD, macOS */
  };
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  size_t i;
  if (info->age < CURLVERSION_SEVENTH || (info->cainfo == NULL && info->capath == NULL) ||
      (info->cainfo != NULL && access(info->cainfo, R_OK) == 0) ||
      (info->capath != NULL && access(info->capath, R_OK) == 0)) {
    return NULL; /* not known, not needed (a TLS library with a store of its own), or there */
  }
  for (i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (access(known[i], R_OK) == 0) {
      return known[i];
    }
  }
#endif
  return NULL;
}

/* Sets libcurl up, once per process, and makes the multi handle, if that is not done yet.
** 0, or -1 when memory is short or libcurl cannot work. */
static int open_multi(jdvm_connections *connections) {
  const jdvm_http_config *config = connections->config;
  const curl_version_info_data *info;
  CURLM *multi;
  if (connections->multi != NULL) {
    return 0;
  }
  if (global_init() != CURLE_OK) {
    return -1;
  }
  multi = curl_multi_init();
  if (multi == NULL) {
    return -1;
  }
  (void)curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
  (void)curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
  if (config->max_connections > 0) {
    (void)curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)config->max_connections);
  }
  if (config->verify && config->ca_file == NULL && config->ca_path == NULL) {
    connections->known_ca_file = find_ca_file();
  }
  info = curl_version_info(CURLVERSION_NOW);
  connections->features = info->features;
  connections->raises_sigpipe = info->version_num < 0x075700;
  connections->multi = multi;
  return 0;
}

void jdvm_connections_close(jdvm_connections *connections) {
  if (connections->multi != NULL) {
    jdvm_sigpipe guard = jdvm_sigpipe_hold(connections->raises_sigpipe);
    (void)curl_multi_cleanup(connections->multi);
    jdvm_sigpipe_release(guard);
    connections->multi = NULL;
  }
  jdvm_sockets_close_all(&connections->sockets);
}

void jdvm_connections_abandon(jdvm_connections *connections) {
  jdvm_sockets_close_all(&connections->sockets);
  connections->multi = NULL;
}

bool jdvm_connections_work(jdvm_connections *connections) {
  int running;
  jdvm_sigpipe guard = jdvm_sigpipe_hold(connections->raises_sigpipe);
  CURLMcode code = curl_multi_perform(connections->multi, &running);
  jdvm_sigpipe_release(guard);
  return code == CURLM_OK;
}

bool jdvm_connections_wait(jdvm_connections *connections, double seconds) {
  int milliseconds = seconds <= 0 ? 0 : seconds < 1e6 ? (int)(seconds * 1e3) + 1 : 1000000000;
#if HAS_POLL
  return curl_multi_poll(connections->multi, NULL, 0, milliseconds, NULL) == CURLM_OK;
#else
  int descriptors = 0;
  CURLMcode code = curl_multi_wait(connections->multi, NULL, 0, milliseconds, &descriptors);
  if (code == CURLM_OK && descriptors == 0 && milliseconds > 0) {
    /* nothing to wait for yet (a name look-up): it returned at once */
    struct timespec pause = {0, 1000000L};
    (void)nanosleep(&pause, NULL);
  }
  return code == CURLM_OK;
#endif
}

jdvm_exchange *jdvm_connections_ended(jdvm_connections *connections, int *code) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(connections->multi, &left)) != NULL) {
    if (message->msg == CURLMSG_DONE) {
      char *exchange = NULL;
      *code = (int)message->data.result;
      (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
      jdvm_exchange_observe((jdvm_exchange *)(void *)exchange);
      return (jdvm_exchange *)(void *)exchange;
    }
  }
  return NULL;
}

/* ---- exchanges ---- */

#define SET(option, value)                                                                         \
  do {                                                                                             \
    CURLcode set_code = curl_easy_setopt(easy, option, value);                                     \
    if (set_code != CURLE_OK) {                                                                    \
      (void)snprintf(exchange->message, sizeof exchange->message, "libcurl refuses %s: %s",        \
                     #option, curl_easy_strerror(set_code));                                       \
      return -1;                                                                                   \
    }                                                                                              \
  } while (0)

/* The options that say what libcurl may do, and whom it trusts. */
static int set_policy(jdvm_exchange *exchange) {
  CURL *easy = exchange->handle;
  const jdvm_connections *connections = exchange->connections;
  const jdvm_http_config *config = connections->config;
#if JDVM_CURL_NUM >= 0x075500
  SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
  SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if JDVM_CURL_NUM >= 0x074000
  SET(CURLOPT_HTTP09_ALLOWED, 0L);
#endif
#if JDVM_CURL_NUM >= 0x075700
  SET(CURLOPT_QUICK_EXIT, 1L); /* do not wait for a name look-up that was given up */
#endif
#if JDVM_CURL_NUM >= 0x074100
  SET(CURLOPT_MAXAGE_CONN, (long)KEPT_SECONDS);
#endif
#if HAS_PREREQ
  SET(CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_SECONDS);
#endif
  SET(CURLOPT_NOSIGNAL, 1L);
  SET(CURLOPT_FOLLOWLOCATION, 0L); /* a redirect would carry the signature elsewhere */
  SET(CURLOPT_PATH_AS_IS, 1L);     /* the bytes that were signed are the bytes that are sent */
  SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  SET(CURLOPT_SSL_VERIFYPEER, config->verify ? 1L : 0L);
  SET(CURLOPT_SSL_VERIFYHOST, config->verify ? 2L : 0L);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  if (config->ca_file != NULL || config->ca_path != NULL) {
    /* the caller's CAs instead of the system's, not besides them */
    SET(CURLOPT_CAINFO, config->ca_file);
    SET(CURLOPT_CAPATH, config->ca_path);
  } else if (connections->known_ca_file != NULL) {
    SET(CURLOPT_CAINFO, connections->known_ca_file);
  }
  if (config->proxy != NULL) {
    SET(CURLOPT_PROXY, config->proxy);
  }
  if (config->no_proxy != NULL) {
    SET(CURLOPT_NOPROXY, config->no_proxy);
  }
  return 0;
}

/* The other options that are the same for all exchanges. */
static int set_constants(jdvm_exchange *exchange) {
  CURL *easy = exchange->handle;
  const jdvm_http_config *config = exchange->connections->config;
  const int features = exchange->connections->features;
  if (!exchange->request.tls) {
    SET(CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
  }
  SET(CURLOPT_HTTP_VERSION, config->http2 && (features & CURL_VERSION_HTTP2) != 0
                                ? (long)CURL_HTTP_VERSION_2TLS
                                : (long)CURL_HTTP_VERSION_1_1);
  if (config->gzip && (features & CURL_VERSION_LIBZ) != 0) {
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
  }
  if (config->user_agent != NULL) {
    SET(CURLOPT_USERAGENT, config->user_agent);
  }
  SET(CURLOPT_ERRORBUFFER, exchange->message);
  SET(CURLOPT_PRIVATE, (void *)exchange);
  SET(CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
  SET(CURLOPT_RESOLVER_START_DATA, (void *)exchange);
  SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
  SET(CURLOPT_OPENSOCKETDATA, (void *)exchange);
  SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
  SET(CURLOPT_CLOSESOCKETDATA, (void *)exchange->connections);
#if HAS_PREREQ
  SET(CURLOPT_PREREQFUNCTION, on_ready);
  SET(CURLOPT_PREREQDATA, (void *)exchange);
#endif
  SET(CURLOPT_HEADERFUNCTION, on_header);
  SET(CURLOPT_HEADERDATA, (void *)exchange);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, (void *)exchange);
  return 0;
}

static bool tell_connect_timeout(jdvm_exchange *exchange, double seconds) {
  exchange->told = seconds < 1e6 ? (long)(seconds * 1e3) + 50 : 1000000000L;
  return curl_easy_setopt(exchange->handle, CURLOPT_CONNECTTIMEOUT_MS, exchange->told) == CURLE_OK;
}

/* The options of this request. */
static int set_request(jdvm_exchange *exchange) {
  CURL *easy = exchange->handle;
  jdvm_http_request *request = &exchange->request;
  const jdvm_connections *connections = exchange->connections;
  struct curl_slist *nodes = (struct curl_slist *)(void *)exchange->nodes.bytes;
  char *line = request->lines.bytes;
  unsigned i;
  for (i = 0; i < request->line_count; i++) {
    nodes[i].data = line;
    nodes[i].next = i + 1 < request->line_count ? &nodes[i + 1] : NULL;
    line += strlen(line) + 1;
  }
  SET(CURLOPT_HTTPHEADER, request->line_count > 0 ? nodes : NULL);
  SET(CURLOPT_URL, request->url.bytes);
  SET(CURLOPT_FRESH_CONNECT, exchange->fresh ? 1L : 0L);
  SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)exchange->response.max_body);
  /* Rather wait for a connection in the making, which may carry many, than open one for each; but
  ** not where connections are known to carry one at a time: they would be made one by one. */
  SET(CURLOPT_PIPEWAIT,
      request->tls && connections->config->http2 && !connections->one_at_a_time ? 1L : 0L);
  return tell_connect_timeout(exchange, exchange->connect_timeout) ? 0 : -1;
}

int jdvm_exchange_begin(jdvm_exchange *exchange) {
  jdvm_connections *connections = exchange->connections;
  exchange->begun = exchange->since = jdvm_now();
  exchange->fresh |=
      jdvm_sockets_retire(&connections->sockets) == 0 && connections->one_at_a_time && !HAS_PREREQ;
  if (open_multi(connections) != 0 ||
      !jdvm_buf_reserve(&exchange->nodes,
                        exchange->request.line_count * sizeof(struct curl_slist))) {
    return -1;
  }
  exchange->handle = curl_easy_init();
  if (exchange->handle == NULL) {
    return -1;
  }
  if (set_policy(exchange) != 0 || set_constants(exchange) != 0 || set_request(exchange) != 0 ||
      curl_multi_add_handle(connections->multi, exchange->handle) != CURLM_OK) {
    curl_easy_cleanup(exchange->handle);
    exchange->handle = NULL;
    return -1;
  }
  return 0;
}

void jdvm_exchange_more_time(jdvm_exchange *exchange, double now) {
  double allowed = now - exchange->begun + exchange->connect_timeout;
  /* told in steps, so as not to tell at every turn */
  if (exchange->phase < JDVM_PHASE_SEND && allowed * 1e3 > (double)exchange->told + 50) {
    (void)tell_connect_timeout(exchange, allowed + 0.05);
  }
}

void jdvm_exchange_end(jdvm_exchange *exchange) {
  jdvm_sigpipe guard = jdvm_sigpipe_hold(exchange->connections->raises_sigpipe);
#if !HAS_PREREQ
  jdvm_socket *used = exchange->request.tls ? socket_of(exchange) : NULL;
  if (used != NULL && used->version == 1) {
    used->taken = jdvm_socket_taken(used);
  }
#endif
  (void)curl_multi_remove_handle(exchange->connections->multi, exchange->handle);
  curl_easy_cleanup(exchange->handle);
  jdvm_sigpipe_release(guard);
  exchange->handle = NULL;
  jdvm_sockets_leave(&exchange->connections->sockets, exchange);
}

/* A libcurl that does not tell when it takes a kept connection may give an exchange one that has just
** become idle, unseen. So what has ended is taken in first, and where none is idle then, the next
** exchange gets a fresh one. */
void jdvm_connections_before(jdvm_connections *connections) {
#if HAS_PREREQ
  (void)connections;
#else
  if (connections->multi != NULL) {
    (void)jdvm_connections_work(connections);
  }
#endif
}

void jdvm_exchange_observe(jdvm_exchange *exchange) {
#if HAS_PREREQ
  (void)exchange;
#else
  curl_off_t ready = 0;
  if (exchange->phase < JDVM_PHASE_SEND &&
      curl_easy_getinfo(exchange->handle, CURLINFO_PRETRANSFER_TIME_T, &ready) == CURLE_OK &&
      ready > 0) {
    jdvm_socket *used = socket_of(exchange);
    if (used != NULL) {
      used->user = exchange;
    }
    exchange->ready = true;
    exchange->phase = JDVM_PHASE_SEND;
    exchange->since = jdvm_now();
  }
#endif
}

/* The phase of a running exchange, with what only libcurl and the kernel know. */
static jdvm_phase phase_of(const jdvm_exchange *exchange) {
  if (exchange->phase == JDVM_PHASE_CONNECT && exchange->request.tls) {
    return jdvm_sockets_connected(&exchange->connections->sockets, exchange) ? JDVM_PHASE_TLS
                                                                             : JDVM_PHASE_CONNECT;
  }
  if (exchange->phase == JDVM_PHASE_SEND) {
    return bytes_sent(exchange) > exchange->sent_before ? JDVM_PHASE_WAIT : JDVM_PHASE_SEND;
  }
  return exchange->phase;
}

/* ---- what went wrong ---- */

static jdvm_cause cause_of(CURLcode code) {
  /* Before 7.62 a wrong host name and a certificate that cannot be verified had a code each; 51 was
  ** CURLE_PEER_FAILED_VERIFICATION, 60 has become it. */
  if ((int)code == 51 || (int)code == 60) {
    return JDVM_CAUSE_CERTIFICATE;
  }
  switch (code) {
  case CURLE_OK: /* libcurl is content with a header that does not end */
  case CURLE_PARTIAL_FILE:
    return JDVM_CAUSE_CUT;
  case CURLE_GOT_NOTHING:
    return JDVM_CAUSE_SILENCE;
  case CURLE_URL_MALFORMAT:
  case CURLE_LOGIN_DENIED:
    return JDVM_CAUSE_URL;
  case CURLE_COULDNT_RESOLVE_HOST:
    return JDVM_CAUSE_NO_HOST;
  case CURLE_COULDNT_RESOLVE_PROXY:
    return JDVM_CAUSE_NO_PROXY;
  case CURLE_COULDNT_CONNECT:
    return JDVM_CAUSE_NO_CONNECTION;
  case CURLE_OPERATION_TIMEDOUT: /* of libcurl's time limits only this one is set */
    return JDVM_CAUSE_CONNECT_TIMEOUT;
  case CURLE_SSL_CACERT_BADFILE:
    return JDVM_CAUSE_CA_FILE;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_ENGINE_INITFAILED:
  case CURLE_SSL_ISSUER_ERROR:
    return JDVM_CAUSE_HANDSHAKE;
  case CURLE_BAD_CONTENT_ENCODING:
    return JDVM_CAUSE_INFLATE;
  case CURLE_FILESIZE_EXCEEDED:
    return JDVM_CAUSE_BODY_SIZE;
  case CURLE_UNSUPPORTED_PROTOCOL:
  case CURLE_WEIRD_SERVER_REPLY:
  case CURLE_BAD_FUNCTION_ARGUMENT: /* so it calls a header line that it cannot store */
    return JDVM_CAUSE_NOT_HTTP;
  case CURLE_OUT_OF_MEMORY:
    return JDVM_CAUSE_MEMORY;
  default:
    return JDVM_CAUSE_OTHER;
  }
}

void jdvm_exchange_facts(const jdvm_exchange *exchange, int code, jdvm_facts *facts) {
  const jdvm_response *response = &exchange->response;
  long system_error = 0;
  memset(facts, 0, sizeof *facts);
  facts->cause = cause_of((CURLcode)code);
  facts->phase = phase_of(exchange);
  facts->host = exchange->request.host;
  facts->port = exchange->request.port;
  facts->detail =
      exchange->message[0] != '\0' ? exchange->message : curl_easy_strerror((CURLcode)code);
  facts->seconds = exchange->connect_timeout;
  if (exchange->handle != NULL) {
    (void)curl_easy_getinfo(exchange->handle, CURLINFO_OS_ERRNO, &system_error);
    (void)curl_easy_getinfo(exchange->handle, CURLINFO_PRIMARY_IP, &facts->address);
    (void)curl_easy_getinfo(exchange->handle, CURLINFO_PRIMARY_PORT, &facts->address_port);
    if (facts->cause == JDVM_CAUSE_CERTIFICATE) {
      (void)curl_easy_getinfo(exchange->handle, CURLINFO_SSL_VERIFYRESULT, &facts->number);
    }
    if (facts->cause == JDVM_CAUSE_OTHER && facts->phase < JDVM_PHASE_SEND) {
      (void)curl_easy_getinfo(exchange->handle, CURLINFO_HTTP_CONNECTCODE, &facts->number);
      facts->cause = facts->number >= 300 ? JDVM_CAUSE_TUNNEL : JDVM_CAUSE_OTHER;
    }
  }
  facts->sent = exchange->ready && bytes_sent(exchange) > exchange->sent_before;
  if (exchange->again) {
    facts->cause = JDVM_CAUSE_SILENCE;
    facts->phase = JDVM_PHASE_WAIT;
    facts->sent = true;
  }
  if (exchange->unfit) {
    facts->cause = JDVM_CAUSE_UNFIT;
    facts->phase = exchange->ready ? JDVM_PHASE_WAIT : JDVM_PHASE_SEND;
  }
  /* bytes that are no HTTP may be left from before, too */
  facts->kept = (facts->cause == JDVM_CAUSE_SILENCE || facts->cause == JDVM_CAUSE_OTHER ||
                 facts->cause == JDVM_CAUSE_UNFIT || facts->cause == JDVM_CAUSE_NOT_HTTP) &&
                (exchange->ready || exchange->unfit) && !exchange->opened &&
                exchange->phase < JDVM_PHASE_READ;
  facts->system_error = (int)system_error;
  if (facts->cause == JDVM_CAUSE_MEMORY && facts->phase >= JDVM_PHASE_WAIT &&
      !response->header_complete) {
    /* libcurl says the same of a header line longer than it takes, which is far more likely */
    facts->cause = JDVM_CAUSE_NOT_HTTP;
    facts->detail = "too long a header line, or not enough memory";
  }
  switch (response->limit) {
  case JDVM_WITHIN_LIMITS:
    break;
  case JDVM_LIMIT_HEADER:
    facts->cause = JDVM_CAUSE_HEADER_SIZE;
    facts->number = (long)response->max_header;
    break;
  case JDVM_LIMIT_FIELDS:
    facts->cause = JDVM_CAUSE_HEADER_COUNT;
    facts->number = JDVM_MAX_FIELDS;
    break;
  case JDVM_LIMIT_FRAMING:
    facts->cause = JDVM_CAUSE_FRAMING;
    facts->detail = response->wrong;
    break;
  case JDVM_LIMIT_BODY:
    facts->cause = JDVM_CAUSE_BODY_SIZE;
    break;
  case JDVM_LIMIT_MEMORY:
    facts->cause = JDVM_CAUSE_MEMORY;
    break;
  }
  if (facts->cause == JDVM_CAUSE_BODY_SIZE) {
    facts->number = (long)response->max_body;
  }
}
