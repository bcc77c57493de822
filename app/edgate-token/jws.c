/* SPDX-License-Identifier: BSD-3-Clause */
#include "token.h"
#include "eg_base64url.h"

#include <stdlib.h>

static char *append(char *at, struct eg_span data)
{
	eg_base64url_encode(data, at);
	return at + EG_BASE64URL_ENCODED_BYTES(data.len);
}

char *token_join(struct eg_span header, struct eg_span payload, struct eg_span signature)
{
	char *token = malloc(EG_BASE64URL_ENCODED_BYTES(header.len) +
	                     EG_BASE64URL_ENCODED_BYTES(payload.len) +
	                     EG_BASE64URL_ENCODED_BYTES(signature.len) + 3);
	char *at = token;

	if (token == NULL)
		return NULL;
	at = append(at, header);
	*at++ = '.';
	at = append(at, payload);
	*at++ = '.';
	at = append(at, signature);
	*at = '\0';
	return token;
}

char *token_sign_text(const struct token_key *key, struct eg_span header, struct eg_span payload)
{
	uint8_t signature[crypto_sign_BYTES];
	char *unsigned_token = token_join(header, payload, eg_span("", 0));
	size_t len;
	char *token;

	if (unsigned_token == NULL)
		return NULL;
	len = strlen(unsigned_token) - 1; /* the last dot is not signed */
	(void)crypto_sign_detached(
	    signature, NULL, (const uint8_t *)unsigned_token, len, key->secret);
	token = token_join(header, payload, eg_span(signature, sizeof(signature)));
	free(unsigned_token);
	return token;
}

char *token_sign(const struct token_key *key, const json_t *header, const json_t *payload)
{
	char *header_text = json_dumps(header, JSON_COMPACT);
	char *payload_text = json_dumps(payload, JSON_COMPACT);
	json_malloc_t unused;
	json_free_t free_text;
	char *token = NULL;

	json_get_alloc_funcs(&unused, &free_text);
	if (header_text != NULL && payload_text != NULL)
		token = token_sign_text(key, eg_span_str(header_text), eg_span_str(payload_text));
	free_text(header_text);
	free_text(payload_text);
	return token;
}
