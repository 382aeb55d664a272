#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* clock_gettime under -std=c99 */
#endif

#include "libcurl.h"
#include "clock.h"

#include <stdlib.h>

/* A step works no longer on what is ready, but for the last of it: others have their turn. */
#define STEP_SECONDS 2e-3

static int on_interest(CURL *easy, curl_socket_t number, int what, void *user, void *reserved) {
  jdvm_http *http = user;
  size_t i;
  (void)easy;
  (void)reserved;
  for (i = 0; i < http->watched && http->watch[i].fd != number; i++) {
  }
  if (what == CURL_POLL_REMOVE && i < http->watched) {
    http->watch[i] = http->watch[--http->watched];
  }
  if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE) {
    return 0;
  }
  if (i == http->watch_room) {
    size_t room = http->watch_room * 2 + 8;
    void *watch = realloc(http->watch, room * sizeof *http->watch);
    if (watch == NULL) {
      return -1;
    }
    http->watch = watch;
    http->watch_room = room;
  }
  if (i == http->watched) {
    http->watch[http->watched++].revents = 0;
  }
  http->watch[i].fd = number;
  http->watch[i].events = what == CURL_POLL_INOUT ? POLLIN | POLLOUT
                          : what == CURL_POLL_IN  ? POLLIN
                                                  : POLLOUT;
  return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *user) {
  jdvm_http *http = user;
  (void)multi;
  http->timer = milliseconds < 0 ? NEVER : jdvm_now() + (double)milliseconds * 1e-3;
  return 0;
}

void jdvm_http_watch(jdvm_http *http) {
  http->timer = NEVER;
  (void)curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_interest);
  (void)curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, (void *)http);
  (void)curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  (void)curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, (void *)http);
}

/* One of the sockets that were found ready, each in its turn; NULL when there is none. */
static struct pollfd *next_ready(jdvm_http *http) {
  size_t i;
  for (i = 0; i < http->watched; i++) {
    struct pollfd *each = &http->watch[(http->watch_turn + i) % http->watched];
    if (each->revents != 0) {
      http->watch_turn += i + 1;
      return each;
    }
  }
  return NULL;
}

CURLMcode jdvm_http_work(jdvm_http *http, int *running) {
  double begun = jdvm_now(), due = http->timer;
  CURLMcode code = CURLM_OK;
  struct pollfd *ready;
  if (due <= begun) {
    code = curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, running);
    if (http->timer == due) {
      http->timer = begun + 1e-3; /* libcurl's clock is behind, and it will not tell again */
    }
  }
  if (poll(http->watch, (nfds_t)http->watched, 0) <= 0) {
    return code;
  }
  while (code == CURLM_OK && (ready = next_ready(http)) != NULL) {
    int what = ((ready->revents & POLLIN) != 0 ? CURL_CSELECT_IN : 0) |
               ((ready->revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
               ((ready->revents & ~(POLLIN | POLLOUT)) != 0 ? CURL_CSELECT_ERR : 0);
    ready->revents = 0;
    code = curl_multi_socket_action(http->multi, ready->fd, what, running);
    if (jdvm_now() - begun > STEP_SECONDS) {
      break;
    }
  }
  return code;
}
