#if !defined(_POSIX_C_SOURCE)
#define _POSIX_C_SOURCE 200809L
#endif

#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#if defined(__linux__) && defined(__has_include)
#if __has_include(<linux/tcp.h>) /* the C library's own lacks tcpi_bytes_received */
#include <linux/tcp.h>
#define COUNTS_BYTES
#endif
#endif

enum { DRAINED = 1 << 8 }; /* pieces of unread bytes thrown away at most */

static void forget(jdvm_sockets *sockets, int number) {
  size_t i;
  for (i = 0; i < sockets->count; i++) {
    if (sockets->list[i].number == number) {
      sockets->list[i] = sockets->list[--sockets->count];
      return;
    }
  }
}

int jdvm_sockets_open(jdvm_sockets *sockets, int family, int type, int protocol, const void *user) {
  jdvm_socket *made;
  int number;
  if (sockets->count == sockets->capacity) {
    size_t capacity = sockets->capacity * 2 + 8;
    void *list = realloc(sockets->list, capacity * sizeof *sockets->list);
    if (list == NULL) {
      return -1;
    }
    sockets->list = list;
    sockets->capacity = capacity;
  }
#if defined(SOCK_CLOEXEC)
  number = socket(family, type | SOCK_CLOEXEC, protocol);
#else
  number = socket(family, type, protocol);
  if (number >= 0) {
    (void)fcntl(number, F_SETFD, FD_CLOEXEC);
  }
#endif
  if (number < 0) {
    return -1;
  }
  forget(sockets, number);
  made = &sockets->list[sockets->count++];
  memset(made, 0, sizeof *made);
  made->number = number;
  made->taken = -1;
  made->user = user;
  return number;
}

int jdvm_sockets_close(jdvm_sockets *sockets, int number) {
  forget(sockets, number);
  return close(number);
}

void jdvm_sockets_close_all(jdvm_sockets *sockets) {
  while (sockets->count > 0) {
    (void)close(sockets->list[--sockets->count].number);
  }
  free(sockets->list);
  memset(sockets, 0, sizeof *sockets);
}

/* Its own port, or 0 as long as it has none. */
static long own_port(int number) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
  } own;
  socklen_t size = sizeof own;
  if (getsockname(number, &own.any, &size) != 0) {
    return 0;
  }
  return own.any.sa_family == AF_INET    ? ntohs(own.v4.sin_port)
         : own.any.sa_family == AF_INET6 ? ntohs(own.v6.sin6_port)
                                         : 0;
}

jdvm_socket *jdvm_sockets_at(jdvm_sockets *sockets, long port) {
  jdvm_socket *found = NULL;
  size_t i;
  for (i = 0; i < sockets->count; i++) {
    jdvm_socket *each = &sockets->list[i];
    if (each->port == 0) {
      each->port = own_port(each->number);
    }
    if (each->port == port && port > 0) {
      if (found != NULL) {
        return NULL; /* two connections to different addresses may share a port */
      }
      found = each;
    }
  }
  return found;
}

bool jdvm_sockets_connected(const jdvm_sockets *sockets, const void *user) {
  size_t i;
  for (i = 0; i < sockets->count; i++) {
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    if (sockets->list[i].user == user &&
        getpeername(sockets->list[i].number, (struct sockaddr *)&peer, &size) == 0) {
      return true;
    }
  }
  return false;
}

void jdvm_sockets_leave(jdvm_sockets *sockets, const void *user) {
  size_t i = 0;
  while (i < sockets->count) {
    jdvm_socket *each = &sockets->list[i];
    if (each->user == user && each->version == 0) {
      *each = sockets->list[--sockets->count];
      continue;
    }
    if (each->user == user) {
      each->user = NULL;
    }
    i++;
  }
}

/* Without the unread bytes, whoever looks at the socket finds its end. */
static void shut(int number) {
  char waste[4096];
  int i;
  (void)shutdown(number, SHUT_RDWR);
  for (i = 0; i < DRAINED && recv(number, waste, sizeof waste, MSG_DONTWAIT) > 0; i++) {
  }
}

void jdvm_sockets_retire(jdvm_sockets *sockets) {
  size_t i;
  for (i = 0; i < sockets->count; i++) {
    const jdvm_socket *each = &sockets->list[i];
    if (each->version == 1 && each->user == NULL && !jdvm_socket_is_silent(each)) {
      shut(each->number);
    }
  }
}

bool jdvm_socket_is_silent(const jdvm_socket *of) {
  char byte;
  return recv(of->number, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

int64_t jdvm_socket_taken(const jdvm_socket *of) {
#if defined(COUNTS_BYTES)
  struct tcp_info info;
  socklen_t size = sizeof info;
  int before, after, i;
  for (i = 0; i < 8; i++) { /* as often as bytes arrive just then */
    if (ioctl(of->number, FIONREAD, &before) != 0 ||
        getsockopt(of->number, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
        size < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received ||
        ioctl(of->number, FIONREAD, &after) != 0) {
      break;
    }
    if (before == after) {
      return (int64_t)info.tcpi_bytes_received - after;
    }
  }
#else
  (void)of;
#endif
  return -1;
}
