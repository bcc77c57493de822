/* SPDX-License-Identifier: BSD-3-Clause */
/* CWTs and PASETOs of typical sizes; their signatures are random. */
#include "bench_codec.h"

#include "eg_base64url.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOM            2048u
#define SIGNATURE_BYTES 64u
#define PREFIX          "v4.public."
#define FOOTER          "{\"kid\":\"2026-01\"}"

enum { UINT = 0, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5 };

static struct eg_token_message message;

static struct eg_finding parse_cwt(struct eg_span token, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token *out)
{
	(void)scratch;
	return eg_cwt_parse(token, false, policy, &message, out);
}

static struct eg_finding parse_paseto(struct eg_span token, const struct eg_policy *policy,
    struct eg_token_scratch *scratch, struct eg_token *out)
{
	return eg_paseto_parse(token, policy, scratch, &message, out);
}

static void random_bytes(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)random();
}

static void keep(struct codec_set *set, unsigned n, const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len);

	codec_need(copy != NULL, "memory for a token");
	memcpy(copy, bytes, len);
	set->token[n].text = eg_span(copy, len);
	set->bytes += len;
}

/* ── CWT ── */

static void put_head(struct eg_writer *w, unsigned major, uint64_t n)
{
	if (n < 24) {
		eg_write_u8(w, (uint8_t)(major << 5 | n));
	} else if (n <= UINT8_MAX) {
		eg_write_u8(w, (uint8_t)(major << 5 | 24));
		eg_write_u8(w, (uint8_t)n);
	} else if (n <= UINT16_MAX) {
		eg_write_u8(w, (uint8_t)(major << 5 | 25));
		eg_write_be16(w, (uint16_t)n);
	} else {
		eg_write_u8(w, (uint8_t)(major << 5 | 26));
		eg_write_be32(w, (uint32_t)n);
	}
}

static void put_string(struct eg_writer *w, unsigned major, const void *bytes, size_t len)
{
	put_head(w, major, len);
	eg_write_bytes(w, eg_span(bytes, len));
}

static void put_claim_text(struct eg_writer *w, unsigned key, const char *text)
{
	put_head(w, UINT, key);
	put_string(w, TEXT, text, strlen(text));
}

static void put_claim_time(struct eg_writer *w, unsigned key, uint64_t time_s)
{
	put_head(w, UINT, key);
	put_head(w, UINT, time_s);
}

/* iss, sub, aud, exp, nbf, iat, cti, and with_status a status list. */
static size_t cwt_claims(uint8_t *out, unsigned n, unsigned fill, bool with_status)
{
	struct eg_writer w = eg_writer(out, ROOM);
	uint8_t cti[16];
	char sub[512];

	(void)snprintf(sub, sizeof(sub), "%0*u", (int)fill, n);
	random_bytes(cti, sizeof(cti));
	put_head(&w, MAP, with_status ? 8 : 7);
	put_claim_text(&w, 1, CODEC_ISSUER);
	put_claim_text(&w, 2, sub);
	put_claim_text(&w, 3, CODEC_AUDIENCE);
	put_claim_time(&w, 4, CODEC_NOW_S + 3600 + n);
	put_claim_time(&w, 5, CODEC_NOW_S - n);
	put_claim_time(&w, 6, CODEC_NOW_S - n);
	put_head(&w, UINT, 7);
	put_string(&w, BYTES, cti, sizeof(cti));
	if (with_status) {
		put_head(&w, UINT, 65535);
		put_head(&w, MAP, 1);
		put_string(&w, TEXT, "status_list", 11);
		put_head(&w, MAP, 2);
		put_string(&w, TEXT, "idx", 3);
		put_head(&w, UINT, n * 977 + 3);
		put_string(&w, TEXT, "uri", 3);
		put_string(&w, TEXT, "https://issuer.test/lists/7", 27);
	}
	return ROOM - w.left;
}

static size_t write_cwt(uint8_t *out, unsigned n, unsigned fill, bool with_status)
{
	struct eg_writer w = eg_writer(out, ROOM);
	uint8_t payload[ROOM], signature[SIGNATURE_BYTES];
	const size_t len = cwt_claims(payload, n, fill, with_status);

	random_bytes(signature, sizeof(signature));
	eg_write_bytes(&w, eg_span("\xd2\x84\x43\xa1\x01\x27\xa1\x04", 8));
	put_string(&w, BYTES, "2026-01", 7);
	put_string(&w, BYTES, payload, len);
	put_string(&w, BYTES, signature, sizeof(signature));
	return ROOM - w.left;
}

static void add_cwt(struct codec_set *set, unsigned n, size_t bytes)
{
	uint8_t out[ROOM];
	size_t len = 0;

	for (unsigned fill = 4; len < bytes; fill++) {
		srandom(n);
		len = write_cwt(out, n, fill, bytes > 300);
	}
	keep(set, n, out, len);
}

/* ── PASETO ── */

static size_t paseto_claims(char *out, unsigned n, unsigned fill)
{
	return (size_t)snprintf(out, ROOM,
	    "{\"iss\":\"" CODEC_ISSUER "\",\"aud\":\"api\",\"sub\":\"5ba552d67-%04u\","
	    "\"exp\":\"2027-01-15T09:%02u:00+00:00\",\"iat\":\"2027-01-15T07:%02u:00+00:00\","
	    "\"nbf\":\"2027-01-15T07:%02u:00+00:00\",\"client_id\":\"s6BhdRkqt3\","
	    "\"jti\":\"dbe39bf3a3ba4238a513f51d6e1691c4-%04u\",\"scope\":\"openid %0*u\"}",
	    n, n % 60, n % 60, n % 60, n, (int)fill, n);
}

static size_t write_paseto(char *out, unsigned n, unsigned fill)
{
	char body[ROOM];
	const size_t len = paseto_claims(body, n, fill);
	size_t at = sizeof(PREFIX) - 1;

	random_bytes((uint8_t *)body + len, SIGNATURE_BYTES);
	memcpy(out, PREFIX, at);
	eg_base64url_encode(eg_span(body, len + SIGNATURE_BYTES), out + at);
	at += EG_BASE64URL_ENCODED_BYTES(len + SIGNATURE_BYTES);
	out[at++] = '.';
	eg_base64url_encode(eg_span_str(FOOTER), out + at);
	return at + EG_BASE64URL_ENCODED_BYTES(sizeof(FOOTER) - 1);
}

static void add_paseto(struct codec_set *set, unsigned n, size_t bytes)
{
	char out[2 * ROOM];
	size_t len = 0;

	for (unsigned fill = 4; len < bytes; fill++) {
		srandom(n);
		len = write_paseto(out, n, fill);
	}
	keep(set, n, out, len);
}

static const struct {
	const char *name;
	codec_parse_fn *parse;
	void (*add)(struct codec_set *set, unsigned n, size_t bytes);
	size_t bytes;
} formats[] = {
    {"CWT 255", parse_cwt, add_cwt, 255},
    {"CWT 326, status list", parse_cwt, add_cwt, 326},
    {"PASETO 596", parse_paseto, add_paseto, 596},
};

struct codec_set *codec_format_set(unsigned i)
{
	struct codec_set *set;

	if (i >= sizeof(formats) / sizeof(formats[0]))
		return NULL;
	set = calloc(1, sizeof(*set));
	codec_need(set != NULL, "memory for tokens");
	set->name = formats[i].name;
	set->parse = formats[i].parse;
	for (unsigned n = 0; n < CODEC_TOKENS; n++)
		formats[i].add(set, n, formats[i].bytes);
	return set;
}
