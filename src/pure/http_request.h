/* What one HTTP request is made of, checked byte by byte before any of it is sent: a request that
** holds a line break could smuggle headers in, one that libcurl would rewrite would not be what was
** signed. Knows no libcurl and no Lua. A zero-filled jdvm_http_request is a valid empty one. */
#ifndef JDVM_HTTP_REQUEST_H
#define JDVM_HTTP_REQUEST_H

#include "buf.h"

#include "hidden.h"

typedef struct jdvm_http_request {
  jdvm_buf url;   /* ended by NUL */
  jdvm_buf lines; /* headers as "name: value", each ended by NUL */
  unsigned line_count;
  bool tls;
  long port;
  char host[128];  /* shortened if need be, without brackets */
  char wrong[192]; /* the first thing wrong with it, as text; "" = nothing */
} jdvm_http_request;

/* Gives the memory back. */
void jdvm_http_request_free(jdvm_http_request *request);

/* Sets the URL: http or https, printable ASCII, no fragment. Host and port are read for messages;
** whether they are right, and that there is no user name, is libcurl's to check. */
void jdvm_http_request_url(jdvm_http_request *request, const char *url, size_t length);

/* Adds a header: the name a token of RFC 9110, the value without control characters but tab.
** `wrong` names a bad header, never its value. */
void jdvm_http_request_header(jdvm_http_request *request, const char *name, size_t name_length,
                              const char *value, size_t value_length);

#include "shown.h"

#endif
