/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Compressed bytes of others to plain ones, with a hard cap. Threads: [control]; allocates at most
 * the cap and a byte.
 */
#ifndef EG_STATE_INFLATE_H
#define EG_STATE_INFLATE_H

#include "eg_err.h"
#include "eg_span.h"

enum eg_inflate_form { EG_INFLATE_ZLIB, EG_INFLATE_GZIP }; /* RFC 1950, RFC 1952: one stream */

struct eg_inflated {
	uint8_t *bytes; /* to be freed */
	size_t len;
};

/* The whole of `packed` must be one stream that ends, with a sound checksum, in at most cap bytes:
 * else -EG_EINVAL, or -EG_ELIMIT where it holds more. After an error there is nothing to free. */
int eg_inflate(struct eg_span packed, enum eg_inflate_form form, size_t cap,
    struct eg_inflated *out, struct eg_error *err);

#endif
