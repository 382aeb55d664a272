/* A TCP proxy that stands for a long way: each direction takes half of the round trip, and a new
** connection's first bytes one round trip more, as TCP's handshake would.
** delay_proxy TARGET_PORT ROUND_TRIP_MS prints the port it listens on (127.0.0.1) and serves until its
** standard input ends. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 128, PIECE = 65536 };

/* Bytes on their way. */
typedef struct piece {
  struct piece *next;
  double due;
  size_t length, sent;
  char bytes[PIECE];
} piece;

/* One direction of a connection. */
typedef struct way {
  int from, to;
  double delay, extra; /* extra: for the first bytes */
  piece *first, *last;
  bool ended, closed;
} way;

static way ways[2 * MOST];
static int count;

static double now(void) {
  struct timespec time;
  (void)clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void take(way *w) {
  piece *p = malloc(sizeof *p);
  ssize_t got;
  if (p == NULL) {
    abort();
  }
  got = recv(w->from, p->bytes, sizeof p->bytes, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    free(p);
    return;
  }
  p->length = got > 0 ? (size_t)got : 0;
  p->sent = 0;
  p->next = NULL;
  p->due = now() + w->delay + w->extra;
  /* Nothing overtakes the first bytes. */
  if (w->last != NULL && p->due < w->last->due) {
    p->due = w->last->due;
  }
  w->extra = 0;
  w->ended = got <= 0;
  if (w->last != NULL) {
    w->last->next = p;
  } else {
    w->first = p;
  }
  w->last = p;
}

static void give(way *w, double time) {
  while (w->first != NULL && w->first->due <= time) {
    piece *p = w->first;
    if (p->length == 0) {
      (void)shutdown(w->to, SHUT_WR);
      w->closed = true;
    } else {
      ssize_t sent =
          send(w->to, p->bytes + p->sent, p->length - p->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno == EAGAIN || errno == EINTR) {
          return;
        }
        w->closed = w->ended = true;
      } else {
        p->sent += (size_t)sent;
        if (p->sent < p->length) {
          return;
        }
      }
    }
    w->first = p->next;
    if (w->first == NULL) {
      w->last = NULL;
    }
    free(p);
  }
}

static void set_way(way *w, int from, int to, double delay, double extra) {
  memset(w, 0, sizeof *w);
  w->from = from;
  w->to = to;
  w->delay = delay;
  w->extra = extra;
}

static void meet(int listener, const struct sockaddr_in *target, double round_trip) {
  int yes = 1, near = accept(listener, NULL, NULL), far = socket(AF_INET, SOCK_STREAM, 0);
  if (near < 0 || far < 0 || count + 2 > 2 * MOST ||
      connect(far, (const struct sockaddr *)target, sizeof *target) != 0) {
    (void)close(near);
    (void)close(far);
    return;
  }
  (void)setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  (void)setsockopt(far, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  set_way(&ways[count], near, far, round_trip / 2, round_trip);
  set_way(&ways[count + 1], far, near, round_trip / 2, 0);
  count += 2;
}

static void forget_closed(void) {
  int i;
  for (i = 0; i < count; i += 2) {
    if (ways[i].closed && ways[i + 1].closed) {
      (void)close(ways[i].from);
      (void)close(ways[i].to);
      count -= 2;
      ways[i] = ways[count];
      ways[i + 1] = ways[count + 1];
      i -= 2;
    }
  }
}

int main(int argc, char **argv) {
  struct sockaddr_in here = {0}, target = {0};
  socklen_t size = sizeof here;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  double round_trip;
  if (argc < 3 || listener < 0) {
    return 2;
  }
  round_trip = atof(argv[2]) / 1000;
  here.sin_family = target.sin_family = AF_INET;
  here.sin_addr.s_addr = target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  target.sin_port = htons((unsigned short)atoi(argv[1]));
  if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 64) != 0 ||
      getsockname(listener, (struct sockaddr *)&here, &size) != 0) {
    return 1;
  }
  (void)printf("%d\n", ntohs(here.sin_port));
  (void)fflush(stdout);
  for (;;) {
    struct pollfd fds[2 + 2 * MOST];
    double time = now(), next = time + 1;
    struct timespec wait;
    int i;
    for (i = 0; i < count; i++) {
      give(&ways[i], time);
    }
    forget_closed();
    fds[0].fd = 0;
    fds[1].fd = listener;
    fds[0].events = fds[1].events = POLLIN;
    for (i = 0; i < count; i++) {
      fds[2 + i].fd = ways[i].ended ? -1 : ways[i].from;
      fds[2 + i].events = POLLIN;
      if (ways[i].first != NULL && ways[i].first->due < next) {
        /* What is due and did not go out waits for the receiver: look again soon. */
        next = ways[i].first->due > time ? ways[i].first->due : time + 0.0005;
      }
    }
    wait.tv_sec = (time_t)(next - time);
    wait.tv_nsec = (long)((next - time - (double)wait.tv_sec) * 1e9);
    if (ppoll(fds, (nfds_t)(2 + count), &wait, NULL) < 0) {
      continue;
    }
    for (i = count - 1; i >= 0; i--) {
      if (fds[2 + i].revents != 0) {
        take(&ways[i]);
      }
    }
    if (fds[1].revents != 0) {
      meet(listener, &target, round_trip);
    }
    if (fds[0].revents != 0) {
      return 0;
    }
  }
}
