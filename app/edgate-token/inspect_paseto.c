/* SPDX-License-Identifier: BSD-3-Clause */
#include "token.h"
#include "eg_base64url.h"

#include <stdio.h>
#include <stdlib.h>

/* The body as bytes, to be given to free(); NULL where it is not canonical or shorter than a
 * signature. */
static uint8_t *decode_body(struct eg_span text, size_t *len)
{
	uint8_t *bytes = malloc(text.len + 1);

	*len = EG_BASE64URL_DECODED_BYTES(text.len);
	if (bytes != NULL && (*len < crypto_sign_BYTES || !eg_base64url_decode(text, bytes))) {
		free(bytes);
		bytes = NULL;
	}
	return bytes;
}

static void print_payload(struct eg_span payload)
{
	char *text = malloc(EG_BASE64URL_ENCODED_BYTES(payload.len) + 1);

	if (text != NULL) {
		eg_base64url_encode(payload, text);
		json_decref(token_print_part(
		    "payload", eg_span(text, EG_BASE64URL_ENCODED_BYTES(payload.len))));
	}
	free(text);
}

static int verify(struct eg_span body, struct eg_span footer_text, const json_t *footer,
    const char *path, const char *implicit_assertion)
{
	const struct eg_span payload = eg_span(body.ptr, body.len - crypto_sign_BYTES);
	const json_t *kid = json_object_get(footer, "kid");
	uint8_t *bytes = malloc(footer_text.len + 1);
	size_t len = EG_BASE64URL_DECODED_BYTES(footer_text.len);
	uint8_t *message = NULL;
	int rc = EG_CLI_REFUSED;

	if (bytes != NULL && eg_base64url_decode(footer_text, bytes))
		message = token_paseto_message(payload, eg_span(bytes, len),
		    eg_span_str(implicit_assertion != NULL ? implicit_assertion : ""), &len);
	if (message != NULL)
		rc = token_check_signature(path,
		    eg_span(json_string_value(kid), json_string_length(kid)), eg_span(message, len),
		    eg_span(payload.ptr + payload.len, crypto_sign_BYTES));
	free(message);
	free(bytes);
	return rc;
}

int token_inspect_paseto(struct eg_span token, const char *path, const char *implicit_assertion)
{
	const size_t prefix = strlen(TOKEN_PASETO_PREFIX);
	struct eg_error err = {0};
	struct eg_span text, footer_text = {token.ptr, 0};
	const uint8_t *dot;
	json_t *footer = NULL;
	uint8_t *body;
	size_t len;
	int rc;

	if (token.len < prefix || memcmp(token.ptr, TOKEN_PASETO_PREFIX, prefix) != 0) {
		(void)eg_error_set(
		    &err, EG_EINVAL, "not a v4.public PASETO: there is no other here");
		return eg_cli_refuse(&err);
	}
	text = eg_span(token.ptr + prefix, token.len - prefix);
	dot = memchr(text.ptr, '.', text.len);
	if (dot != NULL) {
		footer_text = eg_span(dot + 1, text.len - (size_t)(dot - text.ptr) - 1);
		text.len = (size_t)(dot - text.ptr);
	}
	body = decode_body(text, &len);
	if (body == NULL) {
		(void)eg_error_set(
		    &err, EG_EINVAL, "the body is not canonical base64url of 64 bytes or more");
		return eg_cli_refuse(&err);
	}
	print_payload(eg_span(body, len - crypto_sign_BYTES));
	if (dot != NULL)
		footer = token_print_part("footer", footer_text);
	rc = verify(eg_span(body, len), footer_text, footer, path, implicit_assertion);
	json_decref(footer);
	free(body);
	return rc;
}
