/* How an HTTP transfer fails: kind, cause, phase, whether anything was sent, and the facts of it. The
** sentences are Lua's (jdvm.failures.texts). */
#ifndef JDVM_FAILURE_H
#define JDVM_FAILURE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

#include "hidden.h"

/* Where a transfer stands, or stood when it failed; the order is the order of events. Name, text
** for Lua. */
#define JDVM_PHASES(X)                                                                             \
  X(QUEUED, "connect") /* waiting for a free connection */                                         \
  X(DNS, "dns")                                                                                    \
  X(CONNECT, "connect")                                                                            \
  X(TLS, "tls")                                                                                    \
  X(SEND, "send")                                                                                  \
  X(WAIT, "wait")                                                                                  \
  X(READ, "read")

typedef enum jdvm_phase {
#define X(name, text) JDVM_PHASE_##name,
  JDVM_PHASES(X)
#undef X
} jdvm_phase;

/* What went wrong: name, kind, name for Lua, whether the same request would fail in the same way. Some
** become another cause when they are looked at closely. */
#define JDVM_CAUSES(X)                                                                             \
  X(OTHER, TRANSPORT, "transport_failed", false)                                                   \
  X(REQUEST, TRANSPORT, "bad_request", true)                                                       \
  X(URL, TRANSPORT, "bad_url", true)                                                               \
  X(CANCELLED, CANCELLED, "cancelled", false)                                                      \
  X(MEMORY, TRANSPORT, "no_memory", true)                                                          \
  X(NO_HOST, CONNECT, "no_host", false)                                                            \
  X(NO_CONNECTION, CONNECT, "no_connection", false) /* `system_error`, else `detail` */            \
  X(TUNNEL, CONNECT, "proxy_refused", false)        /* CONNECT got the status `number`, or none */ \
  X(HANDSHAKE, TLS, "handshake_failed", false)                                                     \
  X(CERTIFICATE, TLS, "untrusted_certificate", false) /* `number`: OpenSSL's verify result */      \
  X(CA_FILE, TLS, "bad_ca_file", false)                                                            \
  X(SILENCE, TRANSPORT, "closed", false)                                                           \
  X(UNFIT, TRANSPORT, "unfit_connection", false)                                                   \
  X(CUT, TRANSPORT, "cut_off", false)                                                              \
  X(INFLATE, TRANSPORT, "bad_compression", false)                                                  \
  X(NOT_HTTP, TRANSPORT, "not_http", true)                                                         \
  X(HEADER_SIZE, TRANSPORT, "header_too_large", true)  /* than `number` bytes */                   \
  X(HEADER_COUNT, TRANSPORT, "too_many_headers", true) /* more than `number` */                    \
  X(FRAMING, TRANSPORT, "malformed_response", true)                                                \
  X(BODY_SIZE, TRANSPORT, "too_large", true) /* than `number` bytes */                             \
  X(TOO_LATE, TIMEOUT, "too_late", false)    /* before anything was done */                        \
  X(TIMEOUT, TIMEOUT, "timeout", false)                                                            \
  X(CONNECT_TIMEOUT, TIMEOUT, "connect_timeout", false) /* after `seconds` */                      \
  X(READ_TIMEOUT, TIMEOUT, "read_timeout", false)       /* after `seconds` */

typedef enum jdvm_cause {
#define X(cause, kind, name, lasting) JDVM_CAUSE_##cause,
  JDVM_CAUSES(X)
#undef X
} jdvm_cause;

/* A failure. The facts below are printable; "" and 0 where there are none. */
typedef struct jdvm_failure {
  jdvm_kind kind;
  const char *cause;
  jdvm_phase phase;
  bool sent; /* at least one byte of the request left */
  bool kept; /* the connection was kept from before, and gave no byte of a response: most likely the
              ** server had just closed it, and a fresh one will do */
  bool lasting; /* the same request would fail in the same way */
  char host[104];
  long port;
  bool at_proxy; /* it is the proxy that could not be found, reached or trusted */
  char reason[160];
  long status, limit;
  double seconds;
} jdvm_failure;

/* What there is to tell. */
typedef struct jdvm_facts {
  jdvm_cause cause;
  jdvm_phase phase;
  bool sent, kept;
  const char *host;
  long port;
  bool at_proxy, in_tunnel; /* the proxy failed; it was reached, but has opened no tunnel yet */
  const char *detail;       /* "" if there is none; may come from a server */
  long number;
  int system_error; /* errno, 0 if there is none */
  double seconds;
} jdvm_facts;

/* Turns facts into a failure. */
void jdvm_explain(jdvm_failure *failure, const jdvm_facts *facts);

/* The phase as Lua sees it. */
const char *jdvm_phase_name(jdvm_phase phase);

#include "shown.h"

#endif
