/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every implementation gives every signature its one verdict: on the frozen verdicts and on other
 * people's vectors, in batches of every size and mixture, on every choice of CPU features, with
 * tables of every width and without. test_ed25519_random.c has signatures that are made on the way.
 */
#include "ed25519_cases.h"
#include "eg_cpu.h"

#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#define COUNT_MAX   130u
#define FAMILY_ROWS 1653u

static struct ed_cases frozen, mixed, pool; /* pool: both and the vectors folder's */

/* ── batches ── */

static struct ed_pick any_of(const struct ed_cases *cases, bool tables)
{
	const struct ed_case *c = &cases->at[eg_test_below(cases->cnt)];

	return (struct ed_pick){c, tables ? eg_test_below(c->key->form_cnt) : 0};
}

/* All cases in their order, as one batch. */
static void check_in_order(const struct eg_ed25519_impl *impl, const struct ed_cases *cases,
    bool tables, const char *where)
{
	static struct ed_pick picks[8192];

	assert_true(cases->cnt < sizeof(picks) / sizeof(picks[0]));
	for (unsigned i = 0; i < cases->cnt; i++)
		picks[i] =
		    (struct ed_pick){&cases->at[i], tables ? i % cases->at[i].key->form_cnt : 0};
	ed_check(impl, picks, cases->cnt, where);
}

static void frozen_verdicts(void **state)
{
	for (const struct eg_ed25519_impl *const *impl = ed_impls_and_plain(); *impl != NULL;
	     impl++) {
		check_in_order(*impl, &frozen, false, "families");
		check_in_order(*impl, &frozen, true, "families with tables");
		check_in_order(*impl, &mixed, false, "mixed order");
		check_in_order(*impl, &mixed, true, "mixed order with tables");
	}
}

static void published_vectors(void **state)
{
	static const struct {
		const char *name;
		unsigned rows;
	} files[] = {{"ed25519-rfc8032.tsv", 5}, {"ed25519-wycheproof.tsv", 151},
	    {"ed25519-libsodium-kat.tsv", 1024}};
	struct ed_cases cases = {0};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		unsigned rows = ed_cases_read_vectors(&cases, files[i].name);

		if (rows != 0)
			assert_int_equal(rows, files[i].rows);
	}
	for (unsigned i = 0; i < cases.cnt; i += 9)
		if (cases.at[i].key->form_cnt == 1)
			ed_key_add_table(cases.at[i].key, 6);
	for (const struct eg_ed25519_impl *const *impl = ed_impls_and_plain(); *impl != NULL;
	     impl++)
		check_in_order(*impl, &cases, true, "published vectors");
}

/* ── every count, on every choice of CPU features ── */

static void check_counts(const struct eg_ed25519_impl *impl, bool tables)
{
	struct ed_pick picks[COUNT_MAX];

	for (unsigned cnt = 0; cnt <= COUNT_MAX; cnt++) {
		char where[40];

		for (unsigned i = 0; i < cnt; i++)
			picks[i] = any_of(&pool, tables);
		(void)snprintf(where, sizeof(where), "%u jobs%s", cnt, tables ? ", tables" : "");
		ed_check(impl, picks, cnt, where);
	}
}

static void every_count(void **state)
{
	for (const struct eg_ed25519_impl *const *impl = ed_impls_and_plain(); *impl; impl++) {
		check_counts(*impl, false);
		check_counts(*impl, true);
	}
}

/* libsodium asks the CPU by itself. */
static void every_choice_of_cpu_features(void **state)
{
	for (unsigned features = 0; features < EG_CPU_ALL; features++) {
		eg_cpu_limit(features);
		assert_non_null(eg_ed25519_select(NULL, NULL));
		for (const struct eg_ed25519_impl *const *impl = ed_impls(); *impl; impl++)
			if (strcmp((*impl)->name, "sodium") != 0)
				check_counts(*impl, features % 2 != 0);
	}
	eg_cpu_limit(EG_CPU_ALL);
}

/* The frozen cases of one prime-order and one mixed-order key, with tables of all widths. */
static struct ed_cases cases_of_all_widths(void)
{
	struct ed_cases all = {0};
	struct ed_key *wide[2] = {NULL, NULL}; /* by enum eg_ed25519_point */
	unsigned cnt = 0;

	(void)ed_cases_read_frozen(&all, "ed25519-families.tsv");
	for (unsigned i = 0; i < all.cnt; i++) {
		struct ed_key *key = all.at[i].key;

		if (key->kind > EG_ED25519_POINT_MIXED)
			continue;
		if (wide[key->kind] == NULL) {
			wide[key->kind] = key;
			for (unsigned w = 0; w <= 16; w++)
				ed_key_add_table(key, w);
		}
		if (wide[key->kind] == key)
			all.at[cnt++] = all.at[i];
	}
	all.cnt = cnt;
	return all;
}

static void every_width(void **state)
{
	struct ed_cases own = cases_of_all_widths();
	struct ed_pick picks[COUNT_MAX];

	assert_in_range(own.cnt, 20, FAMILY_ROWS);
	for (const struct eg_ed25519_impl *const *impl = ed_impls_and_plain(); *impl != NULL;
	     impl++)
		for (unsigned round = 0; round < 40; round++) {
			for (unsigned i = 0; i < COUNT_MAX; i++) {
				picks[i] = any_of(&own, true);
				if (round < ED_FORMS_MAX) /* one width as far as may be */
					picks[i].form = round % picks[i].c->key->form_cnt;
			}
			ed_check(*impl, picks, COUNT_MAX, "all widths");
		}
}

/* ── a verdict depends on its own job alone ── */

/* The same jobs alone, in another order, some of them, and many times over. */
static void check_neighbours(const struct eg_ed25519_impl *impl)
{
	struct ed_pick all[40], some[COUNT_MAX];
	unsigned cnt;

	for (unsigned i = 0; i < 40; i++)
		all[i] = any_of(&pool, true);
	ed_check(impl, all, 40, "all");
	for (unsigned i = 0; i < 40; i++)
		ed_check(impl, &all[i], 1, "alone");
	for (unsigned i = 39; i > 0; i--) {
		unsigned j = eg_test_below(i + 1);
		struct ed_pick swap = all[i];

		all[i] = all[j];
		all[j] = swap;
	}
	ed_check(impl, all, 40, "in another order");
	cnt = 0;
	for (unsigned i = 0; i < 40; i++)
		if (eg_test_below(2) != 0)
			some[cnt++] = all[i];
	ed_check(impl, some, cnt, "some left out");
	for (unsigned i = 0; i < COUNT_MAX; i++)
		some[i] = all[eg_test_below(3)];
	ed_check(impl, some, COUNT_MAX, "many times over");
}

/* One bad signature in each place of a batch of good ones, and one good among bad. */
static void check_one_other(const struct eg_ed25519_impl *impl)
{
	struct ed_pick picks[20], good = any_of(&frozen, true), bad = good;

	while (!good.c->valid)
		good = any_of(&frozen, true);
	while (bad.c->valid)
		bad = any_of(&frozen, true);
	for (unsigned at = 0; at < 20; at++) {
		for (unsigned i = 0; i < 20; i++)
			picks[i] = i == at ? bad : good;
		ed_check(impl, picks, 20, "one bad");
		for (unsigned i = 0; i < 20; i++)
			picks[i] = i == at ? good : bad;
		ed_check(impl, picks, 20, "one good");
	}
}

static void neighbours_do_not_matter(void **state)
{
	for (const struct eg_ed25519_impl *const *impl = ed_impls_and_plain(); *impl != NULL;
	     impl++)
		for (unsigned round = 0; round < 3; round++) {
			check_neighbours(*impl);
			check_one_other(*impl);
		}
}

/* ── memory ── */

static uint8_t *page_before_a_guard(size_t *page_bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *mem = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(mem, MAP_FAILED);
	assert_int_equal(mprotect(mem + page, page, PROT_READ | PROT_WRITE), 0);
	*page_bytes = page;
	return mem + page;
}

/* Messages and signatures between pages that must not be touched: at the end and at the start. */
static void no_byte_beyond_is_read(void **state)
{
	size_t page;
	uint8_t *msg = page_before_a_guard(&page), *sig = page_before_a_guard(&page);

	for (const struct eg_ed25519_impl *const *impl = ed_impls_and_plain(); *impl != NULL;
	     impl++)
		for (unsigned i = 0; i < 200; i++) {
			struct ed_pick picks[9] = {any_of(&frozen, true), any_of(&frozen, true)};
			struct ed_case c = *picks[0].c;
			bool at_end = eg_test_below(2) != 0;

			if (c.msg_bytes > page)
				continue;
			c.sig = memcpy(at_end ? sig + page - 64 : sig, c.sig, 64);
			c.msg = memcpy(at_end ? msg + page - c.msg_bytes : msg, c.msg, c.msg_bytes);
			picks[0].c = &c;
			for (unsigned j = 2; j < 9; j++)
				picks[j] = picks[j % 2];
			ed_check(*impl, picks, 9, "between guard pages");
		}
}

/* One message of a megabyte among short ones; an empty one at NULL. */
static void ragged_lengths(void **state)
{
	static uint8_t msg[1 << 20], sig[2][64];
	uint8_t pk[32], sk[64];
	struct ed_key key;
	const struct ed_case big = {&key, msg, sig[0], sizeof(msg), true, "long"};
	const struct ed_case empty = {&key, NULL, sig[1], 0, true, "empty"};
	struct ed_pick picks[17];

	(void)crypto_sign_keypair(pk, sk);
	ed_key_init(&key, pk);
	ed_key_add_table(&key, 6);
	randombytes_buf(msg, sizeof(msg));
	(void)crypto_sign_detached(sig[0], NULL, msg, sizeof(msg), sk);
	(void)crypto_sign_detached(sig[1], NULL, NULL, 0, sk);
	for (unsigned i = 0; i < 17; i++)
		picks[i] = any_of(&pool, true);
	for (const struct eg_ed25519_impl *const *impl = ed_impls_and_plain(); *impl != NULL;
	     impl++)
		for (unsigned at = 0; at < 16; at++) {
			picks[at] = (struct ed_pick){&big, at % key.form_cnt};
			picks[at + 1] = (struct ed_pick){&empty, at % key.form_cnt};
			ed_check(*impl, picks, 17, "a long message among short ones");
			picks[at] = any_of(&pool, true);
		}
}

/* ── ── */

/* Small tables for the keys of the frozen files; some of the other vectors'. */
static int load(void **state)
{
	static const unsigned widths[] = {6, 7, 8};

	assert_int_equal(ed_cases_read_frozen(&frozen, "ed25519-families.tsv"), FAMILY_ROWS);
	assert_int_equal(ed_cases_read_frozen(&mixed, "ed25519-mixed-order.tsv"), 2048);
	(void)ed_cases_read_frozen(&pool, "ed25519-families.tsv");
	(void)ed_cases_read_vectors(&pool, "ed25519-wycheproof.tsv");
	(void)ed_cases_read_vectors(&pool, "ed25519-libsodium-kat.tsv");
	for (unsigned i = 0; i < frozen.cnt; i++)
		if (frozen.at[i].key->form_cnt == 1)
			for (unsigned w = 0; w < 3; w++)
				ed_key_add_table(frozen.at[i].key, widths[w]);
	ed_key_add_table(mixed.at[0].key, 8);
	ed_key_add_table(mixed.at[0].key, 11);
	for (unsigned i = 0; i < pool.cnt; i += 10)
		if (pool.at[i].key->form_cnt == 1)
			ed_key_add_table(pool.at[i].key, widths[i / 10 % 3]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frozen_verdicts),
	    cmocka_unit_test(published_vectors),
	    cmocka_unit_test(every_count),
	    cmocka_unit_test(every_choice_of_cpu_features),
	    cmocka_unit_test(every_width),
	    cmocka_unit_test(neighbours_do_not_matter),
	    cmocka_unit_test(no_byte_beyond_is_read),
	    cmocka_unit_test(ragged_lengths),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, load, NULL);
}
