/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_decoded.h"

#include "eg_cpu.h"

static void decode(struct eg_span text, const struct fuzz_format *format,
    const struct eg_policy *policy, uint64_t now_s, struct fuzz_decoded *d)
{
	d->claims = eg_finding(EG_VERDICT_NONE, EG_DETAIL_NONE);
	d->found = format->parse(text, policy, d);
	if (d->found.status == EG_OK)
		d->claims = eg_claims_check(&d->token, policy, now_s);
}

static bool is_inside(struct eg_span s, const void *start, size_t len)
{
	const uint8_t *first = start;

	return s.len == 0 || (s.ptr >= first && s.ptr + s.len <= first + len);
}

static void check_view(struct eg_span view, struct eg_span text, const struct fuzz_decoded *d)
{
	FUZZ_CHECK(is_inside(view, text.ptr, text.len) ||
	           is_inside(view, &d->scratch, sizeof(d->scratch)) ||
	           is_inside(view, &d->message, sizeof(d->message)));
}

static void check_name(struct eg_span name, struct eg_span text, const struct fuzz_decoded *d)
{
	check_view(name, text, d);
	FUZZ_CHECK(name.len <= EG_TOKEN_STRING_MAX);
	FUZZ_CHECK(name.len == 0 || memchr(name.ptr, 0, name.len) == NULL);
}

static void check_views(struct eg_span text, const struct fuzz_decoded *d)
{
	const struct eg_token *t = &d->token;

	check_name(t->iss, text, d);
	check_name(t->sub, text, d);
	check_name(t->jti, text, d);
	check_name(t->sid, text, d);
	check_view(t->cti, text, d);
	check_view(t->kid, text, d);
	check_view(t->jkt, text, d);
	check_view(t->status_uri, text, d);
	check_view(t->signed_bytes, text, d);
	FUZZ_CHECK(t->cti.len <= EG_TOKEN_STRING_MAX && t->aud_cnt <= EG_TOKEN_AUD_MAX);
	for (unsigned i = 0; i < t->aud_cnt; i++)
		check_view(t->aud[i], text, d);
	FUZZ_CHECK(t->iat_floor_s <= t->iat_s);
}

static void check_same(const struct fuzz_decoded *a, const struct fuzz_decoded *b)
{
	const struct eg_token *s = &a->token, *t = &b->token;

	FUZZ_CHECK(a->found.status == b->found.status && a->found.detail == b->found.detail);
	FUZZ_CHECK(a->claims.status == b->claims.status && a->claims.detail == b->claims.detail);
	if (a->found.status != EG_OK)
		return;
	FUZZ_CHECK(s->has == t->has && s->aud_cnt == t->aud_cnt && s->fmt == t->fmt);
	FUZZ_CHECK(eg_span_eq(s->iss, t->iss) && eg_span_eq(s->sub, t->sub));
	FUZZ_CHECK(eg_span_eq(s->jti, t->jti) && eg_span_eq(s->sid, t->sid));
	FUZZ_CHECK(eg_span_eq(s->kid, t->kid) && eg_span_eq(s->jkt, t->jkt));
	FUZZ_CHECK(eg_span_eq(s->cti, t->cti) && eg_span_eq(s->signed_bytes, t->signed_bytes));
	FUZZ_CHECK(eg_span_eq(s->status_uri, t->status_uri) && s->status_idx == t->status_idx);
	for (unsigned i = 0; i < s->aud_cnt; i++)
		FUZZ_CHECK(eg_span_eq(s->aud[i], t->aud[i]));
	FUZZ_CHECK(s->exp_s == t->exp_s && s->nbf_s == t->nbf_s && s->iat_s == t->iat_s);
	FUZZ_CHECK(memcmp(s->signature, t->signature, sizeof(s->signature)) == 0);
}

/* What is past stays past, and what is accepted is so for a reason. */
static void check_times(
    const struct fuzz_decoded *d, const struct eg_policy *policy, uint64_t now_s)
{
	const enum eg_verdict now = d->claims.status;
	const enum eg_verdict later = eg_claims_check(&d->token, policy, now_s + 1).status;

	if (now == EG_EXPIRED)
		FUZZ_CHECK(later == EG_EXPIRED);
	if (now != EG_OK)
		return;
	FUZZ_CHECK(later == EG_OK || later == EG_EXPIRED || later == EG_TOO_OLD);
	FUZZ_CHECK((d->token.has & EG_HAS_EXP) || policy->exp_optional);
	if (d->token.has & EG_HAS_EXP)
		FUZZ_CHECK((int64_t)now_s < d->token.exp_s + policy->skew_s);
	if (d->token.has & EG_HAS_NBF)
		FUZZ_CHECK((int64_t)now_s + policy->skew_s >= d->token.nbf_s);
	if (d->token.has & EG_HAS_IAT)
		FUZZ_CHECK((int64_t)now_s + policy->skew_s >= d->token.iat_s);
}

/* A decoder that has seen nothing; what it fills is not what it finds there. */
static struct fuzz_decoded *fresh(struct fuzz_decoded *d)
{
	memset(d, 0x5a, sizeof(*d));
	memset(&d->scratch, 0, sizeof(d->scratch));
	return d;
}

/* The order of the rules is fixed: a policy can only change what it speaks of. And what a decoder
 * remembers of the token under one policy changes nothing under another. */
static void check_other_policy(
    struct eg_span text, const struct fuzz_format *format, struct fuzz_decoded *d, uint64_t now_s)
{
	static struct fuzz_decoded other;
	const struct fuzz_world *w = fuzz_world();
	const struct eg_policy *policy = &w->policy[FUZZ_DEFAULT - 1];
	const struct eg_finding found = d->found;

	decode(text, format, policy, now_s, fresh(&other));
	decode(text, format, policy, now_s, d);
	check_same(&other, d);
	if (found.status == EG_BAD_TYP || other.found.status == EG_BAD_TYP)
		return;
	FUZZ_CHECK(other.found.status == found.status ||
	           text.len > w->policy[FUZZ_SHORT - 1].max_token_bytes);
}

/* Twice: the second time the scratch is warm. */
static void check_variant(struct eg_span text, const struct fuzz_format *format,
    const struct eg_policy *policy, uint64_t now_s, const struct fuzz_decoded *wanted)
{
	static struct fuzz_decoded d;

	(void)fresh(&d);
	for (unsigned pass = 0; pass < 2; pass++) {
		decode(text, format, policy, now_s, &d);
		check_same(wanted, &d);
		if (d.found.status != EG_OK)
			continue;
		check_views(text, &d);
		format->check(text, policy, &d);
	}
}

void fuzz_try_token(struct eg_span text, const struct fuzz_format *format,
    const struct eg_policy *policy, uint64_t now_s)
{
	static struct fuzz_decoded first;
	struct fuzz_copy reference = fuzz_copy(text, 0);
	unsigned variant = 0;

	eg_cpu_limit(0);
	decode(reference.span, format, policy, now_s, fresh(&first));
	fuzz_mark(eg_verdict_name(first.found.status), eg_detail_name(first.found.detail));
	while (fuzz_next_cpu(&variant)) {
		struct fuzz_copy copy = fuzz_copy(text, variant);

		check_variant(copy.span, format, policy, now_s, &first);
		fuzz_copy_free(&copy);
	}
	if (first.found.status == EG_OK) {
		fuzz_mark("claims", eg_verdict_name(first.claims.status));
		check_times(&first, policy, now_s);
	}
	check_other_policy(reference.span, format, &first, now_s);
	fuzz_copy_free(&reference);
}
