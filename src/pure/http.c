#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L /* clock_gettime, nanosleep, strdup under -std=c99 */
#endif

#include "http.h"
#include "clock.h"
#include "libcurl.h"

#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#define NEVER 1e300

/* A list is a ring through a head that is no transfer. */
typedef struct ring {
  struct ring *next, *previous;
} ring;

typedef enum state { BUILDING, RUNNING, SUCCEEDED, FAILED } state;

struct jdvm_transfer {
  ring link;       /* first: the link is its transfer */
  jdvm_http *http; /* NULL once that is freed */
  state state;
  double deadline, connect_timeout, read_timeout;
  jdvm_failure failure;
  jdvm_exchange exchange;
};

struct jdvm_http {
  pid_t process; /* the one the connections belong to */
  bool worked;   /* libcurl has just worked, for a start */
  double left;   /* when the caller was last given the time back */
  ring running;  /* transfers that libcurl works on */
  ring held;     /* other transfers in the caller's hands */
  jdvm_connections connections;
  jdvm_http_config config; /* the texts are ours */
};

static void detach(jdvm_transfer *transfer) {
  transfer->link.next->previous = transfer->link.previous;
  transfer->link.previous->next = transfer->link.next;
  transfer->link.next = transfer->link.previous = &transfer->link;
}

static void move_to(ring *list, jdvm_transfer *transfer) {
  detach(transfer);
  transfer->link.next = list;
  transfer->link.previous = list->previous;
  list->previous->next = &transfer->link;
  list->previous = &transfer->link;
}

/* The first transfer of a list, or NULL. */
static jdvm_transfer *first(ring *list) {
  return list->next == list ? NULL : (jdvm_transfer *)list->next;
}

static jdvm_transfer *of_exchange(jdvm_exchange *exchange) {
  return (jdvm_transfer *)(void *)((char *)exchange - offsetof(jdvm_transfer, exchange));
}

/* ---- ending ---- */

/* Fails a transfer, running or not, for a reason that is not libcurl's. */
static void fail(jdvm_transfer *transfer, jdvm_cause cause, double seconds, const char *detail) {
  jdvm_facts facts;
  jdvm_exchange_facts(&transfer->exchange, 0, &facts);
  facts.cause = cause;
  facts.kept = false;
  facts.seconds = seconds;
  facts.detail = detail;
  jdvm_explain(&transfer->failure, &facts);
  transfer->state = FAILED;
}

/* Takes a transfer from libcurl that has failed or succeeded. */
static void stop(jdvm_transfer *transfer) {
  jdvm_exchange_end(&transfer->exchange);
  move_to(&transfer->http->held, transfer);
}

/* In the child of a fork: what runs belongs to the parent. */
static void leave_parent(jdvm_http *http) {
  jdvm_transfer *transfer;
  if (http->connections.multi == NULL || http->process == getpid()) {
    return;
  }
  while ((transfer = first(&http->running)) != NULL) {
    transfer->exchange.handle = NULL;
    fail(transfer, JDVM_CAUSE_CANCELLED, 0,
         "the request belongs to the process this one came from");
    move_to(&http->held, transfer);
  }
  jdvm_connections_abandon(&http->connections);
  http->worked = false;
}

void jdvm_transfer_cancel(jdvm_transfer *transfer) {
  if (transfer->state == RUNNING) {
    leave_parent(transfer->http);
  }
  if (transfer->state == RUNNING) {
    fail(transfer, JDVM_CAUSE_CANCELLED, 0, "the request was cancelled");
    stop(transfer);
  }
}

void jdvm_transfer_release(jdvm_transfer *transfer) {
  if (transfer == NULL) {
    return;
  }
  jdvm_transfer_cancel(transfer);
  detach(transfer);
  jdvm_http_request_free(&transfer->exchange.request);
  jdvm_response_free(&transfer->exchange.response);
  jdvm_buf_free(&transfer->exchange.nodes);
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
  http->running.next = http->running.previous = &http->running;
  http->held.next = http->held.previous = &http->held;
  http->config = *config;
  http->connections.config = &http->config;
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
  while ((transfer = first(&http->running)) != NULL) {
    fail(transfer, JDVM_CAUSE_CANCELLED, 0, "the client was closed");
    stop(transfer);
  }
  while ((transfer = first(&http->held)) != NULL) {
    transfer->exchange.connections = NULL;
    transfer->http = NULL;
    detach(transfer);
  }
  jdvm_connections_close(&http->connections);
#define X(name) free((void *)http->config.name);
  JDVM_HTTP_TEXTS(X)
#undef X
  free(http);
}

/* Takes from libcurl the transfers that have ended. */
static void collect(jdvm_http *http) {
  jdvm_exchange *exchange;
  int code;
  while (http->connections.multi != NULL &&
         (exchange = jdvm_connections_ended(&http->connections, &code)) != NULL) {
    jdvm_transfer *transfer = of_exchange(exchange);
    if (code == 0 && exchange->response.header_complete) {
      transfer->state = SUCCEEDED;
    } else {
      jdvm_facts facts;
      jdvm_exchange_facts(exchange, code, &facts);
      jdvm_explain(&transfer->failure, &facts);
      transfer->state = FAILED;
    }
    stop(transfer);
  }
}

/* ---- beginning ---- */

jdvm_transfer *jdvm_http_take(jdvm_http *http) {
  jdvm_transfer *transfer = calloc(1, sizeof *transfer);
  if (transfer == NULL) {
    return NULL;
  }
  transfer->http = http;
  transfer->exchange.connections = &http->connections;
  transfer->link.next = transfer->link.previous = &transfer->link;
  jdvm_response_reset(&transfer->exchange.response, http->config.max_header_bytes,
                      http->config.max_body_bytes, http->config.gzip);
  move_to(&http->held, transfer);
  return transfer;
}

void jdvm_transfer_header(jdvm_transfer *transfer, const char *name, size_t name_length,
                          const char *value, size_t value_length) {
  jdvm_http_request_header(&transfer->exchange.request, name, name_length, value, value_length);
}

void jdvm_transfer_start(jdvm_transfer *transfer, const char *url, size_t url_length,
                         const jdvm_limits *limits) {
  jdvm_http *http = transfer->http;
  jdvm_exchange *exchange = &transfer->exchange;
  if (transfer->state != BUILDING) {
    return;
  }
  if (http == NULL) {
    fail(transfer, JDVM_CAUSE_CANCELLED, 0, "the client was closed");
    return;
  }
  leave_parent(http);
  jdvm_http_request_url(&exchange->request, url, url_length);
  if (exchange->request.wrong[0] != '\0') {
    fail(transfer, JDVM_CAUSE_REQUEST, 0, exchange->request.wrong);
    return;
  }
  if (limits->timeout >= 0 && limits->timeout < 1e-3) {
    fail(transfer, JDVM_CAUSE_TOO_LATE, 0, "");
    return;
  }
  if (limits->max_body_bytes > 0) {
    exchange->response.max_body = limits->max_body_bytes;
  }
  transfer->connect_timeout = limits->connect_timeout > 0 ? limits->connect_timeout : NEVER;
  transfer->read_timeout = limits->read_timeout > 0 ? limits->read_timeout : NEVER;
  exchange->connect_timeout = transfer->connect_timeout;
  exchange->fresh = limits->fresh;
  if (http->connections.multi == NULL) {
    http->process = getpid();
    http->left = jdvm_now();
  }
  if (jdvm_exchange_begin(exchange) != 0) {
    fail(transfer, exchange->message[0] == '\0' ? JDVM_CAUSE_MEMORY : JDVM_CAUSE_OTHER, 0,
         exchange->message);
    return;
  }
  transfer->deadline = limits->timeout < 0 ? NEVER : exchange->begun + limits->timeout;
  transfer->state = RUNNING;
  move_to(&http->running, transfer);
  /* send now what can be sent: the answer is on its way while the caller does other things */
  http->worked = jdvm_connections_work(&http->connections);
}

/* ---- driving ---- */

/* libcurl cannot go on: so that nobody waits for ever, what runs has failed. */
static void fail_all(jdvm_http *http) {
  jdvm_transfer *transfer;
  while ((transfer = first(&http->running)) != NULL) {
    fail(transfer, JDVM_CAUSE_MEMORY, 0, "");
    stop(transfer);
  }
}

/* Fails the transfers whose time is up. Returns when the next one's will be. */
static double expire(jdvm_http *http, double now) {
  double earliest = NEVER;
  ring *each = http->running.next;
  while (each != &http->running) {
    jdvm_transfer *transfer = (jdvm_transfer *)each;
    jdvm_exchange *exchange = &transfer->exchange;
    double limit = transfer->deadline, seconds = 0;
    jdvm_cause cause = JDVM_CAUSE_TIMEOUT;
    each = each->next;
    jdvm_exchange_observe(exchange);
    if (exchange->phase == JDVM_PHASE_QUEUED) {
      jdvm_exchange_more_time(exchange, now);
    } else if (exchange->phase < JDVM_PHASE_SEND) {
      if (exchange->since + transfer->connect_timeout < limit) {
        seconds = transfer->connect_timeout;
        limit = exchange->since + seconds;
        cause = JDVM_CAUSE_CONNECT_TIMEOUT;
      }
    } else if (exchange->since + transfer->read_timeout < limit) {
      seconds = transfer->read_timeout;
      limit = exchange->since + seconds;
      cause = JDVM_CAUSE_READ_TIMEOUT;
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
  ring *each;
  if (now - http->left < 1e-3) {
    return;
  }
  for (each = http->running.next; each != &http->running; each = each->next) {
    jdvm_exchange *exchange = &((jdvm_transfer *)each)->exchange;
    exchange->since += now - (exchange->begun > http->left ? exchange->begun : http->left);
    jdvm_exchange_more_time(exchange, now);
  }
}

/* Drives what runs until `awaited` (if any) has ended or `end` has come. */
static void drive(jdvm_http *http, const jdvm_transfer *awaited, double end) {
  jdvm_connections *connections = &http->connections;
  double now = jdvm_now();
  forgive_absence(http, now);
  for (;;) {
    double wake;
    bool works = http->worked || jdvm_connections_work(connections);
    http->worked = false;
    collect(http);
    if (!works) {
      fail_all(http);
    }
    if (awaited != NULL && awaited->state != RUNNING) {
      break;
    }
    now = jdvm_now();
    wake = expire(http, now);
    if ((awaited != NULL && awaited->state != RUNNING) || now >= end) {
      break;
    }
    if (!jdvm_connections_wait(connections, (wake < end ? wake : end) - now)) {
      fail_all(http);
    }
  }
  http->left = jdvm_now();
}

void jdvm_http_finish(jdvm_http *http, jdvm_transfer *transfer, double seconds) {
  leave_parent(http);
  if (transfer->state == RUNNING) {
    drive(http, transfer, jdvm_now() + seconds);
  }
}

void jdvm_http_sleep(jdvm_http *http, double seconds) {
  double end = jdvm_now() + seconds, left = seconds;
  leave_parent(http);
  while (left > 0) {
    if (first(&http->running) != NULL) {
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

double jdvm_http_now(void) {
  return jdvm_now();
}

const char *jdvm_http_version(void) {
  return curl_version();
}

/* ---- looking at a transfer ---- */

const jdvm_http *jdvm_transfer_owner(const jdvm_transfer *transfer) {
  return transfer->http;
}

bool jdvm_transfer_runs(const jdvm_transfer *transfer) {
  return transfer->state == RUNNING;
}

bool jdvm_transfer_succeeded(const jdvm_transfer *transfer) {
  return transfer->state == SUCCEEDED;
}

const jdvm_response *jdvm_transfer_response(const jdvm_transfer *transfer) {
  return &transfer->exchange.response;
}

const jdvm_failure *jdvm_transfer_failure(const jdvm_transfer *transfer) {
  return &transfer->failure;
}

bool jdvm_transfer_kept(const jdvm_transfer *transfer) {
  return !transfer->exchange.opened;
}
