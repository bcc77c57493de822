/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decoder and claims of a JWT. Input: u8 make, u8 policy, u16 clock, and the token; or (make odd) a
 * header and a payload, which are made into a token.
 */
#include "fuzz_decoded.h"
#include "fuzz_mint.h"

#include "eg_base64url.h"

static struct eg_finding parse(
    struct eg_span text, const struct eg_policy *policy, struct fuzz_decoded *d)
{
	return eg_jwt_parse(text, policy, &d->scratch, &d->token);
}

/* The decoded bytes have this one text alone. */
static void check(struct eg_span text, const struct eg_policy *policy, const struct fuzz_decoded *d)
{
	static uint8_t bytes[FUZZ_TOKEN_MAX];
	static char again[FUZZ_TOKEN_MAX];
	struct eg_span rest = text;

	(void)policy;
	FUZZ_CHECK(d->token.signed_bytes.ptr == text.ptr);
	FUZZ_CHECK(d->token.signed_bytes.len + 87 == text.len);
	for (unsigned segment = 0; segment < 3; segment++) {
		const uint8_t *dot = memchr(rest.ptr, '.', rest.len);
		const size_t len = dot != NULL ? (size_t)(dot - rest.ptr) : rest.len;

		FUZZ_CHECK((dot == NULL) == (segment == 2));
		FUZZ_CHECK(eg_base64url_decode(eg_span(rest.ptr, len), bytes));
		eg_base64url_encode(eg_span(bytes, EG_BASE64URL_DECODED_BYTES(len)), again);
		FUZZ_CHECK(memcmp(again, rest.ptr, len) == 0);
		if (dot != NULL)
			rest = eg_span(dot + 1, rest.len - len - 1);
	}
	FUZZ_CHECK(memcmp(bytes, d->token.signature, sizeof(d->token.signature)) == 0);
}

static bool make_token(struct eg_reader *r, uint8_t make, struct fuzz_token *out)
{
	const struct eg_span header = fuzz_take16(r);

	if (!fuzz_mint_jwt(fuzz_world(), FUZZ_K1, header, eg_span(r->ptr, r->left), out))
		return false;
	if ((make & 2) != 0) /* a signature of another length */
		out->len -= make / 4 % 8;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_format format = {parse, check};
	static struct fuzz_token token;
	struct eg_reader r = eg_reader(eg_span(data, size));
	const uint8_t make = eg_read_u8(&r), policy = eg_read_u8(&r);
	const uint64_t now_s = FUZZ_NOW_S + eg_read_be16(&r) - 32768;
	struct eg_span text = eg_span(r.ptr, r.left);

	if ((make & 1) != 0) {
		if (!make_token(&r, make, &token))
			return 0;
		text = eg_span(token.bytes, token.len);
	}
	if (text.len <= FUZZ_TOKEN_MAX)
		fuzz_try_token(text, &format, &fuzz_world()->policy[policy % FUZZ_POLICIES], now_s);
	return 0;
}
