/* The sockets of one client's connections, and which of them may be used again. HTTP/1.1 does not
** say to which request a response belongs: what lies in an idle connection would be taken for the
** response to the next request. So an idle connection must be silent, or it is not used. Knows no
** libcurl. */
#ifndef JDVM_SOCKETS_H
#define JDVM_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hidden.h"

typedef struct jdvm_socket {
  int number;
  long port;        /* its own; 0 = not known yet */
  int version;      /* of HTTP in the responses it has carried, 1 or 2; 0 = none yet */
  int64_t taken;    /* see jdvm_socket_taken, before its present use; -1 = not known */
  const void *user; /* who opened or uses it; NULL = idle */
} jdvm_socket;

/* Zero-filled: empty. */
typedef struct jdvm_sockets {
  jdvm_socket *list;
  size_t count, capacity;
} jdvm_sockets;

/* Opens a socket for `user`; -1 when that fails. */
int jdvm_sockets_open(jdvm_sockets *sockets, int family, int type, int protocol, const void *user);

int jdvm_sockets_close(jdvm_sockets *sockets, int number);

/* Closes all of them, and gives the memory back. */
void jdvm_sockets_close_all(jdvm_sockets *sockets);

/* The one with that local port; NULL when there is none, or more than one. It moves when a socket
** is opened or closed. */
jdvm_socket *jdvm_sockets_at(jdvm_sockets *sockets, long port);

/* Whether one that `user` opened or uses is connected. */
bool jdvm_sockets_connected(const jdvm_sockets *sockets, const void *user);

/* Its sockets are idle from now on. Those that have carried no response are forgotten: libcurl does
** not always tell that it closes one. */
void jdvm_sockets_leave(jdvm_sockets *sockets, const void *user);

/* Shuts idle HTTP/1 connections down that were closed by the other side or hold bytes, so that
** nobody takes them for usable. */
void jdvm_sockets_retire(jdvm_sockets *sockets);

/* Whether nothing has arrived that was not read yet, the end of the connection included. */
bool jdvm_socket_is_silent(const jdvm_socket *of);

/* Bytes that were read from it since it was connected; -1 where the system does not count. */
int64_t jdvm_socket_taken(const jdvm_socket *of);

#include "shown.h"

#endif
