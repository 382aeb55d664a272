/* What is the same for all transfers of one jdvm_http. */
#ifndef JDVM_HTTP_CONFIG_H
#define JDVM_HTTP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

/* The texts; each may be NULL and is copied.
**   ca_file, ca_path   PEM file, folder of hashed PEM files: the CAs to trust instead of the system's
**   proxy              "" = none, whatever the environment says; NULL = as that says
**   no_proxy           comma-separated host names that are reached without proxy */
#define JDVM_HTTP_TEXTS(X)                                                                         \
  X(ca_file)                                                                                       \
  X(ca_path)                                                                                       \
  X(proxy)                                                                                         \
  X(no_proxy)                                                                                      \
  X(user_agent)

typedef struct jdvm_http_config {
#define X(name) const char *name;
  JDVM_HTTP_TEXTS(X)
#undef X
  bool verify; /* peer and host name */
  bool http2;  /* offer it (ALPN) on TLS connections */
  bool gzip;   /* ask for it */
  size_t max_header_bytes;
  size_t max_body_bytes;
  long max_connections; /* 0 = no limit */
} jdvm_http_config;

#endif
