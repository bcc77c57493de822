/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The shard of a token as a client sees it (docs/protocol.md section 6). A JWT that names an entry
 * of a status list has the shard of its block; any other token that of its last bytes. (A CWT or a
 * PASETO with a list entry is not opened: it may be sent to another core than the owner, which
 * costs a STEER_MISS and nothing else.) [control]: it decodes JSON.
 */
#ifndef LOAD_SHARD_H
#define LOAD_SHARD_H

#include "eg_span.h"

/* list_bits: 1, 2, 4 or 8, the width of an entry. */
unsigned load_shard_of(struct eg_span token, uint8_t fmt, unsigned list_bits);

#endif
