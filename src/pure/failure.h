/* How an HTTP transfer fails: kind, phase, whether anything was sent, and a sentence that says what
** happened with whom and what can be done. The sentences are all here. */
#ifndef JDVM_FAILURE_H
#define JDVM_FAILURE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

/* Where a transfer stands, or stood when it failed; the order is the order of events. Name, text
** for Lua, words for a sentence that goes on with the host. */
#define JDVM_PHASES(X)                                                                             \
  X(QUEUED, "connect", "waiting for a free connection to")                                         \
  X(DNS, "dns", "resolving the name of")                                                           \
  X(CONNECT, "connect", "connecting to")                                                           \
  X(TLS, "tls", "in the TLS handshake with")                                                       \
  X(SEND, "send", "sending the request to")                                                        \
  X(WAIT, "wait", "waiting for the answer of")                                                     \
  X(READ, "read", "reading the answer of")

typedef enum jdvm_phase {
#define X(name, text, doing) JDVM_PHASE_##name,
  JDVM_PHASES(X)
#undef X
} jdvm_phase;

typedef struct jdvm_failure {
  jdvm_error error;
  jdvm_phase phase;
  bool sent; /* at least one byte of the request left */
  bool kept; /* the connection was kept from before, and gave no byte of a response: most likely the
              ** server had just closed it, and a fresh one will do */
  bool lasting; /* the same request would fail in the same way */
} jdvm_failure;

typedef enum jdvm_cause {
  JDVM_CAUSE_OTHER = 0, /* `detail` says what */
  JDVM_CAUSE_REQUEST,   /* the request is not fit to be sent: `detail` */
  JDVM_CAUSE_URL,       /* nor is its URL: `detail` */
  JDVM_CAUSE_CANCELLED, /* `detail` says by what */
  JDVM_CAUSE_MEMORY,
  JDVM_CAUSE_NO_HOST,         /* the name of the host does not resolve */
  JDVM_CAUSE_NO_PROXY,        /* the name of the proxy does not */
  JDVM_CAUSE_NO_CONNECTION,   /* `system_error`, else `detail` */
  JDVM_CAUSE_TUNNEL,          /* the proxy answered CONNECT with `number` */
  JDVM_CAUSE_HANDSHAKE,       /* TLS: `detail` */
  JDVM_CAUSE_CERTIFICATE,     /* TLS: `detail`; OpenSSL's verify result is `number` */
  JDVM_CAUSE_CA_FILE,         /* CA file or folder cannot be read */
  JDVM_CAUSE_SILENCE,         /* closed without an answer */
  JDVM_CAUSE_UNFIT,           /* closed, or bytes in it, before the request was sent */
  JDVM_CAUSE_CUT,             /* closed before the answer was complete */
  JDVM_CAUSE_INFLATE,         /* compressed body is broken */
  JDVM_CAUSE_NOT_HTTP,        /* `detail` */
  JDVM_CAUSE_HEADER_SIZE,     /* larger than `number` bytes */
  JDVM_CAUSE_HEADER_COUNT,    /* more than `number` fields */
  JDVM_CAUSE_FRAMING,         /* `detail` is what the server sent */
  JDVM_CAUSE_BODY_SIZE,       /* larger than `number` bytes */
  JDVM_CAUSE_TOO_LATE,        /* the deadline had passed before anything was done */
  JDVM_CAUSE_TIMEOUT,         /* the deadline of the transfer */
  JDVM_CAUSE_CONNECT_TIMEOUT, /* after `seconds` */
  JDVM_CAUSE_READ_TIMEOUT     /* after `seconds` */
} jdvm_cause;

/* What there is to tell. */
typedef struct jdvm_facts {
  jdvm_cause cause;
  jdvm_phase phase;
  bool sent, kept;
  const char *host;
  long port;
  const char *address; /* of what is at the other end of the connection, if there is one */
  long address_port;   /* 0: there is none */
  const char *detail;  /* "" if there is none; may come from a server */
  long number;
  int system_error; /* errno, 0 if there is none */
  double seconds;
} jdvm_facts;

/* Turns facts into a failure: one printable line. */
void jdvm_explain(jdvm_failure *failure, const jdvm_facts *facts);

/* The phase as Lua sees it. */
const char *jdvm_phase_name(jdvm_phase phase);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
