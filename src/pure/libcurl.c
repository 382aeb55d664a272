#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* clock_gettime under -std=c99 */
#endif

#include "libcurl.h"
#include "clock.h"

#include <pthread.h>

enum {
  KEPT_CONNECTIONS = 32,    /* idle ones kept open */
  KEPT_SECONDS = 30,        /* one idle for longer is not used again: common servers wait for 60 */
  CONNECTION_SECONDS = 300, /* nor one that was made longer ago */
  RECEIVE_BYTES = 64 * 1024 /* libcurl's read size; TLS comes in pieces of 16 K at most anyway */
};

/* ---- connections ---- */

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

/* Sets libcurl up, once per process, and makes the multi handle, if that is not done yet.
** 0, or -1 when memory is short or libcurl cannot work. */
static int open_multi(jdvm_http *http) {
  const jdvm_http_config *config = &http->config;
  const curl_version_info_data *info;
  CURLM *multi;
  if (http->multi != NULL) {
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
  info = curl_version_info(CURLVERSION_NOW);
  http->features = info->features;
  http->raises_sigpipe = info->version_num < 0x075700;
  http->multi = multi;
  if (!config->waits) {
    jdvm_http_watch(http);
  }
  return 0;
}

/* ---- transfers ---- */

/* Whom to trust of proxies that speak TLS. */
static int set_proxy_trust(jdvm_transfer *transfer) {
  CURL *easy = transfer->handle;
  const jdvm_http_config *config = &transfer->http->config;
  SET(CURLOPT_PROXY_SSL_VERIFYPEER, config->verify ? 1L : 0L);
  SET(CURLOPT_PROXY_SSL_VERIFYHOST, config->verify ? 2L : 0L);
  SET(CURLOPT_PROXY_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  if (config->proxy_ca_file != NULL) {
    SET(CURLOPT_PROXY_CAINFO, config->proxy_ca_file);
    SET(CURLOPT_PROXY_CAPATH, NULL);
    return 0;
  }
  /* What stays as it is, file or folder, is the system's. */
  if (config->ca_file != NULL) {
    SET(CURLOPT_PROXY_CAINFO, config->ca_file);
  }
  if (config->ca_path != NULL) {
    SET(CURLOPT_PROXY_CAPATH, config->ca_path);
  }
  return 0;
}

/* The options that say what libcurl may do, and whom it trusts. */
static int set_policy(jdvm_transfer *transfer) {
  CURL *easy = transfer->handle;
  const jdvm_http_config *config = &transfer->http->config;
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
  }
  SET(CURLOPT_PROXY, config->proxy != NULL ? config->proxy : "");
  SET(CURLOPT_NOPROXY, ""); /* whether there is a proxy is decided: not by the environment */
  return jdvm_transfer_proxy(transfer, "https:") ? set_proxy_trust(transfer) : 0;
}

static bool tell_connect_timeout(jdvm_transfer *transfer, double seconds) {
  transfer->told = seconds < 1e6 ? (long)(seconds * 1e3) + 50 : 1000000000L;
  return curl_easy_setopt(transfer->handle, CURLOPT_CONNECTTIMEOUT_MS, transfer->told) == CURLE_OK;
}

/* The other options. */
static int set_request(jdvm_transfer *transfer) {
  CURL *easy = transfer->handle;
  jdvm_http_request *request = &transfer->request;
  const jdvm_http *http = transfer->http;
  const jdvm_http_config *config = &http->config;
  const int features = http->features;
  struct curl_slist *nodes = (struct curl_slist *)(void *)transfer->nodes.bytes;
  char *line = request->lines.bytes;
  const char *authority = request->url.bytes + (request->tls ? 8 : 7);
  const char *target = authority + strcspn(authority, "/?");
  unsigned i;
  for (i = 0; i < request->line_count; i++) {
    nodes[i].data = line;
    nodes[i].next = i + 1 < request->line_count ? &nodes[i + 1] : NULL;
    line += strlen(line) + 1;
  }
  if (!transfer->request.tls) {
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
  SET(CURLOPT_ERRORBUFFER, transfer->message);
  SET(CURLOPT_PRIVATE, (void *)transfer);
  SET(CURLOPT_HTTPHEADER, request->line_count > 0 ? nodes : NULL);
  SET(CURLOPT_URL, request->url.bytes);
  /* The bytes that were signed, which libcurl since 8.20 would write in another way (%2e as %2E); a
  ** proxy that reads the request itself gets all of the URL. */
  if (*target == '/') {
    bool whole = !request->tls && jdvm_transfer_proxy(transfer, "http");
    SET(CURLOPT_REQUEST_TARGET, whole ? request->url.bytes : target);
  }
  SET(CURLOPT_FRESH_CONNECT, transfer->limits.fresh ? 1L : 0L);
  SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->response.max_body);
  /* Rather wait for a connection in the making, which may carry many, than open one for each; but
  ** not where connections are known to carry one at a time: they would be made one by one. */
  SET(CURLOPT_PIPEWAIT, request->tls && config->http2 && !http->one_at_a_time ? 1L : 0L);
  return tell_connect_timeout(transfer, transfer->limits.connect_timeout) ? 0 : -1;
}

int jdvm_transfer_begin(jdvm_transfer *transfer) {
  jdvm_http *http = transfer->http;
  transfer->begun = transfer->since = jdvm_now();
  jdvm_sockets_retire(&http->sockets);
  if (open_multi(http) != 0 || !jdvm_buf_reserve(&transfer->nodes, transfer->request.line_count *
                                                                       sizeof(struct curl_slist))) {
    return -1;
  }
  transfer->handle = curl_easy_init();
  if (transfer->handle == NULL) {
    return -1;
  }
  if (set_policy(transfer) != 0 || jdvm_transfer_watch(transfer) != 0 ||
      set_request(transfer) != 0 ||
      curl_multi_add_handle(http->multi, transfer->handle) != CURLM_OK) {
    curl_easy_cleanup(transfer->handle);
    transfer->handle = NULL;
    return -1;
  }
  return 0;
}

void jdvm_transfer_more_time(jdvm_transfer *transfer, double now) {
  double allowed = now - transfer->begun + transfer->limits.connect_timeout;
  /* told in steps, so as not to tell at every turn */
  if (transfer->phase < JDVM_PHASE_SEND && allowed * 1e3 > (double)transfer->told + 50) {
    (void)tell_connect_timeout(transfer, allowed + 0.05);
  }
}
