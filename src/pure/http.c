#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* clock_gettime, nanosleep, strdup under -std=c99 */
#endif

#include "libcurl.h"
#include "clock.h"
#include "sigpipe.h"

#include <stdlib.h>
#include <unistd.h>

static void detach(jdvm_transfer *transfer) {
  transfer->link.next->previous = transfer->link.previous;
  transfer->link.previous->next = transfer->link.next;
  transfer->link.next = transfer->link.previous = &transfer->link;
}

/* The transfer behind `transfer` (NULL: the first of all) that runs; NULL when there is none. */
static jdvm_transfer *next(jdvm_http *http, jdvm_transfer *transfer) {
  jdvm_ring *each = transfer == NULL ? http->transfers.next : transfer->link.next;
  while (each != &http->transfers && ((jdvm_transfer *)each)->state != JDVM_RUNNING) {
    each = each->next;
  }
  return each == &http->transfers ? NULL : (jdvm_transfer *)each;
}

/* ---- ending ---- */

/* Fails a transfer, running or not, for a reason that is not libcurl's. */
static void fail(jdvm_transfer *transfer, jdvm_cause cause, double seconds, const char *detail) {
  jdvm_facts facts;
  jdvm_transfer_facts(transfer, 0, &facts);
  facts.cause = cause;
  facts.kept = false;
  facts.seconds = seconds;
  facts.detail = detail;
  jdvm_explain(&transfer->failure, &facts);
  transfer->state = JDVM_FAILED;
}

/* Takes a transfer from libcurl that has failed or succeeded. */
static void stop(jdvm_transfer *transfer) {
  jdvm_http *http = transfer->http;
  jdvm_sigpipe guard = jdvm_sigpipe_hold(http->raises_sigpipe);
  (void)curl_multi_remove_handle(http->multi, transfer->handle);
  curl_easy_cleanup(transfer->handle);
  jdvm_sigpipe_release(guard);
  transfer->handle = NULL;
  jdvm_sockets_leave(&http->sockets, transfer);
}

/* Ends the use of the sockets by the caller, and does what waited for that. */
static void take_back(jdvm_http *http) {
  jdvm_ring *each = http->transfers.next;
  http->lent = false;
  while (each != &http->transfers) {
    jdvm_transfer *transfer = (jdvm_transfer *)each;
    each = each->next;
    if (transfer->state == JDVM_FAILED && transfer->handle != NULL) {
      stop(transfer);
    }
    if (transfer->released) {
      jdvm_transfer_release(transfer);
    }
  }
}

/* In the child of a fork: what runs belongs to the parent, and libcurl's objects, too. They are
** forgotten untouched (to end a connection properly would write on it), and our copies of the sockets
** closed. */
static void leave_parent(jdvm_http *http) {
  jdvm_transfer *transfer;
  jdvm_ring *each;
  if (http->multi == NULL || http->process == getpid()) {
    return;
  }
  for (transfer = next(http, NULL); transfer != NULL; transfer = next(http, transfer)) {
    transfer->handle = NULL;
    fail(transfer, JDVM_CAUSE_CANCELLED, 0,
         "the request belongs to the process this one came from");
  }
  for (each = http->transfers.next; each != &http->transfers; each = each->next) {
    ((jdvm_transfer *)each)->handle = NULL; /* also of those that were cancelled while lent */
  }
  take_back(http);
  jdvm_sockets_close_all(&http->sockets);
  http->watched = 0;
  http->multi = NULL;
  http->worked = false;
}

void jdvm_transfer_cancel(jdvm_transfer *transfer) {
  if (transfer->state == JDVM_RUNNING) {
    leave_parent(transfer->http);
  }
  if (transfer->state == JDVM_RUNNING) {
    fail(transfer, JDVM_CAUSE_CANCELLED, 0, "the request was cancelled");
    if (!transfer->http->lent) {
      stop(transfer);
    }
  }
}

void jdvm_transfer_release(jdvm_transfer *transfer) {
  if (transfer == NULL) {
    return;
  }
  jdvm_transfer_cancel(transfer);
  transfer->released = true;
  if (transfer->handle != NULL) {
    return;
  }
  detach(transfer);
  jdvm_http_request_free(&transfer->request);
  jdvm_response_free(&transfer->response);
  jdvm_buf_free(&transfer->nodes);
  free(transfer);
}

/* ---- the whole ---- */

/* Replaces a text by a copy. False when memory is short; then it is NULL. */
static bool copy_text(const char **text, bool complete) {
  if (*text != NULL) {
    *text = complete ? strdup(*text) : NULL;
    return *text != NULL;
  }
  return complete;
}

jdvm_http *jdvm_http_new(const jdvm_http_config *config) {
  jdvm_http *http = calloc(1, sizeof *http);
  bool complete = true;
  if (http == NULL) {
    return NULL;
  }
  http->transfers.next = http->transfers.previous = &http->transfers;
  http->config = *config;
#define X(name) complete = copy_text(&http->config.name, complete);
  JDVM_HTTP_TEXTS(X)
#undef X
  if (!complete) {
    jdvm_http_free(http);
    return NULL;
  }
  return http;
}

void jdvm_http_free(jdvm_http *http) {
  jdvm_transfer *transfer;
  if (http == NULL) {
    return;
  }
  leave_parent(http);
  take_back(http);
  while (http->transfers.next != &http->transfers) {
    transfer = (jdvm_transfer *)http->transfers.next;
    if (transfer->state == JDVM_RUNNING) {
      fail(transfer, JDVM_CAUSE_CANCELLED, 0, "the client was closed");
      stop(transfer);
    }
    transfer->http = NULL;
    detach(transfer);
  }
  if (http->multi != NULL) {
    jdvm_sigpipe guard = jdvm_sigpipe_hold(http->raises_sigpipe);
    (void)curl_multi_cleanup(http->multi);
    jdvm_sigpipe_release(guard);
  }
  jdvm_sockets_close_all(&http->sockets);
  free(http->watch);
#define X(name) free((void *)http->config.name);
  JDVM_HTTP_TEXTS(X)
#undef X
  free(http);
}

/* Takes from libcurl the transfers that have ended. */
static void collect(jdvm_http *http) {
  CURLMsg *message;
  int left;
  while (http->multi != NULL && (message = curl_multi_info_read(http->multi, &left)) != NULL) {
    char *private = NULL;
    jdvm_transfer *transfer;
    int code = (int)message->data.result;
    (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
    transfer = (jdvm_transfer *)(void *)private;
    jdvm_transfer_observe(transfer);
    if (code == 0 && transfer->response.header_complete) {
      transfer->state = JDVM_SUCCEEDED;
    } else {
      jdvm_facts facts;
      jdvm_transfer_facts(transfer, code, &facts);
      jdvm_explain(&transfer->failure, &facts);
      transfer->state = JDVM_FAILED;
    }
    stop(transfer);
  }
}

/* Lets libcurl work without waiting. False: it or memory has failed, and nothing will go on. */
static bool work(jdvm_http *http) {
  int running;
  jdvm_sigpipe guard = jdvm_sigpipe_hold(http->raises_sigpipe);
  CURLMcode code = http->config.waits ? curl_multi_perform(http->multi, &running)
                                      : jdvm_http_work(http, &running);
  jdvm_sigpipe_release(guard);
  return code == CURLM_OK;
}

/* Waits until there is work or the time is over. False as above. */
static bool wait(jdvm_http *http, double seconds) {
  int milliseconds = seconds <= 0 ? 0 : seconds < 1e6 ? (int)(seconds * 1e3) + 1 : 1000000000;
#if HAS_POLL
  return curl_multi_poll(http->multi, NULL, 0, milliseconds, NULL) == CURLM_OK;
#else
  int descriptors = 0;
  CURLMcode code = curl_multi_wait(http->multi, NULL, 0, milliseconds, &descriptors);
  if (code == CURLM_OK && descriptors == 0 && milliseconds > 0) {
    /* nothing to wait for yet (a name look-up): it returned at once */
    struct timespec pause = {0, 1000000L};
    (void)nanosleep(&pause, NULL);
  }
  return code == CURLM_OK;
#endif
}

/* libcurl cannot go on: so that nobody waits for ever, what runs has failed. */
static void fail_all(jdvm_http *http) {
  jdvm_transfer *transfer;
  for (transfer = next(http, NULL); transfer != NULL; transfer = next(http, transfer)) {
    fail(transfer, JDVM_CAUSE_MEMORY, 0, "");
    stop(transfer);
  }
}

/* With `waits` off: lets libcurl work. When it fails, all begins anew: libcurl 7.88 divides by zero when it
** comes back to a socket for which memory was short. */
static bool work_or_give_up(jdvm_http *http) {
  bool works = work(http);
  collect(http);
  if (!works) {
    jdvm_sigpipe guard;
    fail_all(http);
    guard = jdvm_sigpipe_hold(http->raises_sigpipe);
    (void)curl_multi_cleanup(http->multi);
    jdvm_sigpipe_release(guard);
    http->multi = NULL;
    http->watched = 0;
  }
  return works;
}

/* ---- beginning ---- */

jdvm_transfer *jdvm_http_take(jdvm_http *http) {
  jdvm_transfer *transfer = calloc(1, sizeof *transfer);
  if (transfer == NULL) {
    return NULL;
  }
  transfer->http = http;
  transfer->link.next = &http->transfers;
  transfer->link.previous = http->transfers.previous;
  transfer->link.previous->next = http->transfers.previous = &transfer->link;
  jdvm_response_reset(&transfer->response, http->config.max_header_bytes,
                      http->config.max_body_bytes, http->config.gzip);
  return transfer;
}

void jdvm_transfer_start(jdvm_transfer *transfer, const char *url, size_t url_length,
                         const jdvm_limits *limits) {
  jdvm_http *http = transfer->http;
  jdvm_limits *own = &transfer->limits;
  if (transfer->state != JDVM_BUILDING) {
    return;
  }
  if (http == NULL) {
    fail(transfer, JDVM_CAUSE_CANCELLED, 0, "the client was closed");
    return;
  }
  leave_parent(http);
  jdvm_http_request_url(&transfer->request, url, url_length);
  if (transfer->request.wrong[0] != '\0') {
    fail(transfer, JDVM_CAUSE_REQUEST, 0, transfer->request.wrong);
    return;
  }
  if (limits->timeout < 1e-3) {
    fail(transfer, JDVM_CAUSE_TOO_LATE, 0, "");
    return;
  }
  *own = *limits;
  own->connect_timeout = limits->connect_timeout > 0 ? limits->connect_timeout : NEVER;
  own->read_timeout = limits->read_timeout > 0 ? limits->read_timeout : NEVER;
  if (limits->max_body_bytes > 0) {
    transfer->response.max_body = limits->max_body_bytes;
  }
  if (http->multi == NULL) {
    http->process = getpid();
    http->left = jdvm_now();
  }
  if (jdvm_transfer_begin(transfer) != 0) {
    fail(transfer, transfer->message[0] == '\0' ? JDVM_CAUSE_MEMORY : JDVM_CAUSE_OTHER, 0,
         transfer->message);
    return;
  }
  transfer->deadline = transfer->begun + limits->timeout;
  transfer->state = JDVM_RUNNING;
  /* send now what can be sent: the answer is on its way while the caller does other things */
  if (http->config.waits) {
    http->worked = work(http);
  } else if (!http->lent) {
    (void)work_or_give_up(http);
  }
}

/* ---- driving ---- */

/* Fails the transfers whose time is up. Returns when the next one's will be. */
static double expire(jdvm_http *http, double now) {
  double earliest = NEVER;
  jdvm_transfer *transfer;
  for (transfer = next(http, NULL); transfer != NULL; transfer = next(http, transfer)) {
    double limit = transfer->deadline, seconds = 0;
    jdvm_cause cause = JDVM_CAUSE_TIMEOUT;
    jdvm_transfer_observe(transfer);
    if (transfer->phase == JDVM_PHASE_QUEUED) {
      jdvm_transfer_more_time(transfer, now);
    } else {
      bool connects = transfer->phase < JDVM_PHASE_SEND;
      double most = connects ? transfer->limits.connect_timeout : transfer->limits.read_timeout;
      if (transfer->since + most < limit) {
        seconds = most;
        limit = transfer->since + most;
        cause = connects ? JDVM_CAUSE_CONNECT_TIMEOUT : JDVM_CAUSE_READ_TIMEOUT;
      }
    }
    if (limit <= now) {
      fail(transfer, cause, seconds, "");
      stop(transfer);
    } else if (limit < earliest) {
      earliest = limit;
    }
  }
  return earliest;
}

/* The caller was elsewhere for a while, and nobody read or wrote. That counts neither as the
** server's silence nor as slowness to connect. Deadlines are deadlines. */
static void forgive_absence(jdvm_http *http, double now) {
  jdvm_transfer *transfer;
  if (now - http->left < 1e-3) {
    return;
  }
  for (transfer = next(http, NULL); transfer != NULL; transfer = next(http, transfer)) {
    transfer->since += now - (transfer->begun > http->left ? transfer->begun : http->left);
    jdvm_transfer_more_time(transfer, now);
  }
}

/* Drives what runs until `awaited` (if any) has ended or `end` has come. */
static void drive(jdvm_http *http, const jdvm_transfer *awaited, double end) {
  double now = jdvm_now();
  forgive_absence(http, now);
  for (;;) {
    double wake;
    bool works = http->worked || work(http);
    http->worked = false;
    collect(http);
    if (!works) {
      fail_all(http);
    }
    if (awaited != NULL && awaited->state != JDVM_RUNNING) {
      break;
    }
    now = jdvm_now();
    wake = expire(http, now);
    if ((awaited != NULL && awaited->state != JDVM_RUNNING) || now >= end) {
      break;
    }
    if (!wait(http, (wake < end ? wake : end) - now)) {
      fail_all(http);
    }
  }
  http->left = jdvm_now();
}

void jdvm_http_step(jdvm_http *http) {
  bool was_lent = http->lent;
  leave_parent(http);
  take_back(http);
  if (http->multi == NULL) {
    http->wake = NEVER;
    return;
  }
  if (!was_lent) {
    forgive_absence(http, jdvm_now());
  }
  http->wake = work_or_give_up(http) ? expire(http, jdvm_now()) : NEVER;
  http->left = jdvm_now();
}

const struct pollfd *jdvm_http_lend(jdvm_http *http, size_t *count, double *seconds) {
  double wake = http->multi != NULL && http->timer < http->wake ? http->timer : http->wake;
  *seconds = wake - jdvm_now();
  *count = http->watched;
  http->lent = true;
  return http->watch;
}

void jdvm_http_finish(jdvm_http *http, jdvm_transfer *transfer, double seconds) {
  leave_parent(http);
  if (transfer->state == JDVM_RUNNING && http->config.waits) {
    drive(http, transfer, jdvm_now() + seconds);
  }
}

void jdvm_http_sleep(jdvm_http *http, double seconds) {
  double end = jdvm_now() + seconds, left = seconds;
  leave_parent(http);
  while (left > 0) {
    if (http->multi != NULL) {
      drive(http, NULL, end);
    } else {
      struct timespec pause;
      pause.tv_sec = left < 1e9 ? (time_t)left : (time_t)1000000000;
      pause.tv_nsec = left < 1e9 ? (long)((left - (double)pause.tv_sec) * 1e9) : 0;
      (void)nanosleep(&pause, NULL);
    }
    left = end - jdvm_now();
  }
}

const char *jdvm_http_version(void) {
  return curl_version();
}

void jdvm_http_trust(const char **file, const char **folder) {
  *file = *folder = NULL;
#if LIBCURL_VERSION_NUM >= 0x074600 /* 7.70.0 */
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  if (info->age >= CURLVERSION_SEVENTH) {
    *file = info->cainfo;
    *folder = info->capath;
  }
#endif
}

bool jdvm_http_blocks_on_names(void) {
  return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_ASYNCHDNS) == 0;
}
