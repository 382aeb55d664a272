/* What knows libcurl: one multi handle with its connections, and exchanges, one easy handle each.
** libcurl.c gives them their options; libcurl_events.c has the callbacks, which note what happens and
** keep what arrives and never call out, and what is known of a failure. Deadlines and forks are the
** business of http.c. */
#ifndef JDVM_LIBCURL_H
#define JDVM_LIBCURL_H

#include "failure.h"
#include "http_config.h"
#include "http_request.h"
#include "response.h"
#include "sockets.h"

#if defined(__has_include)
#if !__has_include(<curl/curl.h>)
#error                                                                                             \
    "jdvm: libcurl headers not found: apt install libcurl4-openssl-dev | apk add curl-dev | dnf install libcurl-devel"
#endif
#endif
#include <curl/curl.h>

/* The version to build for. `lint` compiles for older ones than there is. */
#if !defined(JDVM_CURL_NUM)
#define JDVM_CURL_NUM LIBCURL_VERSION_NUM
#endif
#if JDVM_CURL_NUM < 0x073d00
#error "jdvm: libcurl 7.61.0 or later is needed"
#endif
#define HAS_POLL (JDVM_CURL_NUM >= 0x074200)
#define HAS_PREREQ (JDVM_CURL_NUM >= 0x075000)

/* Sets an option of the exchange's `easy`, or leaves the function with -1. */
#define SET(option, value)                                                                         \
  do {                                                                                             \
    CURLcode set_code = curl_easy_setopt(easy, option, value);                                     \
    if (set_code != CURLE_OK) {                                                                    \
      (void)snprintf(exchange->message, sizeof exchange->message, "libcurl refuses %s: %s",        \
                     #option, curl_easy_strerror(set_code));                                       \
      return -1;                                                                                   \
    }                                                                                              \
  } while (0)

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

typedef struct jdvm_exchange jdvm_exchange;

/* Zero-filled but for `config`: not opened yet. */
typedef struct jdvm_connections {
  void *multi;                    /* libcurl's handle; NULL until opened */
  const jdvm_http_config *config; /* the caller's, for as long as this lives */
  const char *known_ca_file; /* set when the CA file and folder built into libcurl are missing */
  bool one_at_a_time;  /* the server was seen to speak HTTP/1: a connection serves one exchange */
  int features;        /* libcurl's */
  bool raises_sigpipe; /* libcurl may */
  size_t last_body;    /* bytes */
  jdvm_sockets sockets;
} jdvm_connections;

/* A request and its response, begun once. Zero-filled but for `connections` before that.
**
** Each exchange has an easy handle of its own. To use one again would save a microsecond, but
** what an exchange leaves behind in its handle reaches the next: in libcurl before 8.1 a
** response whose header begins with a folded line is written to freed memory, and retries are
** counted over all exchanges. */
struct jdvm_exchange {
  void *handle; /* libcurl's, while it runs; else NULL */
  jdvm_connections *connections;
  jdvm_http_request request;
  jdvm_response response;
  bool fresh;             /* to go out on a connection of its own */
  double connect_timeout; /* seconds, told to libcurl so that it shares it among addresses */
  jdvm_phase phase;       /* as far as the callbacks see it: see jdvm_exchange_facts */
  double begun;           /* jdvm_now() */
  double since;           /* when it last moved on: left the queue, got its connection, received */
  jdvm_buf nodes;         /* struct curl_slist, over request.lines */
  bool opened;            /* it opened a connection of its own */
  bool ready;             /* it had a connection; the request went out, or began to */
  bool again;             /* libcurl wanted to send it a second time, and was not let */
  bool unfit;             /* what lay in its connection would have been taken for its response */
  long sent_before;       /* libcurl's count of bytes sent when the request's turn came */
  long told;              /* the connect timeout in milliseconds, as libcurl was last told */
  char message[256];      /* libcurl's own words on what went wrong */
};

/* Closes the connections. No exchange may run. */
void jdvm_connections_close(jdvm_connections *connections);

/* In the child of a fork: forgets libcurl's objects, which belong to the parent, without touching
** them (to end a connection properly would write on it) and closes our copies of the sockets. */
void jdvm_connections_abandon(jdvm_connections *connections);

/* Lets libcurl work without waiting; waits until there is work or the time is over. False: libcurl
** or memory has failed and nothing will go on. */
bool jdvm_connections_work(jdvm_connections *connections);
bool jdvm_connections_wait(jdvm_connections *connections, double seconds);

/* An exchange that has ended since, or NULL. *code is for jdvm_exchange_facts, 0 = well. It must be
** ended with jdvm_exchange_end. */
jdvm_exchange *jdvm_connections_ended(jdvm_connections *connections, int *code);

/* Begins the exchange of `request`. 0, or -1; `message` says why, and is empty when memory is short
** or libcurl cannot work at all. */
int jdvm_exchange_begin(jdvm_exchange *exchange);

/* Sets the callbacks; the same results. */
int jdvm_exchange_watch(jdvm_exchange *exchange);

/* The time spent elsewhere shall not count as time to connect in. */
void jdvm_exchange_more_time(jdvm_exchange *exchange, double now);

/* Takes a running or ended exchange from libcurl. Its response stays. */
void jdvm_exchange_end(jdvm_exchange *exchange);

/* Makes up for what a libcurl without the needed callbacks does not tell; to be called before
** `phase` and `since` are looked at. */
void jdvm_exchange_observe(jdvm_exchange *exchange);

/* Everything known about why an exchange failed that libcurl ended with `code`, or is to be ended
** now; the caller may then set another cause. The texts live as long as the exchange is not begun
** again. */
void jdvm_exchange_facts(const jdvm_exchange *exchange, int code, jdvm_facts *facts);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
