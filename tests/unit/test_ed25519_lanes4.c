/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The four-lane implementation from the inside. Built twice: as test_ed25519_lanes4 over plain
 * arrays (vec4_plain.h), which runs anywhere, and as test_ed25519_avx2 with the instructions
 * themselves, for CPUs that have them.
 */
#define eg_ed25519_avx2 lanes4_impl
#include "avx2.c"

#include "ed25519_naive.h"
#include "eg_test.h"

#include <sodium.h>
#include <sys/mman.h>

/* The ranges of fe_avx2.h. */
#define UNIT        ((int64_t)1 << 51)
#define READY_MIN   (-((int64_t)1 << 16))
#define READY_MAX   (UNIT + ((int64_t)1 << 16) - 1)
#define CARRIED_MAX (UNIT + ((int64_t)1 << 15) - 1)
#define PRODUCT_MAX (302 * UNIT - 1)

/* ── elements by limb and lane ── */

struct limbs {
	int64_t v[5][4];
};

static struct limbs limbs_of_wide(struct fe_wide a)
{
	struct limbs out;

	for (int i = 0; i < 5; i++)
		v4_store((uint64_t *)out.v[i], a.v[i]);
	return out;
}

static struct limbs limbs_of(struct fe a)
{
	return limbs_of_wide(fe_words(a));
}

static struct fe fe_of(const struct limbs *a)
{
	const uint64_t up = (uint64_t)-READY_MIN;
	struct fe out;

	for (int i = 0; i < 5; i++) {
		v4 words = v4_add_mod64(v4_load((const uint64_t *)a->v[i]), v4_set1(up));

		out.v[i] = v4d_sub(v4d_from_words(words), v4d_from_words(v4_set1(up)));
	}
	return out;
}

/* Limbs in min … max: the ends more often than not. */
static struct limbs random_limbs(int64_t min, int64_t max)
{
	struct limbs a;

	for (int i = 0; i < 5; i++)
		for (int l = 0; l < 4; l++)
			switch (eg_test_below(4)) {
			case 0:
				a.v[i][l] = max;
				break;
			case 1:
				a.v[i][l] = min + (int64_t)eg_test_below(2);
				break;
			default:
				a.v[i][l] =
				    min + (int64_t)(eg_test_random() % (uint64_t)(max - min + 1));
			}
	return a;
}

static struct limbs equal_limbs(int64_t limb)
{
	struct limbs a;

	for (int i = 0; i < 5; i++)
		for (int l = 0; l < 4; l++)
			a.v[i][l] = limb;
	return a;
}

/* Σ limb·2^(51i) mod p, of limbs from −2^51 up; 4p keeps them above zero. */
static struct naive value(const struct limbs *a, int lane)
{
	uint64_t limb[5];

	for (int i = 0; i < 5; i++)
		limb[i] = (uint64_t)a->v[i][lane] + 4 * (uint64_t)(UNIT - (i == 0 ? 19 : 1));
	return naive_from_limbs(limb, 5, 51);
}

static void assert_range(struct limbs a, int64_t min, int64_t max)
{
	for (int i = 0; i < 5; i++)
		for (int l = 0; l < 4; l++)
			assert_in_range(a.v[i][l] - READY_MIN, min - READY_MIN, max - READY_MIN);
}

/* The value itself and after a way through the words: canonical, or it is not equal. */
static void assert_value(struct fe a, int lane, struct naive expected)
{
	struct limbs limbs = limbs_of(a);
	struct naive encoded;
	uint64_t w[4][4];

	fe_to_words(a, w);
	for (int i = 0; i < 4; i++)
		encoded.w[i] = w[i][lane];
	assert_true(naive_equal(value(&limbs, lane), expected));
	assert_true(naive_equal(encoded, expected));
}

/* ── the field ── */

static void check_products(struct limbs a, struct limbs b)
{
	struct fe x = fe_of(&a), y = fe_of(&b), xy = fe_mul(x, y), xx = fe_sq(x);

	for (int l = 0; l < 4; l++) {
		assert_value(xy, l, naive_mul(value(&a, l), value(&b, l)));
		assert_value(xx, l, naive_mul(value(&a, l), value(&a, l)));
	}
	assert_range(limbs_of_wide(fe_wide_mul(x, y)), 0, PRODUCT_MAX);
	assert_range(limbs_of_wide(fe_wide_sq(x)), 0, PRODUCT_MAX);
	assert_range(limbs_of(xy), 0, CARRIED_MAX);
	assert_range(limbs_of(xx), 0, CARRIED_MAX);
}

static void products(void **state)
{
	for (int i = 0; i < 300; i++)
		check_products(
		    random_limbs(READY_MIN, READY_MAX), random_limbs(READY_MIN, READY_MAX));
}

static void largest_products(void **state)
{
	const int64_t end[] = {READY_MIN, -1, 0, 1, UNIT - 1, UNIT, READY_MAX};
	const size_t cnt = sizeof(end) / sizeof(end[0]);

	for (size_t i = 0; i < cnt * cnt; i++)
		check_products(equal_limbs(end[i / cnt]), equal_limbs(end[i % cnt]));
}

static void repeated_squares(void **state)
{
	struct limbs a = random_limbs(READY_MIN, READY_MAX);
	struct fe x = fe_sqn(fe_of(&a), 5);

	for (int l = 0; l < 4; l++) {
		struct naive expected = value(&a, l);

		for (int i = 0; i < 5; i++)
			expected = naive_mul(expected, expected);
		assert_value(x, l, expected);
	}
}

static void sums(void **state)
{
	const struct naive zero = {{0}};

	for (int i = 0; i < 300; i++) {
		struct limbs a = random_limbs(0, CARRIED_MAX), b = random_limbs(0, CARRIED_MAX);
		struct fe x = fe_of(&a), y = fe_of(&b);
		uint32_t mask = eg_test_below(16);

		assert_range(limbs_of(fe_add(x, y)), 0, CARRIED_MAX);
		assert_range(limbs_of(fe_sub(x, y)), 0, CARRIED_MAX);
		assert_range(limbs_of(fe_neg(x)), READY_MIN, READY_MAX);
		for (int l = 0; l < 4; l++) {
			struct naive u = value(&a, l), v = value(&b, l);

			assert_value(fe_add(x, y), l, naive_add(u, v));
			assert_value(fe_sub(x, y), l, naive_sub(u, v));
			assert_value(fe_neg(x), l, naive_sub(zero, u));
			assert_value(fe_select(mask, x, y), l, (mask >> l & 1) != 0 ? u : v);
			assert_value(fe_swap_lanes(x, 1), l, value(&a, l ^ 1));
			assert_value(fe_swap_lanes(x, 2), l, value(&a, l ^ 2));
		}
	}
}

/* sum(4) − sum(2): the most that the contract lets the formulas do. */
static void sums_of_products(void **state)
{
	for (int i = 0; i < 300; i++) {
		struct limbs a = random_limbs(READY_MIN, READY_MAX);
		struct limbs b =
		    i == 0 ? equal_limbs(READY_MAX) : random_limbs(READY_MIN, READY_MAX);
		struct fe x = fe_of(&a), y = fe_of(&b);
		struct fe_wide xy = fe_wide_mul(x, y), yy = fe_wide_sq(y);
		struct fe_wide sum2 = fe_wide_add(xy, xy), other2 = fe_wide_add(yy, yy);
		struct fe difference = fe_carry(fe_wide_sub(fe_wide_add(sum2, sum2), other2));
		struct fe sum = fe_carry(fe_wide_add(sum2, other2));

		assert_range(limbs_of(difference), 0, CARRIED_MAX);
		assert_range(limbs_of(sum), 0, CARRIED_MAX);
		for (int l = 0; l < 4; l++) {
			struct naive u = naive_mul(value(&a, l), value(&b, l));
			struct naive v = naive_mul(value(&b, l), value(&b, l));
			struct naive u2 = naive_add(u, u), v2 = naive_add(v, v);

			assert_value(difference, l, naive_sub(naive_add(u2, u2), v2));
			assert_value(sum, l, naive_add(u2, v2));
			assert_value(fe_carry(fe_wide_twice(fe_mul(x, y))), l, u2);
		}
	}
}

/* Values from p up have more than one representation; 0 … 40 above p is where it shows. */
static void canonical_encodings(void **state)
{
	for (int64_t low = -40; low < 40; low++) {
		struct limbs a = equal_limbs(UNIT - 1), b = equal_limbs(0);

		for (int l = 0; l < 4; l++) {
			a.v[0][l] = UNIT - 19 + low;
			b.v[0][l] = low;
		}
		for (int l = 0; l < 4; l++) {
			assert_value(fe_of(&a), l, value(&b, l));
			assert_value(fe_of(&b), l, value(&b, l));
		}
	}
}

static void words_in(void **state)
{
	for (uint64_t i = 0; i < 300; i++) {
		uint64_t w[4][4];
		struct fe a;

		eg_test_random_bytes((uint8_t *)w, sizeof(w));
		for (int l = 0; l < 4; l++)
			w[3][l] &= UINT64_MAX >> 1;
		if (i < 39) /* p − 20 … 2^255 − 1 in lane 2 */
			for (int j = 0; j < 4; j++)
				w[j][2] = naive_p.w[j] + (j == 0 ? i - 20 : 0);
		a = fe_from_words(w);
		assert_range(limbs_of(a), 0, UNIT - 1);
		for (int l = 0; l < 4; l++) {
			const uint64_t one[4] = {w[0][l], w[1][l], w[2][l], w[3][l]};
			struct naive x = {{one[0], one[1], one[2], one[3]}};

			assert_value(a, l, naive_reduce(x));
			assert_value(fe_broadcast(one), 3 - l, naive_reduce(x));
		}
	}
}

static void inverses(void **state)
{
	const struct naive one = {{1}};

	for (int i = 0; i < 50; i++) {
		struct limbs a = random_limbs(0, READY_MAX), b;

		a.v[0][0] |= 1;
		b = limbs_of(fe_invert(fe_of(&a)));
		assert_range(b, 0, CARRIED_MAX);
		for (int l = 0; l < 4; l++)
			assert_true(naive_equal(naive_mul(value(&a, l), value(&b, l)), one));
	}
}

/* ── look-ups ── */

/* Packed as comb.h says, straight from its picture. */
static void pack(struct naive x, uint64_t out[4])
{
	for (unsigned i = 0; i < 4; i++) {
		out[i] = (x.w[3] >> 12 >> 13 * i & 0x1fff) << 51;
		for (unsigned b = 0; b < 51; b++)
			out[i] |= (x.w[(51 * i + b) / 64] >> (51 * i + b) % 64 & 1) << b;
	}
}

static void entries(void **state)
{
	static _Alignas(32) uint64_t entry[4][3][4];
	const struct naive zero = {{0}};

	for (int i = 0; i < 100; i++) {
		struct naive x[4][3];
		uintptr_t look[4];
		struct niels n;

		for (unsigned l = 0; l < 4; l++) {
			struct limbs a = random_limbs(0, UNIT - 1);

			for (int j = 0; j < 3; j++) {
				x[l][j] = i == 0 ? zero : value(&a, j);
				pack(x[l][j], entry[l][j]);
			}
			look[l] = (uintptr_t)entry[l] | eg_test_below(2);
		}
		n = niels_load(look);
		assert_range(limbs_of(n.ypx), 0, UNIT - 1);
		assert_range(limbs_of(n.ymx), 0, UNIT - 1);
		assert_range(limbs_of(n.t2d), READY_MIN, UNIT - 1);
		for (int l = 0; l < 4; l++) {
			unsigned negative = look[l] & 1;

			assert_value(n.ypx, l, x[l][negative]);
			assert_value(n.ymx, l, x[l][1 - negative]);
			assert_value(n.t2d, l, negative != 0 ? naive_sub(zero, x[l][2]) : x[l][2]);
		}
	}
}

/* Bytes that no validated table has keep to the range too. */
static void entries_of_ones(void **state)
{
	static _Alignas(32) uint64_t entry[12];
	uintptr_t plus = (uintptr_t)entry, look[4] = {plus, plus | 1, plus, plus | 1};
	struct niels n;

	memset(entry, 0xff, sizeof(entry));
	n = niels_load(look);
	assert_range(limbs_of(n.ypx), 0, UNIT - 1);
	assert_range(limbs_of(n.ymx), 0, UNIT - 1);
	assert_range(limbs_of(n.t2d), -18, UNIT - 1);
}

static void picks(void **state)
{
	struct limbs row[10];
	struct fe column[10];

	for (int i = 0; i < 10; i++) {
		row[i] = random_limbs(READY_MIN, READY_MAX);
		column[i] = fe_of(&row[i]);
	}
	for (int i = 0; i < 50; i++) {
		uint32_t index[4];
		struct limbs got;

		for (int l = 0; l < 4; l++)
			index[l] = eg_test_below(5);
		got = limbs_of(fe_pick(column, 2, index, 4));
		for (int k = 0; k < 5; k++)
			for (int l = 0; l < 4; l++)
				assert_int_equal(got.v[k][l], row[2 * index[l]].v[k][l]);
	}
}

/* ── SHA-512 ── */

#define MESSAGE_MAX 600u

/* MESSAGE_MAX random bytes that end where readable memory ends; where that is. */
static uint8_t *fenced_message(void)
{
	uint8_t *mem = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(mem != MAP_FAILED);
	assert_int_equal(mprotect(mem + 4096, 4096, PROT_NONE), 0);
	eg_test_random_bytes(mem + 4096 - MESSAGE_MAX, MESSAGE_MAX);
	return mem + 4096;
}

static void assert_hash(const struct eg_ed25519_job *job, const uint64_t got[8])
{
	crypto_hash_sha512_state sha;
	uint8_t expected[64];

	(void)crypto_hash_sha512_init(&sha);
	(void)crypto_hash_sha512_update(&sha, job->sig, 32);
	(void)crypto_hash_sha512_update(&sha, job->key->bytes, 32);
	(void)crypto_hash_sha512_update(&sha, job->msg, job->msg_bytes);
	(void)crypto_hash_sha512_final(&sha, expected);
	assert_memory_equal(got, expected, 64);
}

/* Every length in every number of lanes, the others repeating the first; then lengths drawn for
 * each lane. */
static void sha512(void **state)
{
	struct eg_ed25519_key key[4] = {0};
	struct eg_ed25519_job jobs[4];
	uint8_t sig[4][64], *end[4];

	for (int l = 0; l < 4; l++) {
		eg_test_random_bytes(key[l].bytes, 32);
		eg_test_random_bytes(sig[l], 64);
		end[l] = fenced_message();
	}
	for (uint32_t round = 0; round < 5 * (MESSAGE_MAX + 1); round++) {
		const struct eg_ed25519_job *job[4];
		uint64_t hash[4][8];

		for (uint32_t l = 0; l < 4; l++) {
			uint32_t bytes = round / 5;

			if (round % 5 == 4)
				bytes = eg_test_below(MESSAGE_MAX + 1);
			jobs[l] = (struct eg_ed25519_job){&key[l], end[l] - bytes, sig[l], bytes};
			job[l] = &jobs[l <= round % 5 ? l : 0];
		}
		sha512_lanes(job, hash);
		for (int l = 0; l < 4; l++)
			assert_hash(job[l], hash[l]);
	}
}

/* ── verdicts ── */

#define JOBS 64u

/* A point of order 8. */
static const uint8_t torsion[32] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3,
    0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38,
    0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};

struct verdict_case {
	struct eg_ed25519_key key;
	uint8_t msg[MESSAGE_MAX], sig[64];
	struct eg_ed25519_job job;
};

/* Signs by the equation itself, so that the key may be A + T: R = rB, S = r + k·a. */
static void sign_with(struct verdict_case *c, const uint8_t a[32])
{
	crypto_hash_sha512_state sha;
	uint8_t r[32], k[64], ka[32];

	crypto_core_ed25519_scalar_random(r);
	(void)crypto_scalarmult_ed25519_base_noclamp(c->sig, r);
	(void)crypto_hash_sha512_init(&sha);
	(void)crypto_hash_sha512_update(&sha, c->sig, 32);
	(void)crypto_hash_sha512_update(&sha, c->key.bytes, 32);
	(void)crypto_hash_sha512_update(&sha, c->msg, c->job.msg_bytes);
	(void)crypto_hash_sha512_final(&sha, k);
	crypto_core_ed25519_scalar_reduce(ka, k);
	crypto_core_ed25519_scalar_mul(ka, ka, a);
	crypto_core_ed25519_scalar_add(c->sig + 32, ka, r);
}

static void give_table(struct verdict_case *c, unsigned window_bits)
{
	const size_t bytes = eg_ed25519_table_bytes(window_bits);
	void *table = NULL;

	assert_int_equal(posix_memalign(&table, 64, bytes), 0);
	memset(table, 0, bytes);
	if (eg_ed25519_table_build(table, c->key.bytes, window_bits, NULL) == 0)
		c->key.table = table;
	else
		free(table);
}

/* Sound ones, keys A + T (valid once in eight), with tables and without, and spoilt ones. */
static void verdict_case_init(struct verdict_case *c)
{
	static const unsigned width[4] = {0, 6, 7, 8};
	unsigned window_bits = width[eg_test_below(4)];
	uint8_t a[32];

	memset(&c->key, 0, sizeof(c->key));
	crypto_core_ed25519_scalar_random(a);
	(void)crypto_scalarmult_ed25519_base_noclamp(c->key.bytes, a);
	if (eg_test_below(4) == 0)
		assert_int_equal(crypto_core_ed25519_add(c->key.bytes, c->key.bytes, torsion), 0);
	c->job = (struct eg_ed25519_job){&c->key, c->msg, c->sig, eg_test_below(MESSAGE_MAX + 1)};
	eg_test_random_bytes(c->msg, c->job.msg_bytes);
	sign_with(c, a);
	if (window_bits != 0)
		give_table(c, window_bits);
	if (eg_test_below(3) == 0)
		c->sig[eg_test_below(64)] ^= (uint8_t)(1u << eg_test_below(8));
	if (eg_test_below(8) == 0)
		c->key.bytes[eg_test_below(32)] ^= (uint8_t)(1u << eg_test_below(8));
}

static void check_verdicts(const struct verdict_case cases[], unsigned cnt)
{
	struct eg_ed25519_job jobs[JOBS] = {0};
	bool ok[JOBS];

	for (unsigned i = 0; i < cnt; i++)
		jobs[i] = cases[i].job;
	lanes4_impl.verify(jobs, cnt, ok);
	for (unsigned i = 0; i < cnt; i++)
		assert_int_equal(ok[i], crypto_sign_verify_detached(jobs[i].sig, jobs[i].msg,
		                            jobs[i].msg_bytes, jobs[i].key->bytes) == 0);
}

static void verdicts(void **state)
{
	static struct verdict_case cases[JOBS];

	for (unsigned i = 0; i < JOBS; i++)
		verdict_case_init(&cases[i]);
	for (unsigned cnt = 0; cnt <= 20; cnt++)
		check_verdicts(&cases[cnt], cnt);
	check_verdicts(cases, JOBS);
	for (unsigned i = 0; i < JOBS; i++)
		free((void *)(uintptr_t)cases[i].key.table);
}

static int run(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(products),
	    cmocka_unit_test(largest_products),
	    cmocka_unit_test(repeated_squares),
	    cmocka_unit_test(sums),
	    cmocka_unit_test(sums_of_products),
	    cmocka_unit_test(canonical_encodings),
	    cmocka_unit_test(words_in),
	    cmocka_unit_test(inverses),
	    cmocka_unit_test(entries),
	    cmocka_unit_test(entries_of_ones),
	    cmocka_unit_test(picks),
	    cmocka_unit_test(sha512),
	    cmocka_unit_test(verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
#ifdef __AVX2__
	if (!lanes4_impl.supported()) {
		(void)fprintf(stderr, "SKIPPED: this CPU has no AVX2\n");
		return 77;
	}
#endif
	if (sodium_init() < 0)
		return 1;
	return run();
}
