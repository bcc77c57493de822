/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decoder and claims of a PASETO v4.public. Input: u8 make, u8 policy, u16 clock, and the token; or
 * (make odd) a footer and a payload, which are made into a token.
 */
#include "fuzz_decoded.h"
#include "fuzz_mint.h"

static struct eg_finding parse(
    struct eg_span text, const struct eg_policy *policy, struct fuzz_decoded *d)
{
	return eg_paseto_parse(text, policy, &d->scratch, &d->message, &d->token);
}

/* The message is the one that the minter writes. */
static void check(struct eg_span text, const struct eg_policy *policy, const struct fuzz_decoded *d)
{
	static struct fuzz_token message;
	uint8_t signature[64];

	FUZZ_CHECK(fuzz_paseto_message(
	    text, eg_policy_span(&policy->implicit_assertion), &message, signature));
	FUZZ_CHECK(eg_span_eq(eg_span(message.bytes, message.len), d->token.signed_bytes));
	FUZZ_CHECK(memcmp(signature, d->token.signature, sizeof(signature)) == 0);
	FUZZ_CHECK(d->token.aud_cnt <= 1 && !(d->token.has & (EG_HAS_CTI | EG_HAS_TYP)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_format format = {parse, check};
	static struct fuzz_token token;
	struct eg_reader r = eg_reader(eg_span(data, size));
	const uint8_t make = eg_read_u8(&r), policy = eg_read_u8(&r);
	const uint64_t now_s = FUZZ_NOW_S + eg_read_be16(&r) - 32768;
	struct eg_span text = eg_span(r.ptr, r.left), footer;

	if ((make & 1) != 0) {
		footer = fuzz_take16(&r);
		if (!fuzz_mint_paseto(fuzz_world(), FUZZ_K1, eg_span(r.ptr, r.left), footer,
		        eg_span_str(""), &token))
			return 0;
		token.len -= make / 2 % 8 < token.len ? make / 2 % 8 : 0;
		text = eg_span(token.bytes, token.len);
	}
	if (text.len <= FUZZ_TOKEN_MAX)
		fuzz_try_token(text, &format, &fuzz_world()->policy[policy % FUZZ_POLICIES], now_s);
	return 0;
}
