/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * S5 for the formats whose claims are JSON: a payload to the views of struct eg_token. The document
 * is walked once; what it says is then judged member by member in the order of decision 0005.
 * Internal. Threads: [worker]; no allocation.
 */
#ifndef EG_CLAIMS_JSON_H
#define EG_CLAIMS_JSON_H

#include "eg_json.h"
#include "eg_token.h"

/* Wherein formats differ. */
struct eg_claims_format {
	/* A time's floor and ceiling; false where it is none. The arena is for unescaping. */
	bool (*read_time)(const struct eg_json_value *value, struct eg_json_arena *arena,
	    int64_t *floor_s, int64_t *ceil_s);
	bool aud_may_be_array;
};

/* S5. On EG_OK the claims are in `out`, which the caller has cleared; else the detail names the
 * member, or EG_DETAIL_PAYLOAD where the payload is no strict JSON object. */
struct eg_finding eg_claims_from_json(struct eg_span payload, const struct eg_claims_format *format,
    struct eg_json_arena *arena, struct eg_token *out);

/* A string, unescaped. */
static inline bool eg_claims_string(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_span *out)
{
	if (value->type != EG_JSON_STRING)
		return false;
	*out = eg_json_string(value, arena);
	return true;
}

/* A string that others may handle as a C string: no NUL in it (raw, JSON has none). */
static inline bool eg_claims_name(
    const struct eg_json_value *value, struct eg_json_arena *arena, struct eg_span *out)
{
	return eg_claims_string(value, arena, out) &&
	       (!value->escaped || memchr(out->ptr, 0, out->len) == NULL);
}

#endif
