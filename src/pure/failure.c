#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* strerror_r under -std=c99 */
#endif

#include "failure.h"

#include <errno.h>
#include <string.h>

const char *jdvm_phase_name(jdvm_phase phase) {
  static const char *const names[] = {
#define X(name, text, doing) text,
      JDVM_PHASES(X)
#undef X
  };
  return names[phase];
}

static const char *doing(jdvm_phase phase) {
  static const char *const words[] = {
#define X(name, text, doing) doing,
      JDVM_PHASES(X)
#undef X
  };
  return words[phase];
}

/* A server may have put control characters into a detail. */
static void make_printable(char *text) {
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c < 0x20 || c == 0x7f) {
      *text = ' ';
    }
  }
}

#define PEER_SIZE 200

/* Who the other side is. What answers at another port than the URL's is a proxy: it may be one of the
** environment, which libcurl finds by itself. */
static void name_peer(char *peer, const jdvm_facts *facts) {
  int length = snprintf(peer, PEER_SIZE, "%.100s port %ld", facts->host, facts->port);
  if (facts->address_port != 0 && facts->address_port != facts->port) {
    (void)snprintf(peer + length, PEER_SIZE - (size_t)length,
                   " through the proxy at %.45s port %ld", facts->address, facts->address_port);
  }
}

static void explain_certificate(jdvm_error *error, const jdvm_facts *facts) {
  enum { NOT_YET_VALID = 9, EXPIRED = 10 }; /* X509_V_ERR_..., the same in every OpenSSL */
  if (facts->number == NOT_YET_VALID || facts->number == EXPIRED) {
    (void)jdvm_fail(
        error, JDVM_TLS, "the TLS certificate of %s port %ld %s: check it and this machine's clock",
        facts->host, facts->port, facts->number == EXPIRED ? "has expired" : "is not yet valid");
  } else if (strstr(facts->detail, "match") != NULL) { /* in the words of every TLS library */
    (void)jdvm_fail(error, JDVM_TLS,
                    "the TLS certificate of %s port %ld is for another host name (%.90s)",
                    facts->host, facts->port, facts->detail);
  } else {
    (void)jdvm_fail(error, JDVM_TLS,
                    "the TLS certificate of %s port %ld is not signed by a known CA (%.90s): "
                    "ca_file can name the PEM file of the CA",
                    facts->host, facts->port, facts->detail);
  }
}

/* libcurl names whom it could not connect to; when that is not the URL's host, it is a proxy. */
static void explain_connection(jdvm_error *error, const jdvm_facts *facts) {
  const char *host = facts->host, *proxy = "", *reason = facts->detail;
  char named[128], text[80];
  long port = facts->port, named_port;
  if (sscanf(facts->detail, "Failed to connect to %127s port %ld", named, &named_port) == 2 &&
      (strcmp(named, host) != 0 || named_port != port)) {
    host = named;
    port = named_port;
    proxy = "the proxy ";
  }
  if (facts->system_error != 0 && strerror_r(facts->system_error, text, sizeof text) == 0) {
    reason = text;
  }
  (void)jdvm_fail(error, JDVM_CONNECT, "could not connect to %s%s port %ld: %.80s", proxy, host,
                  port, reason);
}

/* libcurl quotes the address of a proxy, with its password, when it cannot read it. It does so as a
 * name that does not resolve or as a connection that failed, depending on what is wrong. */
static bool is_bad_proxy(const jdvm_facts *facts) {
  return strstr(facts->detail, "nsupported proxy") != NULL;
}

static void explain_proxy(jdvm_failure *failure, const jdvm_facts *facts) {
  char named[128];
  int end = 0;
  if (is_bad_proxy(facts)) {
    failure->lasting = true;
    (void)jdvm_fail(&failure->error, JDVM_CONNECT,
                    "the address of the proxy cannot be used (proxy; https_proxy and its like in "
                    "the environment): it must be scheme://user:password@host:port, with %%XX "
                    "for '/', '@' and their like");
  } else if (sscanf(facts->detail, "Could not resolve proxy: %127[A-Za-z0-9._-]%n", named, &end) ==
                 1 &&
             (facts->detail[end] == '\0' || facts->detail[end] == ' ')) {
    /* Nothing else is in it: older libcurls take the end of a password for a name. */
    (void)jdvm_fail(&failure->error, JDVM_CONNECT, "could not resolve the name of the proxy (%s)",
                    named);
  } else {
    (void)jdvm_fail(&failure->error, JDVM_CONNECT, "could not resolve the name of the proxy");
  }
}

/* A handshake that the other side, or the network, broke off without a word of TLS: that passes. */
static bool is_broken_off(const jdvm_facts *facts) {
  return facts->system_error == ECONNRESET || strstr(facts->detail, "SSL_ERROR_SYSCALL") != NULL ||
         strstr(facts->detail, "reset by peer") != NULL ||
         strstr(facts->detail, "unexpected eof") != NULL;
}

/* Limits of this side, requests that cannot be sent, and servers that speak something else. */
static bool is_lasting(jdvm_cause cause) {
  switch (cause) {
  case JDVM_CAUSE_REQUEST:
  case JDVM_CAUSE_URL:
  case JDVM_CAUSE_MEMORY:
  case JDVM_CAUSE_NOT_HTTP:
  case JDVM_CAUSE_HEADER_SIZE:
  case JDVM_CAUSE_HEADER_COUNT:
  case JDVM_CAUSE_FRAMING:
  case JDVM_CAUSE_BODY_SIZE:
    return true;
  default:
    return false;
  }
}

void jdvm_explain(jdvm_failure *failure, const jdvm_facts *facts) {
  jdvm_error *error = &failure->error;
  const char *host = facts->host, *detail = facts->detail;
  long number = facts->number;
  char peer[PEER_SIZE];
  name_peer(peer, facts);
  failure->phase = facts->phase;
  failure->sent = facts->sent;
  failure->kept = facts->kept;
  failure->lasting = is_lasting(facts->cause);
  switch (facts->cause) {
  case JDVM_CAUSE_REQUEST:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "%s", detail);
    break;
  case JDVM_CAUSE_URL:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "the URL cannot be used: %.150s", detail);
    break;
  case JDVM_CAUSE_CANCELLED:
    (void)jdvm_fail(error, JDVM_CANCELLED, "%s", detail);
    break;
  case JDVM_CAUSE_MEMORY:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "not enough memory %s %s", doing(facts->phase), peer);
    break;
  case JDVM_CAUSE_NO_HOST:
    (void)jdvm_fail(error, JDVM_CONNECT,
                    "could not resolve the host name %s: check the name and the network", host);
    break;
  case JDVM_CAUSE_NO_PROXY:
    explain_proxy(failure, facts);
    break;
  case JDVM_CAUSE_NO_CONNECTION:
    if (is_bad_proxy(facts)) {
      explain_proxy(failure, facts);
    } else {
      explain_connection(error, facts);
    }
    break;
  case JDVM_CAUSE_TUNNEL:
    /* The proxy will refuse again, unless it asked for patience. */
    failure->lasting = number >= 400 && number < 500 && number != 408 && number != 429;
    (void)jdvm_fail(error, JDVM_CONNECT, "the proxy did not connect to %s port %ld: status %ld",
                    host, facts->port, number);
    break;
  case JDVM_CAUSE_HANDSHAKE:
    failure->phase = JDVM_PHASE_TLS;
    (void)jdvm_fail(error, is_broken_off(facts) ? JDVM_CONNECT : JDVM_TLS,
                    "the TLS handshake with %s failed: %.100s", peer, detail);
    break;
  case JDVM_CAUSE_CERTIFICATE:
    failure->phase = JDVM_PHASE_TLS;
    explain_certificate(error, facts);
    break;
  case JDVM_CAUSE_CA_FILE:
    failure->phase = JDVM_PHASE_TLS;
    (void)jdvm_fail(error, JDVM_TLS,
                    "could not read the CA certificates: %.150s (ca_file, ca_path)", detail);
    break;
  case JDVM_CAUSE_SILENCE:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "%s closed the connection without an answer", peer);
    break;
  case JDVM_CAUSE_UNFIT:
    (void)jdvm_fail(error, JDVM_TRANSPORT,
                    "%s closed the connection, or sent bytes on it, before there was a request",
                    peer);
    break;
  case JDVM_CAUSE_CUT:
    (void)jdvm_fail(error, JDVM_TRANSPORT,
                    "%s closed the connection before its answer was complete", peer);
    break;
  case JDVM_CAUSE_INFLATE:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "the answer of %s cannot be inflated: %.100s", peer,
                    detail);
    break;
  case JDVM_CAUSE_NOT_HTTP:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "the answer of %s is not HTTP: %.100s", peer, detail);
    break;
  case JDVM_CAUSE_HEADER_SIZE:
    (void)jdvm_fail(error, JDVM_TRANSPORT,
                    "the header of the answer of %s is larger than %ld bytes", peer, number);
    break;
  case JDVM_CAUSE_HEADER_COUNT:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "the answer of %s has more than %ld header lines", peer,
                    number);
    break;
  case JDVM_CAUSE_FRAMING:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "%s sent %s", peer, detail);
    break;
  case JDVM_CAUSE_BODY_SIZE:
    (void)jdvm_fail(error, JDVM_TRANSPORT, "the answer of %s is larger than %ld bytes (max_body)",
                    peer, number);
    break;
  case JDVM_CAUSE_TOO_LATE:
    (void)jdvm_fail(error, JDVM_TIMEOUT, "no time was left to send the request to %s (timeout)",
                    peer);
    break;
  case JDVM_CAUSE_TIMEOUT:
    (void)jdvm_fail(error, JDVM_TIMEOUT, "the time ran out %s %s (timeout)", doing(facts->phase),
                    peer);
    break;
  case JDVM_CAUSE_CONNECT_TIMEOUT:
    (void)jdvm_fail(error, JDVM_TIMEOUT,
                    "not connected after %.4g s: %s %s "
                    "(connect_timeout)",
                    facts->seconds, doing(facts->phase), peer);
    break;
  case JDVM_CAUSE_READ_TIMEOUT:
    (void)jdvm_fail(error, JDVM_TIMEOUT, "nothing came for %.4g s: %s %s (read_timeout)",
                    facts->seconds, doing(facts->phase), peer);
    break;
  default:
    (void)jdvm_fail(error,
                    facts->phase < JDVM_PHASE_TLS    ? JDVM_CONNECT
                    : facts->phase == JDVM_PHASE_TLS ? JDVM_TLS
                                                     : JDVM_TRANSPORT,
                    "%s %s: %.120s", doing(facts->phase), peer, detail);
    break;
  }
  make_printable(error->message);
}
