/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_policy.h"

static struct eg_policy policy;
static struct eg_error err;

static int set_up(void **state)
{
	eg_policy_init(&policy, 7);
	memset(&err, 0, sizeof(err));
	return eg_policy_add_issuer(&policy, eg_span_str("https://as.example"), &err) |
	       eg_policy_add_audience(&policy, eg_span_str("https://api.example"), &err);
}

static void test_defaults(void **state)
{
	assert_int_equal(policy.id, 7);
	assert_int_equal(policy.skew_s, 0);
	assert_int_equal(policy.order, EG_ORDER_CHEAP);
	assert_int_equal(policy.status, EG_STATUS_OPTIONAL);
	assert_int_equal(policy.cnf, EG_CNF_ACCEPT);
	assert_false(policy.exp_optional);
	assert_false(policy.typ_required);
	assert_int_equal(policy.max_token_bytes, 4096);
	assert_int_equal(policy.issuer_slot[0], EG_POLICY_NO_SLOT);
	assert_int_equal(policy.issuer_slot[EG_POLICY_ISSUERS_MAX - 1], EG_POLICY_NO_SLOT);
	assert_int_equal(eg_policy_check(&policy, &err), 0);
}

static bool typ_ok(const char *typ)
{
	return eg_policy_typ_ok(&policy, eg_span_str(typ));
}

static void test_typ(void **state)
{
	assert_true(typ_ok("JWT"));
	assert_true(typ_ok("jwt"));
	assert_true(typ_ok("at+jwt"));
	assert_true(typ_ok("AT+JWT"));
	assert_true(typ_ok("application/at+jwt"));
	assert_true(typ_ok("Application/JWT"));
	assert_false(typ_ok(""));
	assert_false(typ_ok("application/"));
	assert_false(typ_ok("application/application/jwt"));
	assert_false(typ_ok("text/jwt"));
	assert_false(typ_ok("jw"));
	assert_false(typ_ok("jwt "));
	assert_false(eg_policy_typ_ok(&policy, eg_span("jwt", 4)));
	assert_false(typ_ok("at\vjwt")); /* case folding is not masking a bit */
}

static void test_cwt_typ(void **state)
{
	assert_true(eg_policy_cwt_format_ok(&policy, 61));
	assert_false(eg_policy_cwt_format_ok(&policy, 60));
	assert_false(eg_policy_cwt_format_ok(&policy, 65536 + 61));
	assert_true(eg_policy_cwt_typ_ok(&policy, eg_span_str("application/CWT")));
	assert_true(eg_policy_cwt_typ_ok(&policy, eg_span_str("cwt")));
	assert_false(eg_policy_cwt_typ_ok(&policy, eg_span_str("61"))); /* a text is no number */
	assert_false(eg_policy_cwt_typ_ok(&policy, eg_span_str("jwt")));
	assert_false(typ_ok("cwt"));
}

static void test_cwt_typ_list(void **state)
{
	char format[8];

	eg_policy_clear_cwt_typs(&policy);
	assert_int_equal(eg_policy_check(&policy, &err), -EG_EINVAL);
	for (unsigned i = 0; i < EG_POLICY_TYPS_MAX; i++) {
		(void)snprintf(format, sizeof(format), "%u", 65535 - i);
		assert_int_equal(eg_policy_add_cwt_typ(&policy, eg_span_str(format), &err), 0);
	}
	assert_int_equal(eg_policy_check(&policy, &err), 0);
	assert_int_equal(eg_policy_add_cwt_typ(&policy, eg_span_str("65535"), &err), -EG_EEXIST);
	assert_int_equal(eg_policy_add_cwt_typ(&policy, eg_span_str("1"), &err), -EG_ELIMIT);
	assert_int_equal(eg_policy_add_cwt_typ(&policy, eg_span_str("65536"), &err), -EG_ELIMIT);
	assert_int_equal(eg_policy_add_cwt_typ(&policy, eg_span_str("a/b+cwt"), &err), 0);
	assert_int_equal(eg_policy_add_cwt_typ(&policy, eg_span_str("A/B+CWT"), &err), -EG_EEXIST);
	assert_int_equal(eg_policy_add_cwt_typ(&policy, eg_span_str(""), &err), -EG_EINVAL);
	assert_true(eg_policy_cwt_format_ok(&policy, 65528));
	assert_false(eg_policy_cwt_format_ok(&policy, 61));
	assert_true(eg_policy_cwt_typ_ok(&policy, eg_span_str("a/b+cwt")));
}

static void test_typ_list(void **state)
{
	char typ[EG_POLICY_TYP_BYTES + 2] = {0};

	eg_policy_clear_typs(&policy);
	assert_false(typ_ok("jwt"));
	assert_int_equal(
	    eg_policy_add_typ(&policy, eg_span_str("application/SecEvent+JWT"), &err), 0);
	assert_true(typ_ok("secevent+jwt"));
	assert_int_equal(eg_policy_add_typ(&policy, eg_span_str("AZ"), &err), 0);
	assert_true(typ_ok("aZ"));
	assert_true(typ_ok("Az"));
	assert_true(eg_span_eq_str(eg_policy_span(&policy.typ[0]), "secevent+jwt"));
	assert_int_equal(eg_policy_add_typ(&policy, eg_span_str("SECEVENT+jwt"), &err), -EG_EEXIST);
	assert_int_equal(eg_policy_add_typ(&policy, eg_span_str("application/"), &err), -EG_EINVAL);

	memset(typ, 'a', EG_POLICY_TYP_BYTES);
	assert_int_equal(eg_policy_add_typ(&policy, eg_span_str(typ), &err), 0);
	memset(typ, 'b', EG_POLICY_TYP_BYTES + 1);
	assert_int_equal(eg_policy_add_typ(&policy, eg_span_str(typ), &err), -EG_ELIMIT);
	for (unsigned i = policy.typ_cnt; i < EG_POLICY_TYPS_MAX; i++) {
		(void)snprintf(typ, sizeof(typ), "t%u", i);
		assert_int_equal(eg_policy_add_typ(&policy, eg_span_str(typ), &err), 0);
	}
	assert_int_equal(eg_policy_add_typ(&policy, eg_span_str("one-more"), &err), -EG_ELIMIT);
}

static void test_issuers_are_bytes(void **state)
{
	assert_int_equal(eg_policy_find_issuer(&policy, eg_span_str("https://as.example")), 0);
	assert_int_equal(eg_policy_find_issuer(&policy, eg_span_str("https://as.example/")), -1);
	assert_int_equal(eg_policy_find_issuer(&policy, eg_span_str("https://as.exampl")), -1);
	assert_int_equal(eg_policy_find_issuer(&policy, eg_span_str("https://AS.example")), -1);
	assert_int_equal(eg_policy_find_issuer(&policy, eg_span(NULL, 0)), -1);
	assert_int_equal(eg_policy_find_issuer(&policy, eg_span("https://as.example", 19)), -1);
	assert_true(eg_policy_audience_ok(&policy, eg_span_str("https://api.example")));
	assert_false(eg_policy_audience_ok(&policy, eg_span_str("https://api.example ")));
}

static void test_names_at_their_limits(void **state)
{
	char name[EG_POLICY_NAME_MAX + 2];

	memset(name, 'n', sizeof(name));
	assert_int_equal(eg_policy_add_issuer(&policy, eg_span(name, EG_POLICY_NAME_MAX), &err), 0);
	assert_int_equal(eg_policy_find_issuer(&policy, eg_span(name, EG_POLICY_NAME_MAX)), 1);
	assert_int_equal(policy.issuer[1].bytes[EG_POLICY_NAME_MAX], 0);
	assert_int_equal(
	    eg_policy_add_issuer(&policy, eg_span(name, EG_POLICY_NAME_MAX + 1), &err), -EG_ELIMIT);
	assert_non_null(strstr(err.text, "issuer"));
	assert_int_equal(eg_policy_add_issuer(&policy, eg_span(NULL, 0), &err), -EG_EINVAL);
	assert_int_equal(eg_policy_add_issuer(&policy, eg_span("a\0b", 3), &err), -EG_EINVAL);
	assert_int_equal(
	    eg_policy_add_issuer(&policy, eg_span_str("https://as.example"), &err), -EG_EEXIST);
	assert_int_equal(policy.issuer_cnt, 2);
	assert_int_equal(
	    eg_policy_str_set(&policy.implicit_assertion, eg_span(NULL, 0), "assertion", &err), 0);
}

static void test_lists_at_their_limits(void **state)
{
	char name[16];

	for (unsigned i = 1; i < EG_POLICY_ISSUERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%u", i);
		assert_int_equal(eg_policy_add_issuer(&policy, eg_span_str(name), &err), 0);
		assert_int_equal(eg_policy_add_audience(&policy, eg_span_str(name), &err), 0);
	}
	assert_int_equal(eg_policy_find_issuer(&policy, eg_span_str("n15")), 15);
	assert_true(eg_policy_audience_ok(&policy, eg_span_str("n15")));
	assert_int_equal(eg_policy_add_issuer(&policy, eg_span_str("x"), &err), -EG_ELIMIT);
	assert_int_equal(eg_policy_add_audience(&policy, eg_span_str("x"), &err), -EG_ELIMIT);
	assert_int_equal(eg_policy_check(&policy, &err), 0);
}

static void test_whole_policy_rules(void **state)
{
	struct eg_policy p;

#define REFUSED(code, ...)                                                                         \
	do {                                                                                       \
		p = policy;                                                                        \
		__VA_ARGS__;                                                                       \
		assert_int_equal(eg_policy_check(&p, &err), -(code));                              \
		assert_true(err.text[0] != 0);                                                     \
	} while (0)

	REFUSED(EG_EINVAL, p.id = 0);
	REFUSED(EG_EINVAL, p.issuer_cnt = 0);
	REFUSED(EG_EINVAL, p.audience_cnt = 0);
	REFUSED(EG_EINVAL, p.any_audience = true);
	REFUSED(EG_EINVAL, p.typ_required = true, p.typ_cnt = 0);
	REFUSED(EG_ELIMIT, p.skew_s = EG_POLICY_SKEW_MAX_S + 1);
	REFUSED(EG_ELIMIT, p.max_token_bytes = 0);
	REFUSED(EG_ELIMIT, p.max_token_bytes = 65536);
	REFUSED(EG_EINVAL, p.order = EG_ORDER_STRICT + 1);
	REFUSED(EG_EINVAL, p.status = EG_STATUS_IGNORE + 1);
	REFUSED(EG_EINVAL, p.cnf = EG_CNF_REFUSE + 1);
	REFUSED(EG_EINVAL, p.freshness = EG_FRESH_STRICT + 1);
	REFUSED(EG_EINVAL, p.freshness = EG_FRESH_STRICT);

	policy.skew_s = EG_POLICY_SKEW_MAX_S;
	policy.any_audience = true;
	policy.audience_cnt = 0;
	policy.id = UINT32_MAX;
	assert_int_equal(eg_policy_check(&policy, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_defaults, set_up),
	    cmocka_unit_test_setup(test_typ, set_up),
	    cmocka_unit_test_setup(test_typ_list, set_up),
	    cmocka_unit_test_setup(test_cwt_typ, set_up),
	    cmocka_unit_test_setup(test_cwt_typ_list, set_up),
	    cmocka_unit_test_setup(test_issuers_are_bytes, set_up),
	    cmocka_unit_test_setup(test_names_at_their_limits, set_up),
	    cmocka_unit_test_setup(test_lists_at_their_limits, set_up),
	    cmocka_unit_test_setup(test_whole_policy_rules, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
