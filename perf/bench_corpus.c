/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench.h"

#include "eg_base64url.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define TOKEN_ROOM     1024u
#define MINIMAL_BYTES  213u
#define RFC9068_BYTES  570u
#define SIGNATURE_TEXT EG_BASE64URL_ENCODED_BYTES(EG_ED25519_SIGNATURE_BYTES)

struct text {
	char bytes[TOKEN_ROOM];
	size_t len;
};

static void append(struct text *text, struct eg_span data)
{
	size_t len = EG_BASE64URL_ENCODED_BYTES(data.len);

	bench_need(text->len + len < sizeof(text->bytes), "a token of that size");
	eg_base64url_encode(data, text->bytes + text->len);
	text->len += len;
}

/* `fill` characters bring a token to its size. */
static void write_claims(
    char *buf, enum bench_size size, struct eg_span iss, unsigned n, unsigned fill)
{
	if (size == BENCH_MINIMAL)
		(void)snprintf(buf, TOKEN_ROOM,
		    "{\"iss\":\"%.*s\",\"aud\":\"api\",\"exp\":%llu,\"sub\":\"%0*u\"}",
		    (int)iss.len, (const char *)iss.ptr, BENCH_NOW_S + 3600, (int)fill, n);
	else
		(void)snprintf(buf, TOKEN_ROOM,
		    "{\"iss\":\"%.*s\",\"aud\":\"api\",\"exp\":%llu,\"sub\":\"5ba552d67-%04u\","
		    "\"client_id\":\"s6BhdRkqt3\",\"iat\":%llu,\"nbf\":%llu,\"auth_time\":%llu,"
		    "\"jti\":\"dbe39bf3a3ba4238a513f51d6e1691c4-%04u\","
		    "\"scope\":\"openid profile %0*u\"}",
		    (int)iss.len, (const char *)iss.ptr, BENCH_NOW_S + 3600, n, BENCH_NOW_S - 60,
		    BENCH_NOW_S - 60, BENCH_NOW_S - 65, n, (int)fill, 0u);
}

/* The part that is signed, with as much filling as makes the token `bytes` long. */
static void write_signed_part(
    struct text *text, enum bench_size size, struct eg_span iss, unsigned n, size_t bytes)
{
	const char *header = size == BENCH_MINIMAL ? "{\"alg\":\"EdDSA\",\"kid\":\"k\"}"
	                                           : "{\"alg\":\"EdDSA\",\"typ\":\"at+jwt\","
	                                             "\"kid\":\"k\"}";
	char claims[TOKEN_ROOM];

	for (unsigned fill = 4; fill < TOKEN_ROOM / 2; fill++) {
		text->len = 0;
		append(text, eg_span_str(header));
		text->bytes[text->len++] = '.';
		write_claims(claims, size, iss, n, fill);
		append(text, eg_span_str(claims));
		if (text->len + 1 + SIGNATURE_TEXT >= bytes)
			break;
	}
	bench_need(text->len + 1 + SIGNATURE_TEXT == bytes, "a token of exactly that size");
}

static void add_token(struct bench_corpus *corpus, const struct bench_state *state, unsigned n)
{
	unsigned issuer = n % corpus->issuer_cnt;
	uint8_t *at = corpus->text + n * corpus->token_bytes;
	uint8_t *signature = corpus->signature[n];
	struct text text;
	char name[64];

	write_signed_part(&text, corpus->size, bench_issuer_name(issuer, name, sizeof(name)), n,
	    corpus->token_bytes);
	corpus->job[n] = (struct eg_ed25519_job){
	    .key = &state->key[issuer].ed,
	    .msg = at,
	    .sig = signature,
	    .msg_bytes = (uint32_t)text.len,
	};
	(void)crypto_sign_detached(
	    signature, NULL, (const uint8_t *)text.bytes, text.len, state->secret[issuer]);
	text.bytes[text.len++] = '.';
	append(&text, eg_span(signature, EG_ED25519_SIGNATURE_BYTES));
	memcpy(at, text.bytes, corpus->token_bytes);
}

void bench_corpus_init(struct bench_corpus *corpus, const struct bench_state *state,
    enum bench_size size, unsigned issuer_cnt)
{
	corpus->size = size;
	corpus->issuer_cnt = issuer_cnt;
	corpus->token_bytes = size == BENCH_MINIMAL ? MINIMAL_BYTES : RFC9068_BYTES;
	corpus->text = malloc(BENCH_TOKENS * corpus->token_bytes);
	bench_need(corpus->text != NULL, "memory for tokens");
	for (unsigned n = 0; n < BENCH_TOKENS; n++)
		add_token(corpus, state, n);
}

void bench_corpus_free(struct bench_corpus *corpus)
{
	free(corpus->text);
}

struct eg_span bench_corpus_token(const struct bench_corpus *corpus, unsigned i)
{
	return eg_span(corpus->text + i * corpus->token_bytes, corpus->token_bytes);
}
