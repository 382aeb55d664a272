#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* clock_gettime under -std=c99 */
#endif

#include "libcurl.h"
#include "clock.h"

enum { FIN = 1 }; /* the end of a connection, where bytes are counted */

/* ---- callbacks: no memory but through jdvm_buf and realloc, no call that could jump ---- */

/* The transfer is at last looked up or connected: from here its time to connect runs. */
static void leave_queue(jdvm_transfer *transfer, jdvm_phase phase) {
  if (transfer->phase == JDVM_PHASE_QUEUED) {
    transfer->since = jdvm_now();
  }
  transfer->phase = phase;
}

static long bytes_sent(const jdvm_transfer *transfer) {
  long sent = 0;
  if (transfer->handle != NULL) {
    (void)curl_easy_getinfo(transfer->handle, CURLINFO_REQUEST_SIZE, &sent);
  }
  return sent;
}

/* When a kept connection breaks before any answer, libcurl sends the request again on another. That is
** well while nothing of it had left. Else the server may have seen it, nonce and all, so that it would
** be refused; the caller may try again, with a new signature. (libcurl before 7.80 does not tell when
** it takes a kept connection, so that there only a new one is refused.) */
static bool refuse_again(jdvm_transfer *transfer) {
  transfer->again =
      (transfer->ready || !HAS_PREREQ) && bytes_sent(transfer) > transfer->sent_before;
  transfer->ready = transfer->again;
  return transfer->again;
}

static int on_resolve(void *resolver, void *reserved, void *user) {
  (void)resolver;
  (void)reserved;
  leave_queue(user, JDVM_PHASE_DNS);
  return 0;
}

static curl_socket_t on_open(void *user, curlsocktype purpose, struct curl_sockaddr *address) {
  jdvm_transfer *transfer = user;
  int opened;
  (void)purpose;
  if (refuse_again(transfer)) {
    return CURL_SOCKET_BAD;
  }
  opened = jdvm_sockets_open(&transfer->http->sockets, address->family, address->socktype,
                             address->protocol, transfer);
  if (opened < 0) {
    return CURL_SOCKET_BAD;
  }
  leave_queue(transfer, JDVM_PHASE_CONNECT);
  transfer->opened = true;
  return opened;
}

static int on_close(void *user, curl_socket_t closed) {
  jdvm_http *http = user;
  return jdvm_sockets_close(&http->sockets, closed);
}

/* The socket that the transfer uses, or NULL while that is not known. */
static jdvm_socket *socket_of(const jdvm_transfer *transfer) {
  long port = 0;
  (void)curl_easy_getinfo(transfer->handle, CURLINFO_LOCAL_PORT, &port);
  return jdvm_sockets_at(&transfer->http->sockets, port);
}

bool jdvm_transfer_proxy(const jdvm_transfer *transfer, const char *scheme) {
  const char *proxy = transfer->http->config.proxy;
  return proxy != NULL && proxy[0] != '\0' && strncmp(proxy, scheme, strlen(scheme)) == 0;
}

#if HAS_PREREQ
/* Whether the request may go out on this connection: not where something lies already that would be
** taken for its response. (A new connection with TLS may hold tickets; one with HTTP/2 may always
** hold something, and says what it is for.) */
static bool take_socket(jdvm_transfer *transfer, jdvm_socket *used) {
  bool secure = transfer->request.tls || jdvm_transfer_proxy(transfer, "https:");
  if (used == NULL) {
    transfer->unfit = !transfer->opened && (!secure || transfer->http->one_at_a_time);
  } else {
    used->user = transfer;
    transfer->unfit = (used->version == 1 || !secure) && !jdvm_socket_is_silent(used);
    used->taken = used->version == 1 && secure ? jdvm_socket_taken(used) : -1;
  }
  return !transfer->unfit;
}

/* A connection is there, the request goes out next. */
static int on_ready(void *user, char *peer_ip, char *own_ip, int peer_port, int own_port) {
  jdvm_transfer *transfer = user;
  (void)peer_ip;
  (void)own_ip;
  (void)peer_port;
  if (refuse_again(transfer) ||
      !take_socket(transfer, jdvm_sockets_at(&transfer->http->sockets, own_port))) {
    return CURL_PREREQFUNC_ABORT;
  }
  transfer->ready = true;
  transfer->phase = JDVM_PHASE_SEND;
  transfer->since = jdvm_now();
  transfer->sent_before = bytes_sent(transfer); /* for a proxy */
  return CURL_PREREQFUNC_OK;
}
#endif

/* The first line of a response. False: it had arrived before the request was sent, so it is the
** response to another. (Bytes may lie decrypted in the TLS library, where nobody sees them; but then
** none were taken from the socket since.) */
static bool begin_response(jdvm_transfer *transfer, const char *line, size_t length) {
  bool http1 = length > 6 && memcmp(line, "HTTP/1", 6) == 0;
  jdvm_socket *used = socket_of(transfer);
  if (used != NULL && used->taken >= 0 && jdvm_socket_taken(used) - used->taken <= FIN) {
    transfer->unfit = true;
    return false;
  }
  if (used != NULL) {
    used->version = http1 ? 1 : 2;
    used->user = http1 ? transfer : NULL;
  }
  transfer->http->one_at_a_time |= http1;
  transfer->phase = JDVM_PHASE_READ;
  transfer->ready = true;
  return true;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user) {
  jdvm_transfer *transfer = user;
  size_t length = size * count;
  if (transfer->phase != JDVM_PHASE_READ && !begin_response(transfer, bytes, length)) {
    return 0;
  }
  transfer->since = jdvm_now();
  return jdvm_response_line(&transfer->response, bytes, length) ? length : 0;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
  jdvm_transfer *transfer = user;
  size_t length = size * count;
  transfer->since = jdvm_now();
  return jdvm_response_piece(&transfer->response, bytes, length) ? length : 0;
}

int jdvm_transfer_watch(jdvm_transfer *transfer) {
  CURL *easy = transfer->handle;
  SET(CURLOPT_RESOLVER_START_FUNCTION, on_resolve);
  SET(CURLOPT_RESOLVER_START_DATA, (void *)transfer);
  SET(CURLOPT_OPENSOCKETFUNCTION, on_open);
  SET(CURLOPT_OPENSOCKETDATA, (void *)transfer);
  SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
  SET(CURLOPT_CLOSESOCKETDATA, (void *)transfer->http);
#if HAS_PREREQ
  SET(CURLOPT_PREREQFUNCTION, on_ready);
  SET(CURLOPT_PREREQDATA, (void *)transfer);
#endif
  SET(CURLOPT_HEADERFUNCTION, on_header);
  SET(CURLOPT_HEADERDATA, (void *)transfer);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, (void *)transfer);
  return 0;
}

void jdvm_transfer_observe(jdvm_transfer *transfer) {
#if HAS_PREREQ
  (void)transfer;
#else
  curl_off_t ready = 0;
  if (transfer->phase < JDVM_PHASE_SEND &&
      curl_easy_getinfo(transfer->handle, CURLINFO_PRETRANSFER_TIME_T, &ready) == CURLE_OK &&
      ready > 0) {
    jdvm_socket *used = socket_of(transfer);
    if (used != NULL) {
      used->user = transfer;
    }
    transfer->ready = true;
    transfer->phase = JDVM_PHASE_SEND;
    transfer->since = jdvm_now();
  }
#endif
}

/* The status with which a proxy answered CONNECT; 0 as long as it has not. */
static long tunnel_status(const jdvm_transfer *transfer) {
  long status = 0;
  if (transfer->handle != NULL) {
    (void)curl_easy_getinfo(transfer->handle, CURLINFO_HTTP_CONNECTCODE, &status);
  }
  return status;
}

/* Whether the request is not under way because a proxy has not let it pass yet. */
static bool is_before_proxy(const jdvm_transfer *transfer) {
  long status = tunnel_status(transfer);
  return jdvm_transfer_proxy(transfer, "") && transfer->phase < JDVM_PHASE_SEND &&
         !transfer->ready && (status < 200 || status >= 300);
}

/* The phase of a running transfer, with what only libcurl and the kernel know. */
static jdvm_phase phase_of(const jdvm_transfer *transfer) {
  if (transfer->phase == JDVM_PHASE_CONNECT && transfer->request.tls &&
      !is_before_proxy(transfer)) {
    return jdvm_sockets_connected(&transfer->http->sockets, transfer) ? JDVM_PHASE_TLS
                                                                      : JDVM_PHASE_CONNECT;
  }
  if (transfer->phase == JDVM_PHASE_SEND) {
    return bytes_sent(transfer) > transfer->sent_before ? JDVM_PHASE_WAIT : JDVM_PHASE_SEND;
  }
  return transfer->phase;
}

/* ---- what went wrong ---- */

/* Before 7.62 a wrong host name and a certificate that cannot be verified had a code each, 51 and 60;
** since then they share the latter. */
static const struct {
  int code;
  jdvm_cause cause;
} causes[] = {
    {CURLE_OK, JDVM_CAUSE_CUT}, /* libcurl is content with a header that does not end */
    {CURLE_PARTIAL_FILE, JDVM_CAUSE_CUT},
    {CURLE_GOT_NOTHING, JDVM_CAUSE_SILENCE},
    {CURLE_URL_MALFORMAT, JDVM_CAUSE_URL},
    {CURLE_LOGIN_DENIED, JDVM_CAUSE_URL},
    {CURLE_COULDNT_RESOLVE_HOST, JDVM_CAUSE_NO_HOST},
    {CURLE_COULDNT_RESOLVE_PROXY, JDVM_CAUSE_NO_HOST},
    {CURLE_COULDNT_CONNECT, JDVM_CAUSE_NO_CONNECTION},
    {CURLE_OPERATION_TIMEDOUT, JDVM_CAUSE_CONNECT_TIMEOUT}, /* no other limit is set */
    {CURLE_SSL_CACERT_BADFILE, JDVM_CAUSE_CA_FILE},
    {51, JDVM_CAUSE_CERTIFICATE},
    {60, JDVM_CAUSE_CERTIFICATE},
    {97, JDVM_CAUSE_TUNNEL}, /* a SOCKS proxy, since 7.73 */
    {CURLE_SSL_CONNECT_ERROR, JDVM_CAUSE_HANDSHAKE},
    {CURLE_SSL_CIPHER, JDVM_CAUSE_HANDSHAKE},
    {CURLE_SSL_CERTPROBLEM, JDVM_CAUSE_HANDSHAKE},
    {CURLE_SSL_ENGINE_INITFAILED, JDVM_CAUSE_HANDSHAKE},
    {CURLE_SSL_ISSUER_ERROR, JDVM_CAUSE_HANDSHAKE},
    {CURLE_BAD_CONTENT_ENCODING, JDVM_CAUSE_INFLATE},
    {CURLE_FILESIZE_EXCEEDED, JDVM_CAUSE_BODY_SIZE},
    {CURLE_UNSUPPORTED_PROTOCOL, JDVM_CAUSE_NOT_HTTP},
    {CURLE_WEIRD_SERVER_REPLY, JDVM_CAUSE_NOT_HTTP},
    {CURLE_BAD_FUNCTION_ARGUMENT, JDVM_CAUSE_NOT_HTTP}, /* a header line that it cannot store */
    {CURLE_OUT_OF_MEMORY, JDVM_CAUSE_MEMORY},
};

static jdvm_cause cause_of(int code) {
  size_t i;
  for (i = 0; i < sizeof causes / sizeof causes[0]; i++) {
    if (causes[i].code == code) {
      return causes[i].cause;
    }
  }
  return JDVM_CAUSE_OTHER;
}

/* Whether it was for want of an address that a SOCKS proxy was not asked. */
static bool is_lookup(const jdvm_transfer *transfer) {
#if JDVM_CURL_NUM >= 0x074900
  long problem = 0;
  (void)curl_easy_getinfo(transfer->handle, CURLINFO_PROXY_ERROR, &problem);
  return problem == (long)CURLPX_RESOLVE_HOST;
#else
  (void)transfer;
  return false;
#endif
}

/* What a proxy has to do with a failure. The words of libcurl differ from version to version, so that
** codes and sockets tell it. */
static void blame_proxy(const jdvm_transfer *transfer, jdvm_facts *facts) {
  bool speaks_http = jdvm_transfer_proxy(transfer, "http"), reached;
  long status = tunnel_status(transfer);
  if (!is_before_proxy(transfer)) {
    return;
  }
  if (status >= 300) {
    facts->cause = JDVM_CAUSE_TUNNEL;
    facts->number = status;
    return;
  }
  switch (facts->cause) {
  case JDVM_CAUSE_NO_HOST:
    facts->at_proxy = !transfer->opened; /* else SOCKS, behind which a name may be looked up here */
    break;
  case JDVM_CAUSE_HANDSHAKE:
  case JDVM_CAUSE_CERTIFICATE:
    facts->at_proxy = jdvm_transfer_proxy(transfer, "https:");
    break;
  case JDVM_CAUSE_NO_CONNECTION:
    facts->at_proxy = speaks_http || facts->system_error != 0;
    facts->cause = facts->at_proxy ? facts->cause : JDVM_CAUSE_TUNNEL;
    break;
  case JDVM_CAUSE_OTHER:
  case JDVM_CAUSE_SILENCE:
    facts->cause = speaks_http && transfer->request.tls ? JDVM_CAUSE_TUNNEL : facts->cause;
    break;
  case JDVM_CAUSE_TUNNEL: /* SOCKS, for which libcurl may have looked the service's name up */
    facts->cause = is_lookup(transfer) ? JDVM_CAUSE_NO_HOST : JDVM_CAUSE_TUNNEL;
    break;
  default: /* the time is up, or will not be waited for */
    reached = jdvm_sockets_connected(&transfer->http->sockets, transfer);
    facts->at_proxy = !reached;
    facts->in_tunnel = reached && speaks_http;
    break;
  }
}

void jdvm_transfer_facts(const jdvm_transfer *transfer, int code, jdvm_facts *facts) {
  const jdvm_response *response = &transfer->response;
  long system_error = 0;
  memset(facts, 0, sizeof *facts);
  facts->cause = cause_of(code);
  facts->phase = phase_of(transfer);
  facts->host = transfer->request.host;
  facts->port = transfer->request.port;
  facts->detail =
      transfer->message[0] != '\0' ? transfer->message : curl_easy_strerror((CURLcode)code);
  facts->seconds = transfer->limits.connect_timeout;
  if (transfer->handle != NULL) {
    (void)curl_easy_getinfo(transfer->handle, CURLINFO_OS_ERRNO, &system_error);
    facts->system_error = (int)system_error;
    blame_proxy(transfer, facts);
    if (facts->cause == JDVM_CAUSE_CERTIFICATE) {
      (void)curl_easy_getinfo(transfer->handle,
                              facts->at_proxy ? CURLINFO_PROXY_SSL_VERIFYRESULT
                                              : CURLINFO_SSL_VERIFYRESULT,
                              &facts->number);
    }
  }
  facts->sent = transfer->ready && bytes_sent(transfer) > transfer->sent_before;
  if (transfer->again) {
    facts->cause = JDVM_CAUSE_SILENCE;
    facts->phase = JDVM_PHASE_WAIT;
    facts->sent = true;
  }
  if (transfer->unfit) {
    facts->cause = JDVM_CAUSE_UNFIT;
    facts->phase = transfer->ready ? JDVM_PHASE_WAIT : JDVM_PHASE_SEND;
  }
  /* bytes that are no HTTP may be left from before, too */
  facts->kept = (facts->cause == JDVM_CAUSE_SILENCE || facts->cause == JDVM_CAUSE_OTHER ||
                 facts->cause == JDVM_CAUSE_UNFIT || facts->cause == JDVM_CAUSE_NOT_HTTP) &&
                (transfer->ready || transfer->unfit) && !transfer->opened &&
                transfer->phase < JDVM_PHASE_READ;
  if (facts->cause == JDVM_CAUSE_MEMORY && facts->phase >= JDVM_PHASE_WAIT &&
      !response->header_complete) {
    /* libcurl says the same of a header line longer than it takes, which is far more likely */
    facts->cause = JDVM_CAUSE_NOT_HTTP;
    facts->detail = "too long a header line, or not enough memory";
  }
  if (response->limit != JDVM_WITHIN_LIMITS) {
    static const jdvm_cause given_up[] = {
        [JDVM_LIMIT_HEADER] = JDVM_CAUSE_HEADER_SIZE, [JDVM_LIMIT_FIELDS] = JDVM_CAUSE_HEADER_COUNT,
        [JDVM_LIMIT_BODY] = JDVM_CAUSE_BODY_SIZE,     [JDVM_LIMIT_FRAMING] = JDVM_CAUSE_FRAMING,
        [JDVM_LIMIT_MEMORY] = JDVM_CAUSE_MEMORY,
    };
    facts->cause = given_up[response->limit];
    facts->detail = response->wrong[0] != '\0' ? response->wrong : facts->detail;
  }
  facts->number = facts->cause == JDVM_CAUSE_HEADER_SIZE    ? (long)response->max_header
                  : facts->cause == JDVM_CAUSE_HEADER_COUNT ? JDVM_MAX_FIELDS
                  : facts->cause == JDVM_CAUSE_BODY_SIZE    ? (long)response->max_body
                                                            : facts->number;
}
