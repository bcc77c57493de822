/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The eight-lane implementation from the inside. Built twice: as test_ed25519_lanes8 over plain
 * arrays (vec8_plain.h), which runs anywhere, and as test_ed25519_ifma with the instructions
 * themselves, for CPUs that have them (tests/emulated/run.sh has one to lend).
 */
#define eg_ed25519_ifma lanes8_impl
#include "ifma.c"

#include "eg_test.h"

#include <sodium.h>
#include <sys/mman.h>

#define LIMB_CARRIED (((uint64_t)1 << 51) + ((uint64_t)1 << 16) - 1)
#define LIMB_READY   (((uint64_t)1 << 52) - 1)

/* ── integers mod p, the slow way: eight digits of 32 bits ── */

struct number {
	uint32_t digit[8];
};

static const struct number prime = {{0xFFFFFFED, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x7FFFFFFF}};

/* a −= b where a >= b; true where it was. */
static bool number_take(struct number *a, const struct number *b)
{
	struct number out;
	int64_t borrow = 0;

	for (int i = 0; i < 8; i++) {
		borrow += (int64_t)a->digit[i] - b->digit[i];
		out.digit[i] = (uint32_t)borrow;
		borrow >>= 32;
	}
	if (borrow == 0)
		*a = out;
	return borrow == 0;
}

/* Sixteen digits mod p: 2^256 = 38. */
static struct number number_reduce(const uint64_t wide[16])
{
	struct number out;
	uint64_t carry = 0, digit[8];

	for (int i = 0; i < 8; i++) {
		carry += wide[i] + 38 * wide[i + 8];
		digit[i] = (uint32_t)carry;
		carry >>= 32;
	}
	while (carry != 0) {
		carry *= 38;
		for (int i = 0; i < 8; i++) {
			carry += digit[i];
			digit[i] = (uint32_t)carry;
			carry >>= 32;
		}
	}
	for (int i = 0; i < 8; i++)
		out.digit[i] = (uint32_t)digit[i];
	while (number_take(&out, &prime))
		;
	return out;
}

static struct number number_mul(struct number a, struct number b)
{
	uint64_t wide[16] = {0};

	for (int i = 0; i < 8; i++) {
		uint64_t carry = 0;

		for (int j = 0; j < 8; j++) {
			carry += wide[i + j] + (uint64_t)a.digit[i] * b.digit[j];
			wide[i + j] = (uint32_t)carry;
			carry >>= 32;
		}
		wide[i + 8] = carry;
	}
	return number_reduce(wide);
}

static struct number number_add(struct number a, struct number b)
{
	uint64_t wide[16] = {0};

	for (int i = 0; i < 8; i++)
		wide[i] = (uint64_t)a.digit[i] + b.digit[i];
	return number_reduce(wide);
}

static struct number number_small(uint64_t n)
{
	const uint64_t wide[16] = {(uint32_t)n, n >> 32};

	return number_reduce(wide);
}

static struct number number_sub(struct number a, struct number b)
{
	struct number minus = prime;

	assert_true(number_take(&minus, &b));
	return number_add(a, minus);
}

/* ── elements ── */

static uint64_t limb_of(const v8 *l, unsigned lane)
{
	uint64_t word[8];

	v8_store(word, *l);
	return word[lane];
}

/* Σ limb·2^(51i) */
static struct number value_of(const v8 l[5], unsigned lane)
{
	struct number out = {{0}};

	for (int i = 4; i >= 0; i--) {
		out = number_mul(out, number_small((uint64_t)1 << 51));
		out = number_add(out, number_small(limb_of(&l[i], lane)));
	}
	return out;
}

static void assert_same(struct number a, struct number b)
{
	assert_memory_equal(&a, &b, sizeof(a));
}

static void assert_carried(const struct fe *a)
{
	for (int i = 0; i < 5; i++)
		for (unsigned lane = 0; lane < 8; lane++)
			assert_true(limb_of(&a->l[i], lane) <= LIMB_CARRIED);
}

/* Lane 0: every limb the largest that may be. Lane 1: zero. The others: limbs from the ends of
 * their range and from the middle. */
static struct fe worst(uint64_t most)
{
	struct fe out;

	for (int i = 0; i < 5; i++) {
		uint64_t lane[8];

		for (int l = 0; l < 8; l++) {
			const uint64_t choice[6] = {0, 1, FE_LIMB_MASK, FE_LIMB_MASK + 1, most,
			    eg_test_random() & FE_LIMB_MASK};

			lane[l] = choice[eg_test_below(6)];
		}
		lane[0] = most;
		lane[1] = 0;
		out.l[i] = v8_load(lane);
	}
	return out;
}

static void test_products(void **state)
{
	for (int round = 0; round < 100; round++) {
		const struct fe a = worst(LIMB_READY), b = worst(LIMB_READY);
		const struct fe product = fe_mul(a, b), square = fe_sq(a);

		assert_carried(&product);
		assert_carried(&square);
		for (unsigned l = 0; l < 8; l++) {
			const struct number x = value_of(a.l, l), y = value_of(b.l, l);

			assert_same(value_of(product.l, l), number_mul(x, y));
			assert_same(value_of(square.l, l), number_mul(x, x));
		}
	}
}

/* Sums of four products and their differences, all at the top of their range. */
static void test_sums(void **state)
{
	for (int round = 0; round < 50; round++) {
		const struct fe a = worst(LIMB_READY), b = worst(LIMB_READY);
		const struct fe_wide p = fe_wide_mul(a, b), q = fe_wide_sq(b);
		const struct fe_wide p2 = fe_wide_add(p, p), q2 = fe_wide_add(q, q);
		const struct fe sum = fe_carry(fe_wide_add(p2, q2));
		const struct fe most = fe_carry(fe_wide_sub(fe_wide_add(p2, p2), q2));
		const struct fe least = fe_carry(fe_wide_sub(q, p2));

		assert_carried(&sum);
		assert_carried(&most);
		assert_carried(&least);
		for (unsigned l = 0; l < 8; l++) {
			const struct number y = value_of(b.l, l), xy = value_of(p.l, l);
			const struct number yy = number_mul(y, y), two = number_small(2);
			const struct number xy2 = number_mul(two, xy), yy2 = number_mul(two, yy);

			assert_same(xy, number_mul(value_of(a.l, l), y));
			assert_same(value_of(sum.l, l), number_add(xy2, yy2));
			assert_same(value_of(most.l, l), number_sub(number_add(xy2, xy2), yy2));
			assert_same(value_of(least.l, l), number_sub(yy, xy2));
		}
	}
}

static void test_elements(void **state)
{
	for (int round = 0; round < 50; round++) {
		const struct fe a = worst(LIMB_CARRIED), b = worst(LIMB_CARRIED);
		const struct fe sum = fe_add(a, b), difference = fe_sub(a, b), minus = fe_neg(a);
		const struct fe twice = fe_carry(fe_wide_twice(a)), power = fe_sqn(a, 3);
		const struct fe mixed = fe_select(0xA5, a, b), swapped = fe_swap_lanes(a, 4);

		assert_carried(&sum);
		assert_carried(&difference);
		assert_carried(&minus);
		assert_carried(&twice);
		for (unsigned l = 0; l < 8; l++) {
			const struct number x = value_of(a.l, l), y = value_of(b.l, l);
			struct number x2 = number_mul(x, x), x4 = number_mul(x2, x2);

			assert_same(value_of(sum.l, l), number_add(x, y));
			assert_same(value_of(difference.l, l), number_sub(x, y));
			assert_same(value_of(minus.l, l), number_sub(number_small(0), x));
			assert_same(value_of(twice.l, l), number_add(x, x));
			assert_same(value_of(power.l, l), number_mul(x4, x4));
			assert_same(value_of(mixed.l, l), 0xA5 >> l & 1 ? x : y);
			assert_same(value_of(swapped.l, l), value_of(a.l, l ^ 4));
		}
	}
}

/* Values round 0, p and 2p, as words and as the loosest limbs. */
static void test_words(void **state)
{
	static const uint64_t edge[6][4] = {{0}, {18}, {19},
	    {0xFFFFFFFFFFFFFFEC, ~0ull, ~0ull, ~0ull >> 1},
	    {0xFFFFFFFFFFFFFFED, ~0ull, ~0ull, ~0ull >> 1}, {~0ull, ~0ull, ~0ull, ~0ull >> 1}};
	uint64_t w[4][8], back[4][8];

	for (int e = 0; e < 6; e++) {
		struct fe a = fe_broadcast(edge[e]);

		fe_to_words(a, back);
		for (unsigned l = 0; l < 8; l++) {
			const uint64_t got[4] = {back[0][l], back[1][l], back[2][l], back[3][l]};
			struct number expected;

			memcpy(&expected, edge[e], sizeof(expected));
			(void)number_take(&expected, &prime);
			assert_memory_equal(got, &expected, sizeof(got));
		}
	}
	for (int round = 0; round < 100; round++) {
		struct fe a = worst(round % 2 ? LIMB_READY : LIMB_CARRIED);

		fe_to_words(a, w);
		a = fe_from_words((const uint64_t(*)[8])w);
		fe_to_words(a, back);
		assert_memory_equal(w, back, sizeof(w));
		for (unsigned l = 0; l < 8; l++) {
			const uint64_t word[4] = {w[0][l], w[1][l], w[2][l], w[3][l]};
			const struct number x = value_of(a.l, l);

			assert_memory_equal(word, &x, sizeof(x));
		}
	}
}

/* ── look-ups ── */

static void pack(uint64_t out[4], const uint64_t limb[5])
{
	for (int i = 0; i < 4; i++)
		out[i] = limb[i] | (limb[4] >> 13 * i) << 51;
}

static void test_niels_load(void **state)
{
	static _Alignas(32) uint64_t entry[16][12];

	for (int round = 0; round < 50; round++) {
		uint64_t limb[16][3][5];
		uintptr_t look[8];
		struct niels n;

		for (int e = 0; e < 16; e++)
			for (int k = 0; k < 3; k++) {
				for (int i = 0; i < 5; i++)
					limb[e][k][i] = e == 0   ? FE_LIMB_MASK
					                : e == 1 ? 0
					                         : eg_test_random() & FE_LIMB_MASK;
				pack(&entry[e][4 * k], limb[e][k]);
			}
		for (int l = 0; l < 8; l++)
			look[l] = (uintptr_t)entry[round < 16 ? l / 4 : (int)eg_test_below(16)] |
			          eg_test_below(2);
		n = niels_load(look);
		for (unsigned l = 0; l < 8; l++) {
			const unsigned minus = look[l] & 1;
			const size_t e = (look[l] - (uintptr_t)entry) / sizeof(entry[0]);
			const struct number t2d = value_of(n.t2d.l, l);
			struct number t = {{0}};

			for (int i = 0; i < 5; i++) {
				assert_int_equal(limb_of(&n.ypx.l[i], l), limb[e][minus][i]);
				assert_int_equal(limb_of(&n.ymx.l[i], l), limb[e][!minus][i]);
				assert_true(limb_of(&n.t2d.l[i], l) <= LIMB_READY);
			}
			for (int i = 4; i >= 0; i--)
				t = number_add(number_mul(t, number_small((uint64_t)1 << 51)),
				    number_small(limb[e][2][i]));
			assert_same(t2d, minus ? number_sub(number_small(0), t) : t);
		}
	}
}

static void test_pick(void **state)
{
	struct fe column[3 * 17];
	uint32_t index[8];

	for (int i = 0; i < 3 * 17; i++)
		column[i] = worst(LIMB_CARRIED);
	for (int round = 0; round < 50; round++) {
		struct fe got;

		for (int l = 0; l < 8; l++)
			index[l] = eg_test_below(17);
		got = fe_pick(column, 3, index, 16);
		for (unsigned l = 0; l < 8; l++)
			for (int i = 0; i < 5; i++)
				assert_int_equal(
				    limb_of(&got.l[i], l), limb_of(&column[3 * index[l]].l[i], l));
	}
}

/* ── SHA-512 ── */

#define MESSAGE_MAX 600u

/* A copy of the message that ends where readable memory ends. */
struct fenced {
	uint8_t *end;
};

static struct fenced fence(void)
{
	uint8_t *mem = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(mem != MAP_FAILED);
	assert_int_equal(mprotect(mem + 4096, 4096, PROT_NONE), 0);
	return (struct fenced){mem + 4096};
}

struct hash_case {
	struct eg_ed25519_key key;
	uint8_t sig[64];
	struct eg_ed25519_job job;
};

static void hash_case_init(struct hash_case *c, const struct fenced *f, uint32_t msg_bytes)
{
	eg_test_random_bytes(c->key.bytes, 32);
	eg_test_random_bytes(c->sig, 64);
	c->job = (struct eg_ed25519_job){
	    .key = &c->key, .msg = f->end - msg_bytes, .sig = c->sig, .msg_bytes = msg_bytes};
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

/* Every length from 0 on in every number of lanes, the others repeating the first; then lengths
 * drawn for each lane. */
static void test_sha512(void **state)
{
	struct fenced f[8];
	struct hash_case c[8];
	const struct eg_ed25519_job *job[8];
	uint64_t hash[8][8];

	for (int l = 0; l < 8; l++) {
		f[l] = fence();
		eg_test_random_bytes(f[l].end - MESSAGE_MAX, MESSAGE_MAX);
	}
	for (unsigned round = 0; round <= 2 * MESSAGE_MAX; round++) {
		const unsigned lanes = round % 8 + 1;

		for (unsigned l = 0; l < 8; l++) {
			const uint32_t bytes =
			    round <= MESSAGE_MAX ? round : eg_test_below(MESSAGE_MAX + 1);

			hash_case_init(&c[l], &f[l], bytes);
			job[l] = &c[l < lanes ? l : 0].job;
		}
		sha512_lanes(job, hash);
		for (unsigned l = 0; l < 8; l++)
			assert_hash(job[l], hash[l]);
	}
}

/* ── scalars ── */

/* Hashes round the multiples of L that matter, and at the ends. */
static void extreme_hash(uint64_t hash[8])
{
	static const uint64_t order[4] = {
	    0x5812631A5CF5D3ED, 0x14DEF9DEA2F79CD6, 0, 0x1000000000000000};
	const unsigned shift = eg_test_below(4);
	unsigned __int128 t = 0;

	eg_test_random_bytes((uint8_t *)hash, 64);
	switch (eg_test_below(6)) {
	case 0:
		memset(hash, 0xFF, 64);
		hash[0] -= eg_test_below(3);
		break;
	case 1:
		memset(hash, 0, 64);
		hash[eg_test_below(8)] = (uint64_t)1 << eg_test_below(64);
		break;
	case 2: /* a multiple of L, give or take one */
		memset(hash, 0, 64);
		for (unsigned i = 0; i < 4; i++) {
			t += (unsigned __int128)order[i] * (eg_test_random() | 1);
			hash[i + shift] = (uint64_t)t;
			t >>= 64;
		}
		break;
	case 3: /* L·2^(64·shift), give or take one */
		memset(hash, 0, 64);
		memcpy(hash + shift, order, 32);
		hash[0] += (uint64_t)eg_test_below(3) - 1;
		break;
	default:
		break;
	}
}

static void test_reduce(void **state)
{
	for (int round = 0; round < 500; round++) {
		uint64_t row[8][8], word[4][8];
		v8 rows[8], hash[8], k[4];

		for (int l = 0; l < 8; l++) {
			extreme_hash(row[l]);
			rows[l] = v8_load(row[l]);
		}
		v8_transpose(rows, hash);
		scalar_reduce_lanes(hash, k);
		for (int i = 0; i < 4; i++)
			v8_store(word[i], k[i]);
		for (int l = 0; l < 8; l++) {
			const uint64_t got[4] = {word[0][l], word[1][l], word[2][l], word[3][l]};
			uint8_t expected[32];

			crypto_core_ed25519_scalar_reduce(expected, (uint8_t *)row[l]);
			assert_memory_equal(got, expected, 32);
		}
	}
}

/* Shapes of tables; nothing is read through their addresses. */
static struct eg_ed25519_table *shape_of(unsigned width)
{
	struct eg_ed25519_table *table = aligned_alloc(64, sizeof(*table));

	assert_non_null(table);
	memset(table, 0, sizeof(*table));
	table->window_bits = (uint8_t)width;
	table->window_cnt = eg_recodings[width].window_cnt;
	table->window_entries = (1u << (width - 1)) + 1;
	return table;
}

static void check_looks(struct eg_ed25519_table *const shape[8], struct eg_ed25519_table *b)
{
	uint64_t hash[8][8], s[8][4], scalar[4];
	uintptr_t look[EG_COMB_BASE_WINDOWS + COMB_WINDOWS_MAX][8], one[COMB_WINDOWS_MAX];
	struct recode_in in = {.b = b, .a_rows = COMB_WINDOWS_MAX};

	for (int l = 0; l < 8; l++) {
		extreme_hash(hash[l]);
		eg_scalar_reduce(hash[l], s[l]);
		extreme_hash(hash[l]);
		in.hash[l] = hash[l];
		in.s[l] = (const uint8_t *)s[l];
		in.a[l] = shape[l];
	}
	recode_lanes(&in, look);
	for (int l = 0; l < 8; l++) {
		eg_comb_recode(b, s[l], one, 1);
		for (unsigned i = 0; i < b->window_cnt; i++)
			assert_int_equal(look[i][l], one[i]);
		eg_scalar_reduce(hash[l], scalar);
		eg_comb_recode(shape[l], scalar, one, 1);
		for (unsigned i = 0; i < COMB_WINDOWS_MAX; i++)
			assert_int_equal(look[b->window_cnt + i][l],
			    i < shape[l]->window_cnt ? one[i] : (uintptr_t)shape[l]->entry);
	}
}

static void test_looks(void **state)
{
	struct eg_ed25519_table *shape[EG_RECODING_BITS_MAX + 1], *lane[8];

	for (unsigned w = 6; w <= EG_RECODING_BITS_MAX; w++)
		shape[w] = shape_of(w);
	for (int round = 0; round < 200; round++) {
		const unsigned width = 6 + eg_test_below(EG_RECODING_BITS_MAX - 5);

		for (int l = 0; l < 8; l++)
			lane[l] = shape[round % 2 ? 6 + eg_test_below(9) : width];
		check_looks(lane, shape[EG_COMB_BASE_BITS]);
	}
	for (unsigned w = 6; w <= EG_RECODING_BITS_MAX; w++)
		free(shape[w]);
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

static struct verdict_case cases[JOBS];

/* Signs by the equation itself, so that a key may be A + T: R = rB, S = r + k·a. */
static void sign_with(struct verdict_case *c, const uint8_t a[32])
{
	crypto_hash_sha512_state sha;
	uint8_t r[32], k[64];

	crypto_core_ed25519_scalar_random(r);
	(void)crypto_scalarmult_ed25519_base_noclamp(c->sig, r);
	(void)crypto_hash_sha512_init(&sha);
	(void)crypto_hash_sha512_update(&sha, c->sig, 32);
	(void)crypto_hash_sha512_update(&sha, c->key.bytes, 32);
	(void)crypto_hash_sha512_update(&sha, c->msg, c->job.msg_bytes);
	(void)crypto_hash_sha512_final(&sha, k);
	crypto_core_ed25519_scalar_reduce(k, k);
	crypto_core_ed25519_scalar_mul(k, k, a);
	crypto_core_ed25519_scalar_add(c->sig + 32, k, r);
}

/* S + L, where it fits: the same point, but refused. */
static void add_order(uint8_t s[32])
{
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6,
	    0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};

	sodium_add(s, order, 32);
}

static void spoil(struct verdict_case *c, unsigned how)
{
	switch (how) {
	case 0:
		c->sig[eg_test_below(64)] ^= (uint8_t)(1u << eg_test_below(8));
		break;
	case 1:
		c->key.bytes[eg_test_below(32)] ^= (uint8_t)(1u << eg_test_below(8));
		break;
	case 2:
		if (c->job.msg_bytes > 0)
			c->msg[eg_test_below(c->job.msg_bytes)] ^= 1;
		break;
	case 3:
		add_order(c->sig + 32);
		break;
	case 4: /* y = p + n, n < 19 */
		memset(c->key.bytes, 0xFF, 32);
		c->key.bytes[0] = (uint8_t)(0xED + eg_test_below(19));
		c->key.bytes[31] = (uint8_t)(eg_test_below(2) ? 0xFF : 0x7F);
		break;
	case 5: /* small order, S = 0, R the identity or the key */
		memset(c->sig, 0, 64);
		memcpy(c->key.bytes, torsion, 32);
		if (eg_test_below(2))
			c->sig[0] = 1;
		else
			memcpy(c->sig, torsion, 32);
		break;
	default:
		break;
	}
}

/* Sound ones, keys A + T (valid once in eight), and spoilt ones. */
static void verdict_case_init(struct verdict_case *c, unsigned table_bits)
{
	uint8_t a[32];

	memset(&c->key, 0, sizeof(c->key));
	crypto_core_ed25519_scalar_random(a);
	(void)crypto_scalarmult_ed25519_base_noclamp(c->key.bytes, a);
	if (eg_test_below(4) == 0)
		assert_int_equal(crypto_core_ed25519_add(c->key.bytes, c->key.bytes, torsion), 0);
	c->job = (struct eg_ed25519_job){.key = &c->key, .msg = c->msg, .sig = c->sig};
	c->job.msg_bytes = eg_test_below(MESSAGE_MAX + 1);
	eg_test_random_bytes(c->msg, c->job.msg_bytes);
	sign_with(c, a);
	if (table_bits != 0) {
		struct eg_ed25519_table *table = NULL;
		const size_t bytes = eg_ed25519_table_bytes(table_bits);

		assert_int_equal(posix_memalign((void **)&table, 64, bytes), 0);
		memset(table, 0, bytes);
		if (eg_ed25519_table_build(table, c->key.bytes, table_bits, NULL) == 0)
			c->key.table = table;
		else
			free(table);
	}
	spoil(c, eg_test_below(12));
}

static void check_verdicts(unsigned cnt)
{
	static struct eg_ed25519_job jobs[JOBS];
	bool ok[JOBS];

	for (unsigned i = 0; i < cnt; i++)
		jobs[i] = cases[i].job;
	lanes8_impl.verify(jobs, cnt, ok);
	for (unsigned i = 0; i < cnt; i++)
		assert_int_equal(ok[i], crypto_sign_verify_detached(jobs[i].sig, jobs[i].msg,
		                            jobs[i].msg_bytes, jobs[i].key->bytes) == 0);
}

/* With tables of several widths and without any, in batches of every size. */
static void test_verdicts(void **state)
{
	static const unsigned width[4] = {0, 6, 7, 8};

	for (unsigned i = 0; i < JOBS; i++)
		verdict_case_init(&cases[i], width[eg_test_below(4)]);
	for (unsigned cnt = 0; cnt <= 20; cnt++)
		check_verdicts(cnt);
	check_verdicts(JOBS);
	for (unsigned i = 0; i < JOBS; i++)
		free((void *)(uintptr_t)cases[i].key.table);
}

/* ── the program ── */

static int run(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_products),
	    cmocka_unit_test(test_sums),
	    cmocka_unit_test(test_elements),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_niels_load),
	    cmocka_unit_test(test_pick),
	    cmocka_unit_test(test_sha512),
	    cmocka_unit_test(test_reduce),
	    cmocka_unit_test(test_looks),
	    cmocka_unit_test(test_verdicts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
#ifdef __AVX512IFMA__
	if (!lanes8_impl.supported()) {
		(void)fprintf(stderr, "SKIPPED: this CPU has no AVX-512 IFMA\n");
		return 77;
	}
#endif
	if (sodium_init() < 0)
		return 1;
	return run();
}
