#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* strerror_r under -std=c99 */
#endif

#include "failure.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *jdvm_phase_name(jdvm_phase phase) {
  static const char *const names[] = {
#define X(name, text) text,
      JDVM_PHASES(X)
#undef X
  };
  return names[phase];
}

/* What each cause means: kind, name, and whether the same request would fail in the same way, as it
** does at limits of this side and at servers that speak something else. */
static const struct {
  jdvm_kind kind;
  const char *name;
  bool lasting;
} causes[] = {
#define X(cause, kind, name, lasting) {JDVM_##kind, name, lasting},
    JDVM_CAUSES(X)
#undef X
};

/* Copies a text, which a server may have put control characters into. */
static void copy_printable(char *to, size_t size, const char *from) {
  (void)snprintf(to, size, "%s", from);
  for (; *to != '\0'; to++) {
    unsigned char c = (unsigned char)*to;
    if (c < 0x20 || c == 0x7f) {
      *to = ' ';
    }
  }
}

static const char *certificate_cause(const jdvm_facts *facts) {
  enum { NOT_YET_VALID = 9, EXPIRED = 10 }; /* X509_V_ERR_..., the same in every OpenSSL */
  if (facts->number == EXPIRED) {
    return "expired_certificate";
  }
  if (facts->number == NOT_YET_VALID) {
    return "future_certificate";
  }
  /* "match" in the words of every TLS library */
  return strstr(facts->detail, "match") != NULL ? "wrong_name" : "untrusted_certificate";
}

/* A handshake that the other side, or the network, broke off without a word of TLS: that passes. */
static bool is_broken_off(const jdvm_facts *facts) {
  return facts->system_error == ECONNRESET || strstr(facts->detail, "SSL_ERROR_SYSCALL") != NULL ||
         strstr(facts->detail, "reset by peer") != NULL ||
         strstr(facts->detail, "unexpected eof") != NULL;
}

/* What the other side sent is no record of TLS. */
static bool speaks_no_tls(const jdvm_facts *facts) {
  return strstr(facts->detail, "wrong version number") != NULL ||
         strstr(facts->detail, "packet length too long") != NULL ||
         strstr(facts->detail, "record layer failure") != NULL;
}

void jdvm_explain(jdvm_failure *failure, const jdvm_facts *facts) {
  long number = facts->number;
  memset(failure, 0, sizeof *failure);
  failure->kind = causes[facts->cause].kind;
  failure->cause = causes[facts->cause].name;
  failure->lasting = causes[facts->cause].lasting;
  failure->phase = failure->kind == JDVM_TLS ? JDVM_PHASE_TLS : facts->phase;
  failure->sent = facts->sent;
  failure->kept = facts->kept;
  failure->seconds = facts->seconds;
  failure->at_proxy = facts->at_proxy;
  copy_printable(failure->host, sizeof failure->host, facts->host);
  failure->port = facts->port;
  copy_printable(failure->reason, sizeof failure->reason, facts->detail);
  switch (facts->cause) {
  case JDVM_CAUSE_NO_CONNECTION:
    if (facts->system_error != 0) {
      (void)strerror_r(facts->system_error, failure->reason, sizeof failure->reason);
    }
    break;
  case JDVM_CAUSE_TUNNEL:
    /* The proxy will refuse again, unless it asked for patience. */
    failure->lasting = number >= 400 && number < 500 && number != 408 && number != 429;
    failure->cause = number == 407 ? "proxy_login" : "proxy_refused";
    failure->status = number;
    failure->reason[0] = number != 0 ? '\0' : failure->reason[0];
    break;
  case JDVM_CAUSE_CONNECT_TIMEOUT:
    failure->cause = facts->in_tunnel ? "proxy_timeout" : failure->cause;
    break;
  case JDVM_CAUSE_HANDSHAKE:
    if (is_broken_off(facts)) {
      failure->kind = JDVM_CONNECT;
      failure->cause = "handshake_broken";
    } else if (speaks_no_tls(facts)) {
      failure->cause = "not_tls";
    }
    break;
  case JDVM_CAUSE_CERTIFICATE:
    failure->cause = certificate_cause(facts);
    break;
  case JDVM_CAUSE_HEADER_SIZE:
  case JDVM_CAUSE_HEADER_COUNT:
  case JDVM_CAUSE_BODY_SIZE:
    failure->limit = number;
    break;
  case JDVM_CAUSE_OTHER:
    if (facts->phase < JDVM_PHASE_TLS) {
      failure->kind = JDVM_CONNECT;
      failure->cause = "no_connection";
    } else if (facts->phase == JDVM_PHASE_TLS) {
      failure->kind = JDVM_TLS;
      failure->cause = "handshake_failed";
    }
    break;
  default:
    break;
  }
}
