/* HTTP over libcurl's multi interface: many transfers on few connections, driven only while the
** caller waits for one of them. No Lua, no callbacks into the caller, no globals but libcurl's own.
**
** Life of a transfer: jdvm_http_take (an empty request) -> jdvm_transfer_header ... ->
** jdvm_transfer_start -> jdvm_http_finish -> read its response or failure -> jdvm_transfer_release.
** It may be cancelled or released at any time, before or after its jdvm_http is freed. */
#ifndef JDVM_HTTP_H
#define JDVM_HTTP_H

#include "jdvm_error.h"
#include "jdvm_response.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

typedef struct jdvm_http jdvm_http;
typedef struct jdvm_transfer jdvm_transfer;

/* All text may be NULL and is copied. */
typedef struct jdvm_http_config {
  const char *ca_file; /* PEM file of the CAs to trust instead of the system's */
  const char *ca_path; /* folder of hashed PEM files, likewise */
  const char *proxy; /* "" = none, whatever the environment says; NULL = as the environment says */
  const char *no_proxy; /* comma-separated host names that are reached without proxy */
  const char *user_agent;
  bool verify; /* peer and host name */
  bool http2;  /* offer it (ALPN) on TLS connections */
  bool gzip;   /* ask for it */
  size_t max_header_bytes;
  size_t max_body_bytes;
  long max_connections; /* 0 = no limit */
} jdvm_http_config;

/* Where a transfer stands, or where it failed. */
#define JDVM_PHASES(X)                                                                             \
  X(QUEUED, "connect") /* waits for a connection that others use or are making */                  \
  X(DNS, "dns")                                                                                    \
  X(CONNECT, "connect")                                                                            \
  X(TLS, "tls")                                                                                    \
  X(SEND, "send")                                                                                  \
  X(WAIT, "wait") /* the request is out, no byte of the answer is in */                            \
  X(READ, "read")

typedef enum jdvm_phase {
#define X(name, text) JDVM_PHASE_##name,
  JDVM_PHASES(X)
#undef X
} jdvm_phase;

typedef struct jdvm_failure {
  jdvm_error error;
  jdvm_phase phase;
  bool sent; /* at least one byte of the request left */
} jdvm_failure;

typedef struct jdvm_request {
  const char *url;
  size_t url_length;
  double timeout;         /* seconds for the whole transfer; < 0 = no limit, 0 = no time left */
  double connect_timeout; /* for name look-up, connection and TLS together; <= 0 = no limit */
  double read_timeout;    /* longest silence once connected; <= 0 = no limit */
  size_t max_body_bytes;  /* 0 = as configured */
} jdvm_request;

/* NULL when memory is short. Touches neither network nor files: the first transfer does. */
jdvm_http *jdvm_http_new(const jdvm_http_config *config);

/* Cancels what is running and closes the connections. Transfers in other hands stay readable and
** must still be released. NULL is allowed. */
void jdvm_http_free(jdvm_http *http);

/* A transfer without headers, from the pool or new. NULL when memory is short. */
jdvm_transfer *jdvm_http_take(jdvm_http *http);

/* Adds a request header. A bad one (line break, NUL, empty name) is remembered and makes the
** transfer fail at its start, before anything is sent. */
void jdvm_transfer_header(jdvm_transfer *transfer, const char *name, size_t name_length,
                          const char *value, size_t value_length);

/* Begins the transfer, as far as that goes without waiting. Whatever goes wrong is the transfer's
** failure. */
void jdvm_transfer_start(jdvm_transfer *transfer, const jdvm_request *request);

/* Drives every running transfer of `http` until `transfer` has ended. */
void jdvm_http_finish(jdvm_http *http, jdvm_transfer *transfer);

/* Drives every running transfer for that many seconds. */
void jdvm_http_sleep(jdvm_http *http, double seconds);

/* Stops a running transfer; it has then failed as "cancelled". Else does nothing. */
void jdvm_transfer_cancel(jdvm_transfer *transfer);

/* Gives the transfer back, cancelled if it still runs. NULL is allowed. */
void jdvm_transfer_release(jdvm_transfer *transfer);

/* True when the transfer has ended well; its response is complete. */
bool jdvm_transfer_succeeded(const jdvm_transfer *transfer);
bool jdvm_transfer_belongs(const jdvm_transfer *transfer, const jdvm_http *http);

/* The response (also of a failed transfer, as far as it came) and the failure of one that failed.
 */
const jdvm_response *jdvm_transfer_response(const jdvm_transfer *transfer);
const jdvm_failure *jdvm_transfer_failure(const jdvm_transfer *transfer);

const char *jdvm_phase_name(jdvm_phase phase);

/* Seconds of a clock that only goes forward. */
double jdvm_now(void);

/* libcurl's own version text. */
const char *jdvm_http_version(void);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
