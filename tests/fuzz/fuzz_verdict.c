/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One token, S1–S9, through the pipeline. Input: u8 make, u8 policy, u8 flags, then a token as it
 * is; or what becomes one: the world signs what the fuzzer wrote, so that the rules behind the
 * signature are reached.
 *
 *   make bits 0–2   as it is | header and payload signed by k1, k2, old, late | signed and damaged
 *                   | a CWT | a PASETO
 */
#include "fuzz_mint.h"

#include "eg_token.h"

enum make { MAKE_RAW, MAKE_K1, MAKE_K2, MAKE_OLD, MAKE_LATE, MAKE_DAMAGED, MAKE_CWT, MAKE_PASETO };

struct asked {
	struct eg_egt_answer answer;
	unsigned cnt;
};

static void answered(void *ctx, const struct eg_packet *pkt, const struct fuzz_lent *lent)
{
	struct asked *asked = ctx;
	struct eg_egt_response resp;

	(void)lent;
	FUZZ_CHECK(eg_egt_parse_response(eg_span(pkt->data, pkt->len), &resp) == 0);
	FUZZ_CHECK(resp.count == 1 && resp.type == EG_EGT_VERIFY_R);
	asked->answer = eg_egt_answer_at(&resp, 0);
	asked->cnt++;
}

static struct eg_egt_answer ask(
    struct eg_span token, uint32_t policy_id, uint8_t fmt, uint8_t flags, size_t shift)
{
	static uint8_t frame[EG_EGT_DATAGRAM_MAX];
	const struct eg_egt_record record = {.fmt = fmt, .policy_id = policy_id, .token = token};
	struct eg_writer w = eg_writer(frame, sizeof(frame));
	struct fuzz_world *world = fuzz_world();
	struct asked asked = {.cnt = 0};
	size_t len;

	eg_egt_begin_request(&w, EG_EGT_VERIFY, flags, 1, 1, 0);
	eg_egt_put_record(&w, &record);
	len = eg_egt_finish_request(&w, frame, 1);
	FUZZ_CHECK(len != 0);
	world->answered = answered;
	world->ctx = &asked;
	fuzz_world_start(world, &(struct fuzz_setup){.lanes = 1, .sampled = shift != 0});
	fuzz_world_deliver(world, eg_span(frame, len), EG_PACKET_DATAGRAM, 0, shift);
	fuzz_world_turn(world, UINT32_MAX);
	fuzz_world_stop(world);
	FUZZ_CHECK(asked.cnt == 1);
	return asked.answer;
}

static bool is_after_signature(enum eg_verdict status)
{
	return status == EG_OK || status == EG_REVOKED || status == EG_SUSPENDED ||
	       status == EG_STATUS_UNKNOWN || status == EG_BAD_SIGNATURE;
}

static bool is_claims_verdict(enum eg_verdict status)
{
	return status == EG_EXPIRED || status == EG_NOT_YET_VALID ||
	       status == EG_ISSUED_IN_FUTURE || status == EG_NO_EXP || status == EG_TOO_OLD ||
	       status == EG_BAD_AUD || status == EG_CNF_REFUSED;
}

static void check_answer(struct eg_span token, const struct eg_egt_answer *a, bool strict)
{
	const bool checked = (a->rflags & (EG_RFLAG_SIG_CHECKED | EG_RFLAG_CACHED)) != 0;
	const bool revoked = a->status == EG_REVOKED;

	FUZZ_CHECK(eg_verdict_name(a->status) != NULL && eg_detail_name(a->detail) != NULL);
	if (is_claims_verdict(a->status))
		FUZZ_CHECK(checked == strict);
	else
		FUZZ_CHECK(checked == is_after_signature(a->status));
	if (checked && a->status != EG_BAD_SIGNATURE)
		FUZZ_CHECK(fuzz_is_minted(fuzz_world(), token));
	FUZZ_CHECK(a->status == EG_OK || a->cache_for == 0);
	FUZZ_CHECK(revoked || a->detail == EG_DETAIL_NONE || a->status == EG_MALFORMED ||
	           a->status == EG_NO_EXP);
	FUZZ_CHECK(!revoked || (a->detail >= EG_DETAIL_KEY && a->detail <= EG_DETAIL_LIST));
	fuzz_mark(eg_verdict_name(a->status), eg_detail_name(a->detail));
	if (a->rflags & EG_RFLAG_LIST_STALE)
		fuzz_mark("flag", "LIST_STALE");
	if (a->rflags & EG_RFLAG_STATE_STALE)
		fuzz_mark("flag", "STATE_STALE");
	if (a->rflags & EG_RFLAG_CNF_PRESENT)
		fuzz_mark("flag", "CNF_PRESENT");
	if (a->cache_for != 0)
		fuzz_mark("flag", "cache_for");
}

static bool same(const struct eg_egt_answer *a, const struct eg_egt_answer *b)
{
	return a->status == b->status && a->detail == b->detail && a->rflags == b->rflags &&
	       a->exp == b->exp && a->cache_for == b->cache_for;
}

static bool make_cwt(struct eg_reader *r, uint8_t make, struct fuzz_token *out)
{
	struct fuzz_cwt parts = {.tags = make >> 3 & 3};

	parts.protected = fuzz_take16(r);
	parts.unprotected = fuzz_take16(r);
	parts.payload = eg_span(r->ptr, r->left);
	return fuzz_mint_cwt(fuzz_world(), make >> 5 & 3, &parts, out);
}

static bool make_paseto(struct eg_reader *r, uint8_t make, struct fuzz_token *out)
{
	const struct eg_span footer = fuzz_take16(r);

	return fuzz_mint_paseto(fuzz_world(), make >> 5 & 3, eg_span(r->ptr, r->left), footer,
	    eg_span_str(make & 8 ? "assertion" : ""), out);
}

static bool make_jwt(struct eg_reader *r, uint8_t make, struct fuzz_token *out)
{
	const enum make how = make % 8;
	const struct eg_span header = fuzz_take16(r);

	if (!fuzz_mint_jwt(fuzz_world(), how == MAKE_DAMAGED ? FUZZ_K1 : how - MAKE_K1, header,
	        eg_span(r->ptr, r->left), out))
		return false;
	if (how == MAKE_DAMAGED) /* another letter in the signature or in front of it */
		out->bytes[out->len - 2 - make / 8] ^= 1;
	return true;
}

static bool make_token(struct eg_reader *r, uint8_t make, struct fuzz_token *out)
{
	switch ((enum make)(make % 8)) {
	case MAKE_RAW:
		out->len = r->left < sizeof(out->bytes) ? r->left : sizeof(out->bytes);
		if (out->len != 0)
			memcpy(out->bytes, r->ptr, out->len);
		return true;
	case MAKE_CWT:
		return make_cwt(r, make, out);
	case MAKE_PASETO:
		return make_paseto(r, make, out);
	default:
		return make_jwt(r, make, out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fuzz_token token;
	struct eg_reader r = eg_reader(eg_span(data, size));
	const uint8_t make = eg_read_u8(&r), policy = eg_read_u8(&r), flags = eg_read_u8(&r);
	const uint32_t policy_id = policy % (FUZZ_POLICIES + 2u);
	const uint8_t fmt = flags >> 6;
	struct eg_egt_answer a, b, strict;
	struct eg_span text;

	if (!make_token(&r, make, &token))
		return 0;
	text = eg_span(token.bytes, token.len);
	a = ask(text, policy_id, fmt, 0, 0);
	b = ask(text, policy_id, fmt, EG_EGT_NO_CACHE | EG_EGT_WANT_CLAIMS, 7);
	strict = ask(text, policy_id, fmt, EG_EGT_STRICT_ORDER, 1);
	FUZZ_CHECK(same(&a, &b));
	check_answer(text, &a, policy_id == FUZZ_STRICT);
	check_answer(text, &strict, true);
	/* the order of the rules says why, never whether */
	FUZZ_CHECK((a.status == EG_OK) == (strict.status == EG_OK));
	FUZZ_CHECK(strict.status == a.status || strict.status == EG_BAD_SIGNATURE ||
	           policy_id == FUZZ_STRICT);
	return 0;
}
