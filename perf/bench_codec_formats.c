/* SPDX-License-Identifier: BSD-3-Clause */
/* CWTs and PASETOs, of typical sizes and of 4 KiB with what is dear; their signatures are random.
 */
#include "bench_codec.h"

#include "eg_base64url.h"

#include <stdio.h>
#include <stdlib.h>

#define ROOM            CODEC_TOKEN_ROOM
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

static size_t wrap_cwt(uint8_t *out, const uint8_t *payload, size_t len)
{
	struct eg_writer w = eg_writer(out, ROOM);
	uint8_t signature[SIGNATURE_BYTES];

	random_bytes(signature, sizeof(signature));
	eg_write_bytes(&w, eg_span("\xd2\x84\x43\xa1\x01\x27\xa1\x04", 8));
	put_string(&w, BYTES, "2026-01", 7);
	put_string(&w, BYTES, payload, len);
	put_string(&w, BYTES, signature, sizeof(signature));
	return ROOM - w.left;
}

static size_t write_cwt(uint8_t *out, unsigned n, unsigned fill, bool with_status)
{
	uint8_t payload[ROOM];

	return wrap_cwt(out, payload, cwt_claims(payload, n, fill, with_status));
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

/* What fills the map of an unread claim of a CWT, or an array of it; and what is in 120 claims. */
enum cwt_shape {
	CWT_KEYS,
	CWT_ALIKE_KEYS,
	CWT_CLAIMS,
	CWT_ALIKE_CLAIMS,
	CWT_BYTES, /* from here on pieces, in an array */
	CWT_MIXED,
	CWT_NESTED,
	CWT_MAPS,
	CWT_ANY_MAPS,
	CWT_LATIN,
	CWT_LONG_LATIN,
	CWT_INT_CLAIMS, /* and in claims */
	CWT_EMPTY_CLAIMS,
	CWT_ARRAY_CLAIMS,
};

#define CWT_CLAIMS_BYTES 3968u
#define CWT_PAIRS        120u
#define PIECES           8u

struct piece {
	const char *bytes;
	uint8_t len;
	uint8_t pairs; /* of maps */
};

#define ITEM(text)                                                                                 \
	{                                                                                          \
		text, sizeof(text) - 1, 0                                                          \
	}
#define PAIRS(cnt, text)                                                                           \
	{                                                                                          \
		text, sizeof(text) - 1, cnt                                                        \
	}
#define NESTED ITEM("\x80"), ITEM("\x81\x80"), ITEM("\x01"), ITEM("\x41z"), ITEM("\x82\x01\x02")

/* What is taken at random; and maps, every so many times, while there may be more pairs. */
static const struct {
	struct piece items[PIECES], maps[PIECES];
	unsigned every;
} cwt_pieces[] = {
    [CWT_BYTES] = {.items = {ITEM("\x41z")}},
    [CWT_MIXED] = {.items = {ITEM("\x01"), ITEM("\x40"), ITEM("\x61z"), ITEM("\xf6"),
                       ITEM("\x18\x80"), ITEM("\x38\x80"), ITEM("\xf9\x3c\x01"), ITEM("\xc1\x01")}},
    [CWT_NESTED] = {.items = {NESTED}},
    [CWT_MAPS] = {.items = {NESTED}, .maps = {PAIRS(1, "\xa1\x01\x01")}, .every = 8},
    [CWT_ANY_MAPS] = {.items = {NESTED},
        .maps = {PAIRS(1, "\xa1\x01\x01"), PAIRS(2, "\xa2\x01\x01\x20\x20"),
            PAIRS(1, "\xa1\x61z\x41z"), PAIRS(1, "\xa1\x18\x80\x80"),
            PAIRS(2, "\xa1\x01\xa1\x01\x01"), PAIRS(0, "\x80"), PAIRS(0, "\x01")},
        .every = 4},
    [CWT_LATIN] = {.items = {ITEM("\x62\xc3\xa9"), ITEM("\x80")}},
    [CWT_LONG_LATIN] = {.items = {ITEM("\x67\xc3\xa9\xc3\xa9\xc3\xa9z"), ITEM("\x80")}},
    [CWT_INT_CLAIMS] = {.items = {ITEM("\x01")}},
    [CWT_EMPTY_CLAIMS] = {.items = {ITEM("\x80")}},
    [CWT_ARRAY_CLAIMS] = {.items = {NESTED}},
};

static const struct piece *put_piece(struct eg_writer *w, const struct piece pieces[PIECES])
{
	const struct piece *piece;
	unsigned cnt = 0;

	while (cnt < PIECES && pieces[cnt].bytes != NULL)
		cnt++;
	piece = &pieces[(unsigned)random() % cnt];
	eg_write_bytes(w, eg_span(piece->bytes, piece->len));
	return piece;
}

static void put_pairs(struct eg_writer *w, const char *format, unsigned value_bytes)
{
	char text[64];

	for (unsigned i = 0; i < CWT_PAIRS; i++) {
		(void)snprintf(text, sizeof(text), format, i * 7919u % 1000u);
		put_string(w, TEXT, text, strlen(text));
		memset(text, 'v', sizeof(text));
		put_string(w, BYTES, text, value_bytes);
	}
}

static void put_items(struct eg_writer *w, enum cwt_shape shape)
{
	const unsigned every = cwt_pieces[shape].every;
	struct eg_writer head = *w;
	unsigned cnt = 0, pairs = 0;

	eg_write_bytes(w, eg_span("\x99\x00\x00", 3));
	for (; w->left > ROOM - CWT_CLAIMS_BYTES; cnt++) {
		const bool is_map = every != 0 && cnt % every == 0 && pairs < CWT_PAIRS;

		pairs +=
		    put_piece(w, is_map ? cwt_pieces[shape].maps : cwt_pieces[shape].items)->pairs;
	}
	eg_write_u8(&head, ARRAY << 5 | 25);
	eg_write_be16(&head, (uint16_t)cnt);
}

static void put_piece_claims(struct eg_writer *w, enum cwt_shape shape)
{
	for (unsigned i = 0; i < CWT_PAIRS; i++) {
		put_head(w, UINT, 100 + i);
		(void)put_piece(w, cwt_pieces[shape].items);
	}
}

static size_t cwt_shape_claims(uint8_t *out, enum cwt_shape shape)
{
	struct eg_writer w = eg_writer(out, ROOM);

	const bool in_claims =
	    shape == CWT_CLAIMS || shape == CWT_ALIKE_CLAIMS || shape >= CWT_INT_CLAIMS;
	const bool is_short = shape == CWT_KEYS || shape == CWT_CLAIMS;

	put_head(&w, MAP, in_claims ? 3 + CWT_PAIRS : 4);
	put_claim_text(&w, 1, CODEC_ISSUER);
	put_claim_text(&w, 3, CODEC_AUDIENCE);
	put_claim_time(&w, 4, CODEC_NOW_S + 3600);
	if (!in_claims)
		put_head(&w, UINT, 100);
	if (shape == CWT_KEYS || shape == CWT_ALIKE_KEYS)
		put_head(&w, MAP, CWT_PAIRS);
	if (shape < CWT_BYTES)
		put_pairs(
		    &w, is_short ? "%03u" : "alike_at_start_%03u_alike_end", is_short ? 26 : 0);
	else if (in_claims)
		put_piece_claims(&w, shape);
	else
		put_items(&w, shape);
	return ROOM - w.left;
}

static void add_cwt_shape(struct codec_set *set, unsigned n, size_t shape)
{
	uint8_t payload[ROOM], out[ROOM];
	size_t len;

	srandom(n);
	len = cwt_shape_claims(payload, (enum cwt_shape)shape);
	keep(set, n, out, wrap_cwt(out, payload, len));
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

/* The body has room for the signature. */
static size_t wrap_paseto(char *out, char *body, size_t len, const char *footer)
{
	size_t at = sizeof(PREFIX) - 1;

	random_bytes((uint8_t *)body + len, SIGNATURE_BYTES);
	memcpy(out, PREFIX, at);
	eg_base64url_encode(eg_span(body, len + SIGNATURE_BYTES), out + at);
	at += EG_BASE64URL_ENCODED_BYTES(len + SIGNATURE_BYTES);
	out[at++] = '.';
	eg_base64url_encode(eg_span_str(footer), out + at);
	return at + EG_BASE64URL_ENCODED_BYTES(strlen(footer));
}

static size_t write_paseto(char *out, unsigned n, unsigned fill)
{
	char body[ROOM];
	const size_t len = paseto_claims(body, n, fill);

	return wrap_paseto(out, body, len, FOOTER);
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

enum paseto_shape { PASETO_ARRAYS, PASETO_ESCAPES, PASETO_TIMES };

#define PASETO_CLAIMS_BYTES 2550u

/* A footer of nearly a KiB, a payload with 2 KiB of the same. */
static void put_list(char *text, size_t bytes, enum paseto_shape shape)
{
	static const char *const pieces[2][4] = {
	    {",[]", ",[[[]]]", ",{}", ",0"}, {",\"\\n\"", ",\"\\u00e9\"", ",\"\"", ",\"a\""}};

	(void)strcat(text, ",\"x\":[0");
	while (strlen(text) + 16 < bytes)
		(void)strcat(text, pieces[shape == PASETO_ESCAPES][(unsigned)random() % 4]);
	(void)strcat(text, "]}");
}

static void add_paseto_shape(struct codec_set *set, unsigned n, size_t which)
{
	const enum paseto_shape shape = (enum paseto_shape)which;
	char out[2 * ROOM], body[ROOM], footer[ROOM] = "{\"kid\":\"k\"";
	const char *fraction =
	    shape == PASETO_TIMES ? "08:00:00.000000000000000000000000000001Z" : "08:00:00Z";

	srandom(n);
	(void)snprintf(body, sizeof(body),
	    "{\"iss\":\"" CODEC_ISSUER "\",\"aud\":\"api\",\"exp\":\"2027-01-16T%s\","
	    "\"iat\":\"2027-01-14T%s\",\"nbf\":\"2027-01-14T%s\"",
	    fraction, fraction, fraction);
	put_list(body, PASETO_CLAIMS_BYTES - SIGNATURE_BYTES, shape);
	put_list(footer, 400, shape);
	keep(set, n, out, wrap_paseto(out, body, strlen(body), footer));
}

struct format {
	const char *name;
	codec_parse_fn *parse;
	void (*add)(struct codec_set *set, unsigned n, size_t bytes);
	size_t which; /* bytes, or shape */
};

static const struct format formats[] = {
    {"CWT 255", parse_cwt, add_cwt, 255},
    {"CWT 326, status list", parse_cwt, add_cwt, 326},
    {"PASETO 596", parse_paseto, add_paseto, 596},
};

static const struct format format_shapes[] = {
    {"CWT, 120 short names", parse_cwt, add_cwt_shape, CWT_KEYS},
    {"CWT, 120 long names", parse_cwt, add_cwt_shape, CWT_ALIKE_KEYS},
    {"CWT, strings of one byte", parse_cwt, add_cwt_shape, CWT_BYTES},
    {"CWT, any item, at random", parse_cwt, add_cwt_shape, CWT_MIXED},
    {"CWT, arrays, at random", parse_cwt, add_cwt_shape, CWT_NESTED},
    {"CWT, maps among arrays", parse_cwt, add_cwt_shape, CWT_MAPS},
    {"CWT, any maps among arrays", parse_cwt, add_cwt_shape, CWT_ANY_MAPS},
    {"CWT, texts beyond ASCII or []", parse_cwt, add_cwt_shape, CWT_LATIN},
    {"CWT, such texts of 7 bytes or []", parse_cwt, add_cwt_shape, CWT_LONG_LATIN},
    {"CWT, 120 claims 1", parse_cwt, add_cwt_shape, CWT_INT_CLAIMS},
    {"CWT, 120 claims []", parse_cwt, add_cwt_shape, CWT_EMPTY_CLAIMS},
    {"CWT, 120 claims of arrays", parse_cwt, add_cwt_shape, CWT_ARRAY_CLAIMS},
    {"CWT, 120 claims", parse_cwt, add_cwt_shape, CWT_CLAIMS},
    {"CWT, 120 claims of long names", parse_cwt, add_cwt_shape, CWT_ALIKE_CLAIMS},
    {"PASETO, arrays, also in the footer", parse_paseto, add_paseto_shape, PASETO_ARRAYS},
    {"PASETO, escapes, also in the footer", parse_paseto, add_paseto_shape, PASETO_ESCAPES},
    {"PASETO, arrays and long times", parse_paseto, add_paseto_shape, PASETO_TIMES},
};

static struct codec_set *make_set(const struct format *format)
{
	struct codec_set *set = calloc(1, sizeof(*set));

	codec_need(set != NULL, "memory for tokens");
	set->name = format->name;
	set->parse = format->parse;
	for (unsigned n = 0; n < CODEC_TOKENS; n++)
		format->add(set, n, format->which);
	return set;
}

struct codec_set *codec_format_set(unsigned i)
{
	return i < sizeof(formats) / sizeof(formats[0]) ? make_set(&formats[i]) : NULL;
}

struct codec_set *codec_format_shape_set(unsigned i)
{
	const unsigned cnt = sizeof(format_shapes) / sizeof(format_shapes[0]);

	return i < cnt ? make_set(&format_shapes[i]) : NULL;
}
