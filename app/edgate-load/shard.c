/* SPDX-License-Identifier: BSD-3-Clause */
#include "shard.h"

#include "eg_base64url.h"
#include "eg_egt.h"
#include "eg_shard.h"

#include <jansson.h>

#define PAYLOAD_BYTES_MAX 4096u

/* The payload of what may be a JWT; NULL for anything else. */
static json_t *payload_of(struct eg_span token)
{
	uint8_t json[PAYLOAD_BYTES_MAX];
	const uint8_t *end = token.ptr + token.len, *from, *to;
	struct eg_span text;

	from = token.len != 0 ? memchr(token.ptr, '.', token.len) : NULL;
	if (from == NULL)
		return NULL;
	from++;
	to = memchr(from, '.', (size_t)(end - from));
	if (to == NULL)
		return NULL;
	text = eg_span(from, (size_t)(to - from));
	if (EG_BASE64URL_DECODED_BYTES(text.len) > sizeof(json) || !eg_base64url_decode(text, json))
		return NULL;
	return json_loadb((const char *)json, EG_BASE64URL_DECODED_BYTES(text.len), 0, NULL);
}

unsigned load_shard_of(struct eg_span token, uint8_t fmt, unsigned list_bits)
{
	unsigned shard = eg_shard_of_token(token);
	json_t *payload = fmt != EG_FMT_CWT ? payload_of(token) : NULL;
	const char *uri;
	json_int_t idx;

	if (payload != NULL && json_unpack(payload, "{s:{s:{s:I,s:s}}}", "status", "status_list",
	                           "idx", &idx, "uri", &uri) == 0)
		shard = eg_shard_of_block(eg_crc32c(eg_span_str(uri)),
		    (uint32_t)((uint64_t)idx * list_bits / EG_SHARD_BLOCK_BITS));
	json_decref(payload);
	return shard;
}
