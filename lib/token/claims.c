/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_token.h"

#define NOW_MAX (INT64_MAX / 2) /* leaves room for skew and ages */

enum eg_token_fmt eg_token_detect(struct eg_span token)
{
	if (token.len >= 3 && token.ptr[0] == 'v' && token.ptr[1] >= '0' && token.ptr[1] <= '9' &&
	    token.ptr[2] == '.')
		return EG_TOKEN_PASETO;
	if (token.len >= 1 && token.ptr[0] >= 0x80)
		return EG_TOKEN_CWT;
	return EG_TOKEN_JWT;
}

static bool has(const struct eg_token_times *times, enum eg_token_member member)
{
	return (times->has & member) != 0;
}

static enum eg_verdict check_window(
    const struct eg_token_times *times, const struct eg_policy *policy, int64_t now)
{
	const int64_t skew = policy->skew_s;

	if (!has(times, EG_HAS_EXP) && !policy->exp_optional)
		return EG_NO_EXP;
	if (has(times, EG_HAS_EXP) && now >= times->exp_s + skew)
		return EG_EXPIRED;
	if (has(times, EG_HAS_NBF) && now + skew < times->nbf_s)
		return EG_NOT_YET_VALID;
	if (has(times, EG_HAS_IAT) && times->iat_s > now + skew)
		return EG_ISSUED_IN_FUTURE;
	return EG_OK;
}

/* A bound that cannot be checked because a time is absent counts as passed. */
static bool is_too_old(
    const struct eg_token_times *times, const struct eg_policy *policy, int64_t now)
{
	const int64_t max_age = policy->max_age_s, max_lifetime = policy->max_lifetime_s;

	if (max_age != 0 &&
	    (!has(times, EG_HAS_IAT) || now > times->iat_s + max_age + policy->skew_s))
		return true;
	return max_lifetime != 0 && (!has(times, EG_HAS_EXP) || !has(times, EG_HAS_IAT) ||
	                                times->exp_s - times->iat_s > max_lifetime);
}

struct eg_finding eg_claims_check_times(
    const struct eg_token_times *times, const struct eg_policy *policy, uint64_t now_s)
{
	const int64_t now = now_s < NOW_MAX ? (int64_t)now_s : NOW_MAX;
	const enum eg_verdict window = check_window(times, policy, now);

	if (window != EG_OK)
		return eg_finding(window, window == EG_NO_EXP ? EG_DETAIL_EXP : EG_DETAIL_NONE);
	if (is_too_old(times, policy, now))
		return eg_finding(EG_TOO_OLD, EG_DETAIL_NONE);
	return eg_finding(EG_OK, EG_DETAIL_NONE);
}

static bool audience_matches(const struct eg_token *token, const struct eg_policy *policy)
{
	if (policy->any_audience)
		return true;
	for (unsigned i = 0; i < token->aud_cnt; i++)
		if (eg_policy_audience_ok(policy, token->aud[i]))
			return true;
	return false;
}

static bool cnf_matches(const struct eg_token *token, const struct eg_policy *policy)
{
	const bool has_cnf = (token->has & EG_HAS_CNF) != 0;

	return policy->cnf == EG_CNF_REQUIRE ? has_cnf : policy->cnf != EG_CNF_REFUSE || !has_cnf;
}

struct eg_finding eg_claims_check(
    const struct eg_token *token, const struct eg_policy *policy, uint64_t now_s)
{
	const struct eg_token_times times = {token->has, token->exp_s, token->nbf_s, token->iat_s};
	const struct eg_finding found = eg_claims_check_times(&times, policy, now_s);

	if (found.status != EG_OK)
		return found;
	if (!audience_matches(token, policy))
		return eg_finding(EG_BAD_AUD, EG_DETAIL_NONE);
	if (!cnf_matches(token, policy))
		return eg_finding(EG_CNF_REFUSED, EG_DETAIL_NONE);
	return eg_finding(EG_OK, EG_DETAIL_NONE);
}
