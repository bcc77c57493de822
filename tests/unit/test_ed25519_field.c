/* SPDX-License-Identifier: BSD-3-Clause */
/* The one-lane field against bit-by-bit arithmetic, with limbs as large as they may be. */
#include "ed25519_naive.h"
#include "eg_test.h"
#include "invert.h"
#include "word_plain.h"

#include "field51.inc.h"
#include "inverse.inc.h"

#define CARRIED_MAX ((UINT64_C(1) << 51) - 1)
#define PRODUCT_MAX (CARRIED_MAX + (UINT64_C(1) << 13))
#define READY_MAX   ((UINT64_C(1) << 54) + (UINT64_C(1) << 16) - 1)

static struct naive value(struct fe a)
{
	return naive_from_limbs(a.v, 5, 51);
}

/* The value after a way through the words: canonical, or it is not equal. */
static struct naive encoded(struct fe a)
{
	uint64_t w[4][1];

	fe_to_words(a, w);
	return (struct naive){{w[0][0], w[1][0], w[2][0], w[3][0]}};
}

/* Limbs up to max: the largest and the smallest more often than not. */
static struct fe random_fe(uint64_t max)
{
	struct fe a;

	for (int i = 0; i < 5; i++)
		switch (eg_test_below(4)) {
		case 0:
			a.v[i] = max;
			break;
		case 1:
			a.v[i] = eg_test_below(2);
			break;
		default:
			a.v[i] = eg_test_random() % (max + 1);
		}
	return a;
}

static struct fe random_carried(void)
{
	struct fe a = random_fe(CARRIED_MAX);

	a.v[1] += eg_test_random() % (1 << 13);
	return a;
}

static void assert_carried(struct fe a)
{
	for (int i = 0; i < 5; i++)
		assert_true(a.v[i] <= (i == 1 ? PRODUCT_MAX : CARRIED_MAX));
}

static void assert_ready(struct fe a)
{
	for (int i = 0; i < 5; i++)
		assert_true(a.v[i] <= READY_MAX);
}

static void assert_value(struct fe a, struct naive expected)
{
	assert_true(naive_equal(value(a), expected));
	assert_true(naive_equal(encoded(a), expected));
}

static void products(void **state)
{
	for (int i = 0; i < 300; i++) {
		struct fe a = random_fe(READY_MAX), b = random_fe(READY_MAX);
		struct naive x = value(a), y = value(b);

		assert_value(fe_mul(a, b), naive_mul(x, y));
		assert_value(fe_sq(a), naive_mul(x, x));
		assert_carried(fe_mul(a, b));
		assert_carried(fe_sq(a));
		assert_carried(fe_wide_mul(a, b).sum);
		assert_value(fe_sqn(a, 2), naive_mul(naive_mul(x, x), naive_mul(x, x)));
	}
}

static void largest_products(void **state)
{
	struct fe a = {{READY_MAX, READY_MAX, READY_MAX, READY_MAX, READY_MAX}};

	assert_value(fe_mul(a, a), naive_mul(value(a), value(a)));
	assert_value(fe_sq(a), naive_mul(value(a), value(a)));
	assert_carried(fe_mul(a, a));
}

static void sums(void **state)
{
	for (int i = 0; i < 300; i++) {
		struct fe a = random_carried(), b = random_carried();
		struct naive x = value(a), y = value(b), zero = {{0}};

		assert_value(fe_add(a, b), naive_add(x, y));
		assert_value(fe_sub(a, b), naive_sub(x, y));
		assert_value(fe_neg(a), naive_sub(zero, x));
		assert_value(fe_select(1, a, b), x);
		assert_value(fe_select(0, a, b), y);
		assert_ready(fe_add(a, b));
		assert_ready(fe_sub(a, b));
		assert_ready(fe_neg(a));
	}
}

/* sum(4) − sum(2): the most that the contract lets the formulas do. */
static void sums_of_products(void **state)
{
	for (int i = 0; i < 300; i++) {
		struct fe_wide a = {random_fe(PRODUCT_MAX)}, b = {random_fe(PRODUCT_MAX)};
		struct fe_wide a2 = fe_wide_add(a, a), b2 = fe_wide_add(b, b);
		struct naive x = value(a.sum), y = value(b.sum);
		struct naive x2 = naive_add(x, x), y2 = naive_add(y, y);
		struct fe difference = fe_carry(fe_wide_sub(fe_wide_add(a2, a2), b2));

		assert_value(difference, naive_sub(naive_add(x2, x2), y2));
		assert_ready(difference);
		assert_value(fe_carry(fe_wide_add(a2, b2)), naive_add(x2, y2));
		assert_ready(fe_carry(fe_wide_add(a2, b2)));
		assert_value(fe_carry(fe_wide_twice(a.sum)), x2);
	}
}

/* Values from p up have more than one representation; 0 … 40 above k·p is where it shows. */
static void canonical_encodings(void **state)
{
	for (uint64_t k = 0; k < 3; k++)
		for (uint64_t low = 0; low < 40; low++) {
			struct fe a = {{k * (CARRIED_MAX - 18) + low, k * CARRIED_MAX,
			    k * CARRIED_MAX, k * CARRIED_MAX, k * CARRIED_MAX}};

			assert_true(naive_equal(encoded(a), (struct naive){{low}}));
		}
	for (int i = 0; i < 300; i++) {
		struct fe a = random_fe(READY_MAX);

		assert_true(naive_equal(encoded(a), value(a)));
	}
}

static void assert_words(struct naive x)
{
	uint64_t w[4][1] = {{x.w[0]}, {x.w[1]}, {x.w[2]}, {x.w[3]}};

	assert_carried(fe_from_words(w));
	assert_value(fe_from_words(w), naive_reduce(x));
	assert_value(fe_broadcast(x.w), naive_reduce(x));
}

static void words_in(void **state)
{
	for (uint64_t i = 0; i < 39; i++) { /* p − 20 … 2^255 − 1 */
		struct naive x = naive_p;

		x.w[0] = x.w[0] - 20 + i;
		assert_words(x);
	}
	for (int i = 0; i < 300; i++)
		assert_words((struct naive){
		    {eg_test_random(), eg_test_random(), eg_test_random(), eg_test_random() >> 1}});
}

/* Packed as comb.h says, straight from its picture. */
static void pack(struct naive x, uint64_t out[4])
{
	uint64_t limb4 = x.w[3] >> 12;

	for (unsigned i = 0; i < 4; i++) {
		out[i] = 0;
		for (unsigned b = 0; b < 51; b++)
			out[i] |= (x.w[(51 * i + b) / 64] >> (51 * i + b) % 64 & 1) << b;
		out[i] |= (limb4 >> 13 * i & 0x1fff) << 51;
	}
}

static void entries(void **state)
{
	_Alignas(32) uint64_t entry[3][4];
	struct naive x[3], zero = {{0}};

	for (int i = 0; i < 100; i++) {
		uintptr_t look[1] = {(uintptr_t)entry};
		struct niels n;

		for (int j = 0; j < 3; j++) {
			x[j] = value(random_fe(CARRIED_MAX));
			pack(x[j], entry[j]);
		}
		n = niels_load(look);
		assert_value(n.ypx, x[0]);
		assert_value(n.ymx, x[1]);
		assert_value(n.t2d, x[2]);
		look[0] |= 1;
		n = niels_load(look);
		assert_value(n.ypx, x[1]);
		assert_value(n.ymx, x[0]);
		assert_value(n.t2d, naive_sub(zero, x[2]));
		assert_ready(n.t2d);
	}
}

/* Bytes that no validated table has keep to the range too. */
static void entries_of_ones(void **state)
{
	_Alignas(32) uint64_t entry[12];
	uintptr_t look[1] = {(uintptr_t)entry | 1};
	struct niels n;

	memset(entry, 0xff, sizeof(entry));
	n = niels_load(look);
	assert_carried(n.ypx);
	assert_carried(n.ymx);
	assert_ready(n.t2d);
}

static void picks(void **state)
{
	struct fe column[10];

	for (uint32_t i = 0; i < 10; i++)
		column[i] = random_carried();
	for (uint32_t i = 0; i < 5; i++)
		assert_true(naive_equal(value(fe_pick(column, 2, &i, 4)), value(column[2 * i])));
}

static void assert_inverse(struct naive x)
{
	struct naive inverse, one = {{1}};

	eg_field_invert(x.w, inverse.w);
	assert_true(naive_less(inverse, naive_p));
	assert_true(naive_equal(naive_mul(x, inverse), one));
}

static void inverses(void **state)
{
	struct naive zero = {{0}}, inverse = {{1, 2, 3, 4}}, x = {{1}};

	eg_field_invert(zero.w, inverse.w);
	assert_true(naive_equal(inverse, zero));
	for (int i = 0; i < 255; i++) { /* powers of two and their neighbours */
		assert_inverse(x);
		assert_inverse(naive_sub(zero, x));
		x = naive_add(x, x);
		if (i > 0)
			assert_inverse(naive_sub(x, (struct naive){{1}}));
	}
	for (int i = 0; i < 2000; i++)
		assert_inverse(value(random_fe(CARRIED_MAX)));
}

static void many_inverses(void **state)
{
	struct fe a[17], inverse[17];
	struct naive one = {{1}};

	for (unsigned cnt = 1; cnt <= 17; cnt++) {
		for (unsigned i = 0; i < cnt; i++) {
			a[i] = random_fe(READY_MAX);
			a[i].v[0] += naive_equal(value(a[i]), (struct naive){{0}});
		}
		fe_invert_many(a, cnt, inverse);
		for (unsigned i = 0; i < cnt; i++) {
			assert_carried(inverse[i]);
			assert_true(naive_equal(naive_mul(value(a[i]), value(inverse[i])), one));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(products),
	    cmocka_unit_test(largest_products),
	    cmocka_unit_test(sums),
	    cmocka_unit_test(sums_of_products),
	    cmocka_unit_test(canonical_encodings),
	    cmocka_unit_test(words_in),
	    cmocka_unit_test(entries),
	    cmocka_unit_test(entries_of_ones),
	    cmocka_unit_test(picks),
	    cmocka_unit_test(inverses),
	    cmocka_unit_test(many_inverses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
