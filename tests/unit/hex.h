/* SPDX-License-Identifier: BSD-3-Clause */
/* Hex in tests: blanks between bytes are for the eye. */
#ifndef EG_TEST_HEX_H
#define EG_TEST_HEX_H

#include "eg_test.h"

static inline unsigned hex_digit(char c)
{
	assert_true((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Appends to out, which has room for `room` bytes; returns the new length. */
static inline size_t hex_append(uint8_t *out, size_t len, size_t room, const char *hex)
{
	for (; hex[0] != '\0'; hex += hex[0] == ' ' ? 1 : 2) {
		if (hex[0] == ' ')
			continue;
		assert_true(hex[1] != '\0' && len < room);
		out[len++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
	}
	return len;
}

#endif
