/* SPDX-License-Identifier: BSD-3-Clause */
/* The short form of a media type, as typ and cty carry it (RFC 7515 section 4.1.9). Internal. */
#ifndef EG_MEDIA_TYPE_H
#define EG_MEDIA_TYPE_H

#include "eg_span.h"

static inline uint8_t eg_ascii_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Is `text` the lower-case `wanted`, in any case? */
static inline bool eg_ascii_eq_lower(struct eg_span text, struct eg_span wanted)
{
	if (text.len != wanted.len)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (eg_ascii_lower(text.ptr[i]) != wanted.ptr[i])
			return false;
	return true;
}

/* Without one leading "application/", in any case. */
static inline struct eg_span eg_media_type_short(struct eg_span type)
{
	const struct eg_span prefix = eg_span_str("application/");

	if (type.len >= prefix.len && eg_ascii_eq_lower(eg_span(type.ptr, prefix.len), prefix))
		return eg_span(type.ptr + prefix.len, type.len - prefix.len);
	return type;
}

#endif
