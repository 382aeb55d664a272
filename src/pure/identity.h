/* Who signs: the keys and what they are for, checked and copied so that they can be wiped. */
#ifndef JDVM_IDENTITY_H
#define JDVM_IDENTITY_H

#include "canonical.h"
#include "error.h"

#if defined(__GNUC__)
#pragma GCC visibility push(hidden)
#endif

typedef struct jdvm_identity {
  jdvm_version version;
  jdvm_text access_key;
  jdvm_text secret_key;
  jdvm_text token; /* of a temporary key; empty for none */
  bool raw_token;  /* send it as it is, not as base64 (the official SDKs disagree) */
  jdvm_text region;
  jdvm_text service;
} jdvm_identity;

/* Checks `given` and copies it; the copy's texts stand in `owned`, which must be empty. The token
** of the copy is as it is sent, bytes NULL for none. No message contains any of the texts. */
int jdvm_identity_copy(jdvm_identity *copy, jdvm_buf *owned, const jdvm_identity *given,
                       jdvm_error *error);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif

#endif
