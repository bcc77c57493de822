/* SPDX-License-Identifier: BSD-3-Clause */
/* Comb tables: that they hold what they say, who may have which, and that damage is found. */
#include "comb.h"
#include "eg_ed25519_table.h"
#include "eg_test.h"
#include "scalar.h"
#include "word_plain.h"

#include "field51.inc.h"

#include <sodium.h>

static const uint8_t order8[32] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
    0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02,
    0x88, 0x6d, 0x53, 0xfc, 0x05};
static const unsigned centred[] = {6, 7, 9, 12, 14}, plain[] = {8, 10, 11, 13};

static struct eg_ed25519_table *new_table(unsigned w)
{
	size_t bytes = (eg_ed25519_table_bytes(w) + 63) / 64 * 64;
	struct eg_ed25519_table *table = aligned_alloc(64, bytes);

	assert_non_null(table);
	memset(table, 0, bytes);
	return table;
}

static void random_public(uint8_t public[32])
{
	uint8_t secret[64], seed[32];

	eg_test_random_bytes(seed, sizeof(seed));
	assert_int_equal(crypto_sign_seed_keypair(public, secret, seed), 0);
}

static void mixed_public(uint8_t public[32])
{
	random_public(public);
	assert_int_equal(crypto_core_ed25519_add(public, public, order8), 0);
}

static struct eg_ed25519_table *build(const uint8_t public[32], unsigned w)
{
	struct eg_ed25519_table *table = new_table(w);
	struct eg_error err = {0};

	if (eg_ed25519_table_build(table, public, w, &err) != 0)
		fail_msg("%u bits: %s", w, err.text);
	return table;
}

/* ── what is in it ── */

/* The affine point of an entry, encoded; and that 2dxy goes with it. */
static void encode_entry(const struct niels *n, uint8_t out[32])
{
	static const uint64_t half[4] = {
	    UINT64_MAX - 8, UINT64_MAX, UINT64_MAX, UINT64_MAX >> 2}; /* (p + 1)/2 */
	static const uint64_t d2[4] = {
	    0xebd69b9426b2f159, 0x00e0149a8283b156, 0x198e80f2eef3d130, 0x2406d9dc56dffce7};
	struct fe y = fe_mul(fe_add(n->ypx, n->ymx), fe_broadcast(half));
	struct fe x = fe_mul(fe_sub(n->ypx, n->ymx), fe_broadcast(half));
	uint64_t a[4][1], b[4][1];

	fe_to_words(fe_mul(fe_mul(x, y), fe_broadcast(d2)), a);
	fe_to_words(n->t2d, b);
	assert_memory_equal(a, b, sizeof(a));
	fe_to_words(x, a);
	fe_to_words(y, b);
	memcpy(out, b, 32);
	out[31] |= (uint8_t)(a[0][0] << 7);
}

#define SCALAR_BYTES 34 /* the last entry of the top window: up to 2^260 */

/* n·P by doubling and adding, P of any order */
static void multiply(const uint8_t n[SCALAR_BYTES], const uint8_t p[32], uint8_t q[32])
{
	static const uint8_t identity[32] = {1};

	memcpy(q, identity, sizeof(identity));
	for (int bit = 8 * SCALAR_BYTES - 1; bit >= 0; bit--) {
		assert_int_equal(crypto_core_ed25519_add(q, q, q), 0);
		if ((n[bit / 8] >> bit % 8 & 1) != 0)
			assert_int_equal(crypto_core_ed25519_add(q, q, p), 0);
	}
}

/* An entry that was picked at random is d·2^(wi)·(−A). */
static void check_some_entries(const struct eg_ed25519_table *table, unsigned cnt)
{
	uint8_t minus[32];

	memcpy(minus, table->public, sizeof(minus));
	minus[31] ^= 0x80;
	for (unsigned c = 0; c < cnt; c++) {
		unsigned i = eg_test_below(table->window_cnt);
		unsigned d =
		    c == 0 ? table->window_entries - 1 : eg_test_below(table->window_entries);
		unsigned bit = i * table->window_bits;
		uint8_t scalar[SCALAR_BYTES] = {0}, expected[32], got[32];
		uint64_t shifted = (uint64_t)d << bit % 8;
		uintptr_t look[1] = {
		    (uintptr_t)table->entry +
		    ((size_t)i * table->window_entries + d) * EG_ED25519_ENTRY_BYTES};
		struct niels n = niels_load(look);

		for (unsigned b = 0; b < 4 && bit / 8 + b < sizeof(scalar); b++)
			scalar[bit / 8 + b] = (uint8_t)(shifted >> 8 * b);
		multiply(scalar, minus, expected);
		encode_entry(&n, got);
		assert_memory_equal(got, expected, 32);
	}
}

static void every_width(void **state)
{
	uint8_t public[32], mixed[32];

	random_public(public);
	mixed_public(mixed);
	for (unsigned w = 6; w <= 14; w++) {
		struct eg_ed25519_table *table = build(public, w);
		bool is_plain = w == 8 || w == 10 || w == 11 || w == 13;

		assert_int_equal(table->recoding, is_plain ? EG_ED25519_PLAIN : EG_ED25519_CENTRED);
		check_some_entries(table, 8);
		free(table);
		if (!is_plain)
			continue;
		table = build(mixed, w);
		check_some_entries(table, 8);
		free(table);
	}
}

static void base_table(void **state)
{
	const struct eg_ed25519_table *table = eg_comb_base();
	uint8_t one[32] = {1}, base[32], got[32];
	struct niels n;

	assert_non_null(table);
	assert_ptr_equal(table, eg_comb_base());
	assert_int_equal(eg_ed25519_table_validate(table, NULL), 0);
	assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(base, one), 0);
	n = niels_load((const uintptr_t[1]){(uintptr_t)table->entry + EG_ED25519_ENTRY_BYTES});
	encode_entry(&n, got);
	assert_memory_equal(got, base, 32);
	check_some_entries(table, 8);
}

/* The look-ups of s, added up, are s·(−A). */
static void check_recode(const struct eg_ed25519_table *table, const uint64_t s[4])
{
	uintptr_t look[COMB_WINDOWS_MAX * 3] = {0};
	uint8_t minus[32], sum[32] = {1}, expected[32], entry[32], n[SCALAR_BYTES] = {0};

	eg_comb_recode(table, s, look, 3);
	for (unsigned i = 0; i < table->window_cnt; i++) {
		struct niels e = niels_load(&look[3 * (size_t)i]);
		size_t offset = look[3 * i] - (look[3 * i] & 1) - (uintptr_t)table->entry;

		assert_int_equal(offset / EG_ED25519_ENTRY_BYTES / table->window_entries, i);
		encode_entry(&e, entry);
		assert_int_equal(crypto_core_ed25519_add(sum, sum, entry), 0);
	}
	memcpy(minus, table->public, sizeof(minus));
	minus[31] ^= 0x80;
	memcpy(n, s, 32);
	multiply(n, minus, expected);
	assert_memory_equal(sum, expected, 32);
}

static void look_ups_add_up(void **state)
{
	uint8_t public[32], mixed[32];

	random_public(public);
	mixed_public(mixed);
	for (unsigned w = 6; w <= 8; w++) {
		struct eg_ed25519_table *table = build(w == 8 ? mixed : public, w);

		for (int i = 0; i < 20; i++) {
			uint64_t hash[8], s[4];

			eg_test_random_bytes((uint8_t *)hash, sizeof(hash));
			eg_scalar_reduce(hash, s);
			check_recode(table, s);
		}
		free(table);
	}
}

/* ── who may have which ── */

static void allowed_widths(void **state)
{
	for (unsigned i = 0; i < 5; i++) {
		assert_true(eg_ed25519_table_allows(EG_ED25519_POINT_PRIME, centred[i]));
		assert_false(eg_ed25519_table_allows(EG_ED25519_POINT_MIXED, centred[i]));
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_true(eg_ed25519_table_allows(EG_ED25519_POINT_PRIME, plain[i]));
		assert_true(eg_ed25519_table_allows(EG_ED25519_POINT_MIXED, plain[i]));
	}
	for (unsigned w = 0; w < 300; w++) {
		bool known = w >= 6 && w <= 14;

		assert_int_equal(eg_ed25519_table_bytes(w) != 0, known);
		assert_int_equal(eg_ed25519_table_allows(EG_ED25519_POINT_PRIME, w), known);
		assert_false(eg_ed25519_table_allows(EG_ED25519_POINT_SMALL, w));
		assert_false(eg_ed25519_table_allows(EG_ED25519_POINT_NOT_A_POINT, w));
	}
	assert_int_equal(eg_ed25519_table_bytes(12), 64 + 21 * 2049 * 96);
	assert_int_equal(eg_ed25519_table_bytes(8), 64 + 32 * 129 * 96);
}

static void assert_refused(const uint8_t public[32], unsigned w)
{
	struct eg_ed25519_table *table = new_table(w);
	struct eg_error err = {0};

	assert_int_equal(eg_ed25519_table_build(table, public, w, &err), -EG_EINVAL);
	assert_int_equal(err.code, -EG_EINVAL);
	free(table);
}

static void refused_points(void **state)
{
	uint8_t mixed[32], not_canonical[32], off_curve[32] = {2};

	mixed_public(mixed);
	memset(not_canonical, 0xff, 32);
	not_canonical[0] = 0xf0; /* p + 3 */
	not_canonical[31] = 0x7f;
	for (unsigned i = 0; i < 5; i++)
		assert_refused(mixed, centred[i]);
	for (unsigned w = 6; w <= 9; w++) {
		assert_refused(order8, w);
		assert_refused(not_canonical, w);
		assert_refused(off_curve, w);
	}
}

/* A table of a mixed-order point that claims to be a centred one: what the build never makes. */
static void forged_recoding(void **state)
{
	uint8_t mixed[32], public[32];
	struct eg_ed25519_table *table;

	mixed_public(mixed);
	random_public(public);
	table = build(mixed, 8);
	table->recoding = EG_ED25519_CENTRED;
	assert_int_equal(eg_ed25519_table_validate(table, NULL), -EG_ECORRUPT);
	free(table);
	table = build(public, 6);
	memcpy(table->public, mixed, sizeof(mixed));
	assert_int_equal(eg_ed25519_table_validate(table, NULL), -EG_ECORRUPT);
	free(table);
}

/* ── damage ── */

static void assert_damage_found(struct eg_ed25519_table *table, size_t bit)
{
	uint8_t *byte = (uint8_t *)table + bit / 8;

	*byte ^= (uint8_t)(1 << bit % 8);
	if (eg_ed25519_table_validate(table, NULL) != -EG_ECORRUPT)
		fail_msg("bit %zu", bit);
	*byte ^= (uint8_t)(1 << bit % 8);
}

static void flipped_bits(void **state)
{
	size_t entries = offsetof(struct eg_ed25519_table, entry) * 8;
	size_t bits = eg_ed25519_table_bytes(6) * 8;
	struct eg_ed25519_table *table;
	uint8_t public[32];

	random_public(public);
	table = build(public, 6);
	for (size_t bit = 0; bit < entries; bit++)
		assert_damage_found(table, bit);
	for (size_t bit = 0; bit < 3 * EG_ED25519_ENTRY_BYTES * 8; bit++)
		assert_damage_found(table, entries + bit);
	for (size_t bit = 0; bit < EG_ED25519_ENTRY_BYTES * 8; bit += 7) /* of the last entry */
		assert_damage_found(table, bits - 1 - bit);
	for (int i = 0; i < 300; i++)
		assert_damage_found(table, entries + (size_t)(eg_test_random() % (bits - entries)));
	assert_int_equal(eg_ed25519_table_validate(table, NULL), 0);
	free(table);
}

/* The identity's 0 and 1 written as p and p + 1: the same numbers, but not what a table holds. */
static void elements_that_are_not_canonical(void **state)
{
	static const uint64_t p[4] = {UINT64_MAX - 18, UINT64_MAX, UINT64_MAX,
	    UINT64_MAX >> 1}; /* packed: it looks the same */
	struct eg_ed25519_table *table;
	uint64_t *words;
	uint8_t public[32];

	random_public(public);
	table = build(public, 6);
	words = (uint64_t *)(void *)table->entry;
	memcpy(&words[8], p, sizeof(p));
	assert_int_equal(eg_ed25519_table_validate(table, NULL), -EG_ECORRUPT);
	memset(&words[8], 0, sizeof(p));
	assert_int_equal(eg_ed25519_table_validate(table, NULL), 0);
	memcpy(words, p, sizeof(p));
	words[0]++;
	assert_int_equal(eg_ed25519_table_validate(table, NULL), -EG_ECORRUPT);
	free(table);
}

/* Windows and entries that are sound, but of another place or another key. */
static void entries_in_the_wrong_place(void **state)
{
	const size_t window = 33u * EG_ED25519_ENTRY_BYTES;
	uint8_t public[32], other[32];
	struct eg_ed25519_table *table, *second;

	random_public(public);
	random_public(other);
	table = build(public, 6);
	second = build(other, 6);
	memcpy(table->entry + 5 * window, second->entry + 5 * window, window);
	assert_int_equal(eg_ed25519_table_validate(table, NULL), -EG_ECORRUPT);
	memcpy(second->public, public, sizeof(public));
	assert_int_equal(eg_ed25519_table_validate(second, NULL), -EG_ECORRUPT);
	free(table);
	table = build(public, 6);
	memcpy(table->entry + 5 * window, table->entry + 6 * window, window);
	assert_int_equal(eg_ed25519_table_validate(table, NULL), -EG_ECORRUPT);
	free(table);
	free(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_width),
	    cmocka_unit_test(base_table),
	    cmocka_unit_test(look_ups_add_up),
	    cmocka_unit_test(allowed_widths),
	    cmocka_unit_test(refused_points),
	    cmocka_unit_test(forged_recoding),
	    cmocka_unit_test(flipped_bits),
	    cmocka_unit_test(elements_that_are_not_canonical),
	    cmocka_unit_test(entries_in_the_wrong_place),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
