/* What is the same for all transfers of one jdvm_http. */
#ifndef JDVM_HTTP_CONFIG_H
#define JDVM_HTTP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

/* Every option, once. The texts; each may be NULL and is copied.
**   ca_file, ca_path   PEM file, folder of hashed PEM files: the CAs to trust instead of the system's
**   proxy              "" = none, whatever the environment says; NULL = as that says
**   no_proxy           comma-separated host names that are reached without proxy */
#define JDVM_HTTP_TEXTS(X)                                                                         \
  X(ca_file)                                                                                       \
  X(ca_path)                                                                                       \
  X(proxy)                                                                                         \
  X(no_proxy)                                                                                      \
  X(user_agent)

/* The switches, on unless told otherwise.
**   verify   peer and host name
**   http2    offer it (ALPN) on TLS connections
**   gzip     ask for it */
#define JDVM_HTTP_FLAGS(X)                                                                         \
  X(verify)                                                                                        \
  X(http2)                                                                                         \
  X(gzip)

/* The numbers: default, least, most. Of max_connections, 0 is no limit. */
#define JDVM_HTTP_SIZES(X)                                                                         \
  X(max_header_bytes, 65536, 1, 1 << 24)                                                           \
  X(max_body_bytes, 1 << 24, 1, 1 << 30)                                                           \
  X(max_connections, 0, 0, 100000)

typedef struct jdvm_http_config {
#define TEXT(name) const char *name;
#define FLAG(name) bool name;
#define SIZE(name, otherwise, least, most) size_t name;
  JDVM_HTTP_TEXTS(TEXT)
  JDVM_HTTP_FLAGS(FLAG)
  JDVM_HTTP_SIZES(SIZE)
#undef TEXT
#undef FLAG
#undef SIZE
} jdvm_http_config;

#endif
