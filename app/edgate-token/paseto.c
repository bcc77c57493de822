/* SPDX-License-Identifier: BSD-3-Clause */
#include "token.h"
#include "eg_base64url.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PIECES 4

static void put_length(struct eg_writer *w, uint64_t n)
{
	for (unsigned i = 0; i < 8; i++)
		eg_write_u8(w, (uint8_t)(n >> 8 * i));
}

uint8_t *token_paseto_message(
    struct eg_span payload, struct eg_span footer, struct eg_span implicit, size_t *len)
{
	const struct eg_span pieces[PIECES] = {
	    eg_span_str(TOKEN_PASETO_PREFIX), payload, footer, implicit};
	size_t room = 8;
	struct eg_writer w;
	uint8_t *out;

	for (unsigned i = 0; i < PIECES; i++)
		room += 8 + pieces[i].len;
	out = malloc(room);
	if (out == NULL)
		return NULL;
	w = eg_writer(out, room);
	put_length(&w, PIECES);
	for (unsigned i = 0; i < PIECES; i++) {
		put_length(&w, pieces[i].len);
		eg_write_bytes(&w, pieces[i]);
	}
	*len = room;
	return out;
}

static char *append(char *at, struct eg_span data)
{
	eg_base64url_encode(data, at);
	return at + EG_BASE64URL_ENCODED_BYTES(data.len);
}

/* The prefix, the body and the footer where there is one. */
static char *join(struct eg_span body, struct eg_span footer)
{
	char *token = malloc(sizeof(TOKEN_PASETO_PREFIX) + EG_BASE64URL_ENCODED_BYTES(body.len) +
	                     1 + EG_BASE64URL_ENCODED_BYTES(footer.len));
	char *at = token;

	if (token == NULL)
		return NULL;
	memcpy(at, TOKEN_PASETO_PREFIX, strlen(TOKEN_PASETO_PREFIX));
	at = append(at + strlen(TOKEN_PASETO_PREFIX), body);
	if (footer.len != 0) {
		*at++ = '.';
		at = append(at, footer);
	}
	*at = '\0';
	return token;
}

static char *sign(const struct token_key *key, struct eg_span payload, struct eg_span footer,
    struct eg_span implicit)
{
	size_t len;
	uint8_t *message = token_paseto_message(payload, footer, implicit, &len);
	uint8_t *body = malloc(payload.len + crypto_sign_BYTES);
	char *token = NULL;

	if (message != NULL && body != NULL) {
		memcpy(body, payload.ptr, payload.len);
		(void)crypto_sign_detached(body + payload.len, NULL, message, len, key->secret);
		token = join(eg_span(body, payload.len + crypto_sign_BYTES), footer);
	}
	free(message);
	free(body);
	return token;
}

/* A number of seconds as the text that a PASETO has; anything else stays. */
static void set_time_text(json_t *claims, const char *name)
{
	const json_t *value = json_object_get(claims, name);
	time_t t = (time_t)json_integer_value(value);
	struct tm tm;
	char text[64];

	if (!json_is_integer(value) || gmtime_r(&t, &tm) == NULL)
		return;
	(void)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
	    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	(void)json_object_set_new(claims, name, json_string(text));
}

char *token_sign_paseto(const struct token_key *key, const json_t *footer, const json_t *claims,
    struct eg_span implicit)
{
	json_t *own = json_deep_copy(claims);
	char *footer_text, *payload, *token = NULL;
	json_malloc_t unused;
	json_free_t free_text;

	set_time_text(own, "exp");
	set_time_text(own, "nbf");
	set_time_text(own, "iat");
	payload = json_dumps(own, JSON_COMPACT);
	footer_text = json_dumps(footer, JSON_COMPACT);
	if (payload != NULL && footer_text != NULL)
		token = sign(key, eg_span_str(payload),
		    eg_span(footer_text, json_object_size(footer) != 0 ? strlen(footer_text) : 0),
		    implicit);
	json_get_alloc_funcs(&unused, &free_text);
	free_text(payload);
	free_text(footer_text);
	json_decref(own);
	return token;
}
