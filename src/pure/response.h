/* What one HTTP response leaves behind: status, header fields, body. Fed line by line and piece by
** piece by whoever reads the wire; every byte is counted against a cap and none is trusted.
** Knows no libcurl and no Lua. A zero-filled jdvm_response is a valid empty one. */
#ifndef JDVM_RESPONSE_H
#define JDVM_RESPONSE_H

#include "buf.h"

#include "hidden.h"

/* Why a response was given up. */
typedef enum jdvm_limit {
  JDVM_WITHIN_LIMITS = 0,
  JDVM_LIMIT_HEADER,  /* more than max_header bytes of header lines */
  JDVM_LIMIT_FIELDS,  /* more than JDVM_MAX_FIELDS header fields */
  JDVM_LIMIT_BODY,    /* more than max_body bytes of (inflated) body */
  JDVM_LIMIT_FRAMING, /* not certain where it ends, or not asked for like this: `wrong` */
  JDVM_LIMIT_MEMORY
} jdvm_limit;

enum { JDVM_MAX_FIELDS = 256 };

/* One header field: offsets into the header text. The name is lower case and not empty, the
** value is trimmed and unfolded but otherwise as received: any byte but LF may stand in it. */
typedef struct jdvm_header_field {
  size_t name, name_length;
  size_t value, value_length;
} jdvm_header_field;

typedef struct jdvm_response {
  int status;           /* 0 until a status line was seen */
  bool header_complete; /* the empty line after a final (not 1xx) header was seen */
  bool in_header;       /* a status line was seen, and not yet its empty line */
  bool http1_0;         /* the status line says HTTP/1.0 */
  bool gzip;            /* was asked for */
  jdvm_limit limit;
  const char *wrong; /* what the server sent, to follow "sent "; "" = nothing wrong */
  size_t max_header, max_body;
  size_t header_bytes; /* every line received, interim responses and trailers included */
  unsigned field_count;
  jdvm_header_field fields[JDVM_MAX_FIELDS];
  jdvm_buf header; /* names and values */
  jdvm_buf body;
} jdvm_response;

/* Forgets the content, and sets the caps for the next response. */
void jdvm_response_reset(jdvm_response *response, size_t max_header, size_t max_body, bool gzip);

/* Gives the memory back. */
void jdvm_response_free(jdvm_response *response);

/* Takes one line of the header as received, with its line end: status line, field, continuation of
** the field before (obsolete folding), empty line. A status line begins a new header, so that a 1xx
** response leaves nothing behind. Lines after the final header (trailers) are checked, counted and
** dropped. False: give up, `limit` says why. */
bool jdvm_response_line(jdvm_response *response, const char *line, size_t length);

/* Takes a piece of the body. False: give up, `limit` says why. */
bool jdvm_response_piece(jdvm_response *response, const char *bytes, size_t length);

#include "shown.h"

#endif
