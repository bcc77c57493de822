/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decoder and claims of a JWT (S1–S5, S7), without a key. Input: u8 make, u8 policy, u16 clock, and
 * the token; or (make odd) a header and a payload, which are made into a token.
 */
#include "fuzz_world.h"

#include "eg_base64url.h"
#include "eg_cpu.h"
#include "eg_token.h"

struct decoded {
	struct eg_finding found, claims;
	struct eg_token token;
	struct eg_token_scratch scratch;
};

static void decode(
    struct eg_span text, const struct eg_policy *policy, uint64_t now_s, struct decoded *d)
{
	memset(&d->token, 0, sizeof(d->token));
	d->claims = eg_finding(EG_VERDICT_NONE, EG_DETAIL_NONE);
	d->found = eg_jwt_parse(text, policy, &d->scratch, &d->token);
	if (d->found.status == EG_OK)
		d->claims = eg_claims_check(&d->token, policy, now_s);
}

static bool is_inside(struct eg_span s, const void *start, size_t len)
{
	const uint8_t *first = start;

	return s.len == 0 || (s.ptr >= first && s.ptr + s.len <= first + len);
}

static void check_view(struct eg_span view, struct eg_span text, const struct decoded *d)
{
	FUZZ_CHECK(is_inside(view, text.ptr, text.len) ||
	           is_inside(view, &d->scratch, sizeof(d->scratch)));
}

static void check_name(struct eg_span name, struct eg_span text, const struct decoded *d)
{
	check_view(name, text, d);
	FUZZ_CHECK(name.len <= EG_TOKEN_STRING_MAX);
	FUZZ_CHECK(name.len == 0 || memchr(name.ptr, 0, name.len) == NULL);
}

/* The decoded bytes have this one text alone. */
static void check_one_text(struct eg_span text, const struct decoded *d)
{
	static uint8_t bytes[FUZZ_TOKEN_MAX];
	static char again[FUZZ_TOKEN_MAX];
	struct eg_span rest = text;

	while (rest.len != 0) {
		const uint8_t *dot = memchr(rest.ptr, '.', rest.len);
		const size_t len = dot != NULL ? (size_t)(dot - rest.ptr) : rest.len;

		FUZZ_CHECK(eg_base64url_decode(eg_span(rest.ptr, len), bytes));
		eg_base64url_encode(eg_span(bytes, EG_BASE64URL_DECODED_BYTES(len)), again);
		FUZZ_CHECK(memcmp(again, rest.ptr, len) == 0);
		if (dot == NULL)
			break;
		rest = eg_span(dot + 1, rest.len - len - 1);
	}
	FUZZ_CHECK(memcmp(bytes, d->token.signature, sizeof(d->token.signature)) == 0);
}

static void check_accepted(struct eg_span text, const struct decoded *d)
{
	const struct eg_token *t = &d->token;

	check_name(t->iss, text, d);
	check_name(t->sub, text, d);
	check_name(t->jti, text, d);
	check_name(t->sid, text, d);
	check_view(t->kid, text, d);
	check_view(t->jkt, text, d);
	check_view(t->status_uri, text, d);
	FUZZ_CHECK(t->aud_cnt <= EG_TOKEN_AUD_MAX);
	for (unsigned i = 0; i < t->aud_cnt; i++)
		check_view(t->aud[i], text, d);
	FUZZ_CHECK(t->iat_floor_s <= t->iat_s);
	FUZZ_CHECK(t->signed_bytes.ptr == text.ptr);
	FUZZ_CHECK(t->signed_bytes.len + 87 == text.len);
	check_one_text(text, d);
}

static void check_same(const struct decoded *a, const struct decoded *b)
{
	const struct eg_token *s = &a->token, *t = &b->token;

	FUZZ_CHECK(a->found.status == b->found.status && a->found.detail == b->found.detail);
	FUZZ_CHECK(a->claims.status == b->claims.status && a->claims.detail == b->claims.detail);
	if (a->found.status != EG_OK)
		return;
	FUZZ_CHECK(s->has == t->has && s->aud_cnt == t->aud_cnt);
	FUZZ_CHECK(eg_span_eq(s->iss, t->iss) && eg_span_eq(s->sub, t->sub));
	FUZZ_CHECK(eg_span_eq(s->jti, t->jti) && eg_span_eq(s->sid, t->sid));
	FUZZ_CHECK(eg_span_eq(s->kid, t->kid) && eg_span_eq(s->jkt, t->jkt));
	FUZZ_CHECK(eg_span_eq(s->status_uri, t->status_uri) && s->status_idx == t->status_idx);
	for (unsigned i = 0; i < s->aud_cnt; i++)
		FUZZ_CHECK(eg_span_eq(s->aud[i], t->aud[i]));
	FUZZ_CHECK(s->exp_s == t->exp_s && s->nbf_s == t->nbf_s && s->iat_s == t->iat_s);
	FUZZ_CHECK(memcmp(s->signature, t->signature, sizeof(s->signature)) == 0);
}

/* What is past stays past, and what is not yet valid was not before. */
static void check_times(const struct decoded *d, const struct eg_policy *policy, uint64_t now_s)
{
	const enum eg_verdict now = d->claims.status;
	const enum eg_verdict later = eg_claims_check(&d->token, policy, now_s + 1).status;

	if (now == EG_EXPIRED)
		FUZZ_CHECK(later == EG_EXPIRED);
	if (now == EG_OK)
		FUZZ_CHECK(later == EG_OK || later == EG_EXPIRED || later == EG_TOO_OLD);
	if (now == EG_OK && (d->token.has & EG_HAS_EXP))
		FUZZ_CHECK((int64_t)now_s < d->token.exp_s + policy->skew_s);
	if (now == EG_OK && (d->token.has & EG_HAS_NBF))
		FUZZ_CHECK((int64_t)now_s + policy->skew_s >= d->token.nbf_s);
	if (now == EG_OK && !(d->token.has & EG_HAS_EXP))
		FUZZ_CHECK(policy->exp_optional);
}

/* The order of the rules is fixed: a policy can only change what it speaks of. */
static void check_other_policy(struct eg_span text, const struct decoded *d, uint64_t now_s)
{
	static struct decoded other;
	const struct fuzz_world *w = fuzz_world();

	decode(text, &w->policy[FUZZ_DEFAULT - 1], now_s, &other);
	if (d->found.status == EG_BAD_TYP || other.found.status == EG_BAD_TYP)
		return;
	FUZZ_CHECK(other.found.status == d->found.status ||
	           text.len > w->policy[FUZZ_SHORT - 1].max_token_bytes);
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

static void try_token(struct eg_span text, const struct eg_policy *policy, uint64_t now_s)
{
	static struct decoded first, other;
	struct fuzz_copy reference = fuzz_copy(text, 0);
	unsigned variant = 0;

	eg_cpu_limit(0);
	decode(reference.span, policy, now_s, &first);
	fuzz_mark(eg_verdict_name(first.found.status), eg_detail_name(first.found.detail));
	if (first.found.status == EG_OK)
		fuzz_mark("claims", eg_verdict_name(first.claims.status));
	while (fuzz_next_cpu(&variant)) {
		struct fuzz_copy copy = fuzz_copy(text, variant);

		memset(&other.scratch, 0x5a, sizeof(other.scratch));
		decode(copy.span, policy, now_s, &other);
		check_same(&first, &other);
		if (other.found.status == EG_OK)
			check_accepted(copy.span, &other);
		fuzz_copy_free(&copy);
	}
	if (first.found.status == EG_OK)
		check_times(&first, policy, now_s);
	check_other_policy(reference.span, &first, now_s);
	fuzz_copy_free(&reference);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
		try_token(text, &fuzz_world()->policy[policy % FUZZ_POLICIES], now_s);
	return 0;
}
