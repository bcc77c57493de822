/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decoder and claims of a CWT. Input: u8 make, u8 policy, u16 clock, and the token; or (make odd)
 * protected header, unprotected map and payload, which are made into a token.
 *
 *   make bit 0  made here   bits 1–2  its tags   bit 3  the sender said CWT   bits 4–6  signature
 * cut
 */
#include "fuzz_decoded.h"
#include "fuzz_mint.h"

static bool is_told;

static struct eg_finding parse(
    struct eg_span text, const struct eg_policy *policy, struct fuzz_decoded *d)
{
	return eg_cwt_parse(text, is_told, policy, &d->message, &d->token);
}

/* The message is the one that the minter writes, and the signature ends the token. */
static void check(struct eg_span text, const struct eg_policy *policy, const struct fuzz_decoded *d)
{
	static struct fuzz_token message;

	(void)policy;
	FUZZ_CHECK(fuzz_cwt_message(text, &message));
	FUZZ_CHECK(eg_span_eq(eg_span(message.bytes, message.len), d->token.signed_bytes));
	FUZZ_CHECK(memcmp(text.ptr + text.len - 64, d->token.signature, 64) == 0);
	FUZZ_CHECK(!(d->token.has & (EG_HAS_JTI | EG_HAS_SID)));
}

static bool make_token(struct eg_reader *r, uint8_t make, struct fuzz_token *out)
{
	struct fuzz_cwt parts = {.tags = make >> 1 & 3, .signature_cut = make >> 4 & 7};

	parts.protected = fuzz_take16(r);
	parts.unprotected = fuzz_take16(r);
	parts.payload = eg_span(r->ptr, r->left);
	return fuzz_mint_cwt(fuzz_world(), FUZZ_K1, &parts, out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct fuzz_format format = {parse, check};
	static struct fuzz_token token;
	struct eg_reader r = eg_reader(eg_span(data, size));
	const uint8_t make = eg_read_u8(&r), policy = eg_read_u8(&r);
	const uint64_t now_s = FUZZ_NOW_S + eg_read_be16(&r) - 32768;
	struct eg_span text = eg_span(r.ptr, r.left);

	is_told = (make & 8) != 0;
	if ((make & 1) != 0) {
		if (!make_token(&r, make, &token))
			return 0;
		text = eg_span(token.bytes, token.len);
	}
	if (text.len <= FUZZ_TOKEN_MAX)
		fuzz_try_token(text, &format, &fuzz_world()->policy[policy % FUZZ_POLICIES], now_s);
	return 0;
}
