/* For those who know libcurl: http.c drives transfers, and has deadlines and forks; libcurl.c gives
** handles their options; libcurl_watch.c is for callers who wait themselves; libcurl_events.c has the
** callbacks, which note what happens, keep what arrives and never call out, and what is known of a failure. */
#ifndef JDVM_LIBCURL_H
#define JDVM_LIBCURL_H

#include "http.h"
#include "sockets.h"

#include <sys/types.h>

#if defined(__has_include)
#if !__has_include(<curl/curl.h>)
#error                                                                                             \
    "jdvm: libcurl headers not found: apt install libcurl4-openssl-dev | apk add curl-dev | dnf install libcurl-devel"
#endif
#endif
#include <curl/curl.h>

#define NEVER 1e300

/* The version to build for. `lint` compiles for older ones than there is. */
#if !defined(JDVM_CURL_NUM)
#define JDVM_CURL_NUM LIBCURL_VERSION_NUM
#endif
#if JDVM_CURL_NUM < 0x073d00
#error "jdvm: libcurl 7.61.0 or later is needed"
#endif
#define HAS_POLL (JDVM_CURL_NUM >= 0x074200)
#define HAS_PREREQ (JDVM_CURL_NUM >= 0x075000)

/* Sets an option of the transfer's `easy`, or leaves the function with -1. */
#define SET(option, value)                                                                         \
  do {                                                                                             \
    CURLcode set_code = curl_easy_setopt(easy, option, value);                                     \
    if (set_code != CURLE_OK) {                                                                    \
      (void)snprintf(transfer->message, sizeof transfer->message, "libcurl refuses %s: %s",        \
                     #option, curl_easy_strerror(set_code));                                       \
      return -1;                                                                                   \
    }                                                                                              \
  } while (0)

#include "hidden.h"

struct jdvm_http {
  CURLM *multi;        /* NULL until the first transfer */
  pid_t process;       /* the one the connections belong to */
  bool worked;         /* libcurl has just worked, for a start */
  double left;         /* when the caller was last given the time back */
  jdvm_ring transfers; /* all that were taken and not released */
  bool one_at_a_time;  /* the server was seen to speak HTTP/1: one transfer a connection */
  int features;        /* libcurl's */
  bool raises_sigpipe; /* libcurl may */
  jdvm_sockets sockets;
  struct pollfd *watch; /* with `waits` off, the sockets that libcurl waits for, */
  size_t watched, watch_room, watch_turn;
  double timer;            /* when it wants to work in any case, */
  double wake;             /* when the next transfer's time is up, */
  bool lent;               /* and whether the caller waits for them */
  jdvm_http_config config; /* the texts are ours */
};

/* Begins the transfer. 0, or -1; `message` says why, and is empty when memory is short or libcurl
** cannot work at all. */
int jdvm_transfer_begin(jdvm_transfer *transfer);

/* Sets the callbacks; the same results. */
int jdvm_transfer_watch(jdvm_transfer *transfer);

/* Has libcurl tell what to wait for. */
void jdvm_http_watch(jdvm_http *http);

/* Lets it work on what is due, and on some of the sockets that are ready. */
CURLMcode jdvm_http_work(jdvm_http *http, int *running);

/* The time spent elsewhere shall not count as time to connect in. */
void jdvm_transfer_more_time(jdvm_transfer *transfer, double now);

/* Makes up for what a libcurl without the needed callbacks does not tell; to be called before
** `phase` and `since` are looked at. */
void jdvm_transfer_observe(jdvm_transfer *transfer);

/* Whether the transfer goes through a proxy whose address begins like this. */
bool jdvm_transfer_proxy(const jdvm_transfer *transfer, const char *scheme);

/* Everything known about why a transfer failed that libcurl ended with `code`, or is to be ended now;
** the caller may then set another cause. The texts live as long as the transfer's. */
void jdvm_transfer_facts(const jdvm_transfer *transfer, int code, jdvm_facts *facts);

#include "shown.h"

#endif
