/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_token.h"

#define NOW  1800000000
#define SKEW 60

static struct eg_policy policy;
static struct eg_token token;

static int set_up(void **state)
{
	eg_policy_init(&policy, 1);
	policy.skew_s = SKEW;
	token = (struct eg_token){
	    .has = EG_HAS_EXP | EG_HAS_NBF | EG_HAS_IAT | EG_HAS_AUD,
	    .exp_s = NOW + 300,
	    .nbf_s = NOW - 60,
	    .iat_s = NOW - 60,
	    .iat_floor_s = NOW - 60,
	    .aud_cnt = 1,
	    .aud[0] = eg_span_str("api"),
	};
	return eg_policy_add_issuer(&policy, eg_span_str("as"), NULL) |
	       eg_policy_add_audience(&policy, eg_span_str("api"), NULL) |
	       eg_policy_add_audience(&policy, eg_span_str("other"), NULL);
}

#define ASSERT_CLAIMS(expected)                                                                    \
	assert_string_equal(                                                                       \
	    eg_verdict_name(eg_claims_check(&token, &policy, NOW).status), (expected))

static void test_exp(void **state)
{
	struct eg_finding f;

	ASSERT_CLAIMS("OK");
	token.exp_s = NOW - SKEW + 1;
	ASSERT_CLAIMS("OK");
	token.exp_s = NOW - SKEW;
	ASSERT_CLAIMS("EXPIRED");
	token.has &= ~(uint32_t)EG_HAS_EXP;
	f = eg_claims_check(&token, &policy, NOW);
	assert_int_equal(f.status, EG_NO_EXP);
	assert_int_equal(f.detail, EG_DETAIL_EXP);
	policy.exp_optional = true;
	ASSERT_CLAIMS("OK");
}

static void test_nbf_and_iat(void **state)
{
	token.nbf_s = NOW + SKEW;
	ASSERT_CLAIMS("OK");
	token.nbf_s = NOW + SKEW + 1;
	ASSERT_CLAIMS("NOT_YET_VALID");
	token.has &= ~(uint32_t)EG_HAS_NBF;
	token.iat_s = NOW + SKEW;
	ASSERT_CLAIMS("OK");
	token.iat_s = NOW + SKEW + 1;
	ASSERT_CLAIMS("ISSUED_IN_FUTURE");
	token.has &= ~(uint32_t)EG_HAS_IAT;
	ASSERT_CLAIMS("OK");
}

static void test_max_age(void **state)
{
	policy.max_age_s = 100;
	token.iat_s = NOW - 100 - SKEW;
	ASSERT_CLAIMS("OK");
	token.iat_s--;
	ASSERT_CLAIMS("TOO_OLD");
	token.iat_s = NOW;
	token.has &= ~(uint32_t)EG_HAS_IAT;
	ASSERT_CLAIMS("TOO_OLD");
	token.has |= EG_HAS_IAT;
	policy.max_age_s = UINT32_MAX;
	token.iat_s = EG_TOKEN_TIME_FAR_PAST;
	ASSERT_CLAIMS("TOO_OLD");
}

static void test_max_lifetime(void **state)
{
	policy.max_lifetime_s = 360;
	ASSERT_CLAIMS("OK");
	token.exp_s++;
	ASSERT_CLAIMS("TOO_OLD");
	token.exp_s--;
	token.has &= ~(uint32_t)EG_HAS_IAT;
	ASSERT_CLAIMS("TOO_OLD");
	token.has |= EG_HAS_IAT;
	policy.exp_optional = true;
	token.has &= ~(uint32_t)EG_HAS_EXP;
	ASSERT_CLAIMS("TOO_OLD");
	token.has |= EG_HAS_EXP;
	policy.max_lifetime_s = UINT32_MAX;
	token.exp_s = EG_TOKEN_TIME_MAX;
	token.iat_s = EG_TOKEN_TIME_FAR_PAST;
	ASSERT_CLAIMS("TOO_OLD");
}

static void test_audience(void **state)
{
	token.aud_cnt = 2;
	token.aud[0] = eg_span_str("nobody");
	token.aud[1] = eg_span_str("other");
	ASSERT_CLAIMS("OK");
	token.aud[1] = eg_span_str("other/");
	ASSERT_CLAIMS("BAD_AUD");
	token.aud_cnt = 0;
	ASSERT_CLAIMS("BAD_AUD");
	token.has &= ~(uint32_t)EG_HAS_AUD;
	ASSERT_CLAIMS("BAD_AUD");
	policy.any_audience = true;
	ASSERT_CLAIMS("OK");
}

static void test_cnf(void **state)
{
	policy.cnf = EG_CNF_REQUIRE;
	ASSERT_CLAIMS("CNF_REFUSED");
	token.has |= EG_HAS_CNF;
	ASSERT_CLAIMS("OK");
	policy.cnf = EG_CNF_REFUSE;
	ASSERT_CLAIMS("CNF_REFUSED");
	policy.cnf = EG_CNF_ACCEPT;
	ASSERT_CLAIMS("OK");
}

static void test_status_is_left_to_revocation(void **state)
{
	policy.status = EG_STATUS_REQUIRED;
	ASSERT_CLAIMS("OK");
}

/* Everything is wrong; each rule is put right in turn and the next one answers. */
static void test_order_of_rules(void **state)
{
	policy.max_age_s = 1;
	policy.cnf = EG_CNF_REFUSE;
	token.has = EG_HAS_NBF | EG_HAS_IAT | EG_HAS_CNF;
	token.aud_cnt = 0;
	token.nbf_s = NOW + 1000;
	token.iat_s = NOW + 1000;
	token.exp_s = NOW - 1000;
	ASSERT_CLAIMS("NO_EXP");
	token.has |= EG_HAS_EXP;
	ASSERT_CLAIMS("EXPIRED");
	token.exp_s = NOW + 1000;
	ASSERT_CLAIMS("NOT_YET_VALID");
	token.nbf_s = NOW;
	ASSERT_CLAIMS("ISSUED_IN_FUTURE");
	token.iat_s = NOW - 1000;
	ASSERT_CLAIMS("TOO_OLD");
	token.iat_s = NOW;
	ASSERT_CLAIMS("BAD_AUD");
	token.aud_cnt = 1;
	ASSERT_CLAIMS("CNF_REFUSED");
	policy.cnf = EG_CNF_ACCEPT;
	ASSERT_CLAIMS("OK");
}

static void test_extreme_clocks(void **state)
{
	policy.max_age_s = UINT32_MAX;
	policy.max_lifetime_s = UINT32_MAX;
	assert_int_equal(eg_claims_check(&token, &policy, UINT64_MAX).status, EG_EXPIRED);
	assert_int_equal(eg_claims_check(&token, &policy, INT64_MAX).status, EG_EXPIRED);
	assert_int_equal(eg_claims_check(&token, &policy, 0).status, EG_NOT_YET_VALID);
	policy.skew_s = EG_POLICY_SKEW_MAX_S;
	token.exp_s = EG_TOKEN_TIME_FAR_PAST;
	assert_int_equal(eg_claims_check(&token, &policy, 0).status, EG_EXPIRED);
	token.exp_s = EG_TOKEN_TIME_MAX;
	assert_int_equal(eg_claims_check(&token, &policy, UINT64_MAX).status, EG_EXPIRED);
	policy.exp_optional = true;
	token.has &= ~(uint32_t)EG_HAS_EXP;
	assert_int_equal(eg_claims_check(&token, &policy, UINT64_MAX).status, EG_TOO_OLD);
}

static void test_detect(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		enum eg_token_fmt fmt;
	} cases[] = {
	    {"v4.public.x", 11, EG_TOKEN_PASETO},
	    {"v2.", 3, EG_TOKEN_PASETO},
	    {"v4", 2, EG_TOKEN_JWT},
	    {"vx.", 3, EG_TOKEN_JWT},
	    {"v4-", 3, EG_TOKEN_JWT},
	    {"V4.", 3, EG_TOKEN_JWT},
	    {"\x80", 1, EG_TOKEN_CWT},
	    {"\xD2\x84", 2, EG_TOKEN_CWT},
	    {"\x7F", 1, EG_TOKEN_JWT},
	    {"eyJ", 3, EG_TOKEN_JWT},
	    {"", 0, EG_TOKEN_JWT},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    eg_token_detect(eg_span(cases[i].text, cases[i].len)), cases[i].fmt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_exp, set_up),
	    cmocka_unit_test_setup(test_nbf_and_iat, set_up),
	    cmocka_unit_test_setup(test_max_age, set_up),
	    cmocka_unit_test_setup(test_max_lifetime, set_up),
	    cmocka_unit_test_setup(test_audience, set_up),
	    cmocka_unit_test_setup(test_cnf, set_up),
	    cmocka_unit_test_setup(test_status_is_left_to_revocation, set_up),
	    cmocka_unit_test_setup(test_order_of_rules, set_up),
	    cmocka_unit_test_setup(test_extreme_clocks, set_up),
	    cmocka_unit_test(test_detect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
