/* What is the same for all transfers of one jdvm_http. */
#ifndef JDVM_HTTP_CONFIG_H
#define JDVM_HTTP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

/* All text may be NULL and is copied. */
typedef struct jdvm_http_config {
  const char *ca_file;  /* PEM file of the CAs to trust instead of the system's */
  const char *ca_path;  /* folder of hashed PEM files, likewise */
  const char *proxy;    /* "" = none, whatever the environment says; NULL = as that says */
  const char *no_proxy; /* comma-separated host names that are reached without proxy */
  const char *user_agent;
  bool verify; /* peer and host name */
  bool http2;  /* offer it (ALPN) on TLS connections */
  bool gzip;   /* ask for it */
  size_t max_header_bytes;
  size_t max_body_bytes;
  long max_connections; /* 0 = no limit */
} jdvm_http_config;

#endif
