/* HTTP: many transfers on few connections, driven only while the caller waits for one of them; or, with `waits`
** off, step by step by a caller who waits for the sockets himself.
** No Lua, no callbacks into the caller, no state but what a jdvm_http owns.
**
** Life of a transfer: jdvm_http_take (an empty request) -> jdvm_http_request_header ... ->
** jdvm_transfer_start -> jdvm_http_finish -> read its response or failure -> jdvm_transfer_release.
** It may be cancelled or released at any time, before or after its jdvm_http is freed. */
#ifndef JDVM_HTTP_H
#define JDVM_HTTP_H

#include "failure.h"
#include "http_request.h"
#include "response.h"

#include <poll.h>

#include "hidden.h"

/* Every option that is the same for all transfers, once. The texts; each may be NULL and is copied.
**   ca_file, ca_path   PEM file, folder of hashed PEM files: the CAs to trust instead of the system's
**   proxy              NULL or "" = none: the environment is not looked at
**   proxy_ca_file      PEM file: the CAs to trust of an https:// proxy; NULL = ca_file and ca_path, besides
**                      the system's */
#define JDVM_HTTP_TEXTS(X)                                                                         \
  X(ca_file)                                                                                       \
  X(ca_path)                                                                                       \
  X(proxy)                                                                                         \
  X(proxy_ca_file)                                                                                 \
  X(user_agent)

/* The switches, on unless told otherwise.
**   verify   peer and host name
**   http2    offer it (ALPN) on TLS connections
**   gzip     ask for it
**   waits    jdvm_http_finish and _sleep wait; off: the caller does, with jdvm_http_step and _lend */
#define JDVM_HTTP_FLAGS(X)                                                                         \
  X(verify)                                                                                        \
  X(http2)                                                                                         \
  X(gzip)                                                                                          \
  X(waits)

/* The numbers: default, least, most. Of max_connections, 0 is no limit. */
#define JDVM_HTTP_SIZES(X)                                                                         \
  X(max_header_bytes, 65536, 1, 1 << 24)                                                           \
  X(max_body_bytes, 1 << 24, 1, 1 << 30)                                                           \
  X(max_connections, 0, 0, 100000)

typedef struct jdvm_http_config {
#define TEXT(name) const char *name;
#define FLAG(name) bool name;
#define SIZE(name, otherwise, least, most) size_t name;
  JDVM_HTTP_TEXTS(TEXT)
  JDVM_HTTP_FLAGS(FLAG)
  JDVM_HTTP_SIZES(SIZE)
#undef TEXT
#undef FLAG
#undef SIZE
} jdvm_http_config;

typedef struct jdvm_http jdvm_http;

#define JDVM_NO_LIMIT 1e300

/* Limits of one transfer. */
typedef struct jdvm_limits {
  double timeout;         /* seconds for all of it; JDVM_NO_LIMIT = any; <= 0 = no time is left */
  double connect_timeout; /* for name look-up, connection and TLS together; <= 0 = no limit */
  double read_timeout;    /* longest silence once connected; <= 0 = no limit */
  size_t max_body_bytes;  /* 0 = as configured */
  bool fresh;             /* not on a connection that was used before */
} jdvm_limits;

typedef enum jdvm_state { JDVM_BUILDING, JDVM_RUNNING, JDVM_SUCCEEDED, JDVM_FAILED } jdvm_state;

/* A list is a ring through a head that is no transfer. */
typedef struct jdvm_ring {
  struct jdvm_ring *next, *previous;
} jdvm_ring;

/* A request and its response, begun once. Others read what comes before `handle`, and write nothing.
**
** Each transfer has an easy handle of its own. To use one again would save a microsecond, but what a
** transfer leaves behind in its handle reaches the next: in libcurl before 8.1 a response whose header
** begins with a folded line is written to freed memory, and retries are counted over all of them. */
typedef struct jdvm_transfer {
  jdvm_ring link;  /* first: the link is its transfer */
  jdvm_http *http; /* that it was taken from; NULL once that is freed */
  jdvm_state state;
  jdvm_response response; /* complete when it has succeeded */
  jdvm_failure failure;   /* when it has failed */
  bool opened;            /* it opened a connection of its own */
  bool released;          /* while the sockets were lent: to be freed when they are back */
  void *handle;           /* libcurl's, while it runs; else NULL */
  jdvm_http_request request;
  jdvm_limits limits;
  double deadline;
  jdvm_phase phase;  /* as far as the callbacks see it: see jdvm_transfer_facts */
  double begun;      /* jdvm_now() */
  double since;      /* when it last moved on: left the queue, got its connection, received */
  jdvm_buf nodes;    /* struct curl_slist, over request.lines */
  bool ready;        /* it had a connection; the request went out, or began to */
  bool again;        /* libcurl wanted to send it a second time, and was not let */
  bool unfit;        /* what lay in its connection would have been taken for its response */
  long sent_before;  /* libcurl's count of bytes sent when the request's turn came */
  long told;         /* the connect timeout in milliseconds, as libcurl was last told */
  char message[256]; /* libcurl's own words on what went wrong */
} jdvm_transfer;

/* NULL when memory is short. Touches neither network nor files: the first transfer does. */
jdvm_http *jdvm_http_new(const jdvm_http_config *config);

/* Cancels what is running and closes the connections. Transfers in other hands stay readable and
** must still be released. NULL is allowed. */
void jdvm_http_free(jdvm_http *http);

/* A transfer whose request has no headers yet: what is wrong with those is its failure when it
** starts. NULL when memory is short. */
jdvm_transfer *jdvm_http_take(jdvm_http *http);

/* Begins the transfer, as far as that goes without waiting. Whatever goes wrong is the transfer's
** failure. */
void jdvm_transfer_start(jdvm_transfer *transfer, const char *url, size_t url_length,
                         const jdvm_limits *limits);

/* Drives every running transfer of `http` until `transfer`, one of its own, has ended, but no longer
** than that many seconds. */
void jdvm_http_finish(jdvm_http *http, jdvm_transfer *transfer, double seconds);

/* One step, without waiting: takes the sockets back, works on some of those that are ready and on
** what is due, and ends the transfers whose time is up. When they were not lent since the last step, the
** caller was elsewhere. */
void jdvm_http_step(jdvm_http *http);

/* Lends the sockets that the next step is for, and tells the seconds until it is due in any case. Until then
** none is opened or closed: transfers that are started or cancelled meanwhile wait for the next step. */
const struct pollfd *jdvm_http_lend(jdvm_http *http, size_t *count, double *seconds);

/* Drives every running transfer for that many seconds. */
void jdvm_http_sleep(jdvm_http *http, double seconds);

/* Stops a running transfer; it has then failed as "cancelled". Else does nothing. */
void jdvm_transfer_cancel(jdvm_transfer *transfer);

/* Gives the transfer back, cancelled if it still runs. NULL is allowed. */
void jdvm_transfer_release(jdvm_transfer *transfer);

/* The versions of libcurl and of what it is built with. */
const char *jdvm_http_version(void);

/* The certificates that libcurl trusts by default, each NULL when there is none or nothing tells. */
void jdvm_http_trust(const char **file, const char **folder);

/* Whether libcurl looks names up in the calling thread, which waits for that: neither by c-ares nor in
** a thread. */
bool jdvm_http_blocks_on_names(void);

#include "shown.h"

#endif
