/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_ed25519_selftest.h"
#include "eg_test.h"

/* Implementations that are wrong in one way each; otherwise they are the best of this CPU. */

static const struct eg_ed25519_impl *honest;

static void accept_all(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	memset(ok, true, job_cnt * sizeof(ok[0]));
}

static void refuse_all(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	memset(ok, false, job_cnt * sizeof(ok[0]));
}

static void do_nothing(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
}

/* Lane 5 of 8 has the verdict of its neighbour. */
static void one_bad_lane(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	honest->verify(jobs, job_cnt, ok);
	for (unsigned i = 5; i < job_cnt; i += 8)
		ok[i] = ok[i - 1];
}

/* The last 48 bits of S are not looked at. */
static void careless_of_s(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	honest->verify(jobs, job_cnt, ok);
	for (unsigned i = 0; i < job_cnt; i++)
		ok[i] = ok[i] || (jobs[i].sig[63] & 0xe0) != 0;
}

/* Refuses what is verified with a table. */
static void careless_of_tables(const struct eg_ed25519_job jobs[], unsigned job_cnt, bool ok[])
{
	honest->verify(jobs, job_cnt, ok);
	for (unsigned i = 0; i < job_cnt; i++)
		ok[i] = ok[i] && jobs[i].key->table == NULL;
}

static void a_wrong_one_is_refused(void **state)
{
	void (*const wrong[])(const struct eg_ed25519_job[], unsigned, bool[]) = {
	    accept_all, refuse_all, do_nothing, one_bad_lane, careless_of_s, careless_of_tables};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		const struct eg_ed25519_impl impl = {
		    .name = "wrong",
		    .lanes = 8,
		    .supported = honest->supported,
		    .verify = wrong[i],
		};
		struct eg_error err = {0};

		assert_int_equal(eg_ed25519_selftest(&impl, &err), -EG_ECORRUPT);
		assert_non_null(strstr(err.text, "'wrong'"));
		assert_int_equal(eg_ed25519_selftest(&impl, NULL), -EG_ECORRUPT);
	}
}

static void the_error_names_the_answer(void **state)
{
	const struct eg_ed25519_impl impl = {
	    .name = "odd",
	    .lanes = 4,
	    .supported = honest->supported,
	    .verify = refuse_all,
	};
	struct eg_error err = {0};

	assert_int_equal(eg_ed25519_selftest(&impl, &err), -EG_ECORRUPT);
	assert_non_null(strstr(err.text, "refuses"));
	assert_non_null(strstr(err.text, "rfc8032-1"));
}

static void all_implementations_pass(void **state)
{
	for (unsigned i = 0; eg_ed25519_impls[i] != NULL; i++) {
		struct eg_error err = {0};

		if (!eg_ed25519_impls[i]->supported())
			continue;
		if (eg_ed25519_selftest(eg_ed25519_impls[i], &err) != 0)
			fail_msg("%s", err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_wrong_one_is_refused),
	    cmocka_unit_test(the_error_names_the_answer),
	    cmocka_unit_test(all_implementations_pass),
	};

	honest = eg_ed25519_select(NULL, NULL);
	return honest == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
