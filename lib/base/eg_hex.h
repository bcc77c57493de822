/* SPDX-License-Identifier: BSD-3-Clause */
/* Hex digits, in either case, to bytes: how the programs take a CWT as text. Threads: [any]. */
#ifndef EG_HEX_H
#define EG_HEX_H

#include "eg_span.h"

static inline int eg_hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* False where text is empty, odd or not hex; then out is undefined. Precondition: out has
 * text.len / 2 bytes; it may be the text itself. */
static inline bool eg_hex_decode(struct eg_span text, uint8_t *out)
{
	if (text.len == 0 || text.len % 2 != 0)
		return false;
	for (size_t i = 0; i < text.len; i++) /* all of it first: out may be the text */
		if (eg_hex_digit(text.ptr[i]) < 0)
			return false;
	for (size_t i = 0; i < text.len; i += 2)
		out[i / 2] =
		    (uint8_t)(eg_hex_digit(text.ptr[i]) << 4 | eg_hex_digit(text.ptr[i + 1]));
	return true;
}

#endif
