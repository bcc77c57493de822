/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All Ed25519 implementations on the same batch: input = jobs, each a key, R, S and a message that
 * are made from the equation and then spoilt as the input says. Bytes alone would never get past
 * S < L and a key that decodes, let alone to a signature that is right.
 *
 *   job   key   u8 kind, then its u8 or 32 bytes    known a·B + torsion, small order, p + n, raw
 *         form  u8                                  with which table, if any
 *         R     u8 kind, then its u8 or 32 bytes    r·B + torsion, small order, p + n, raw
 *         msg   u8 length, bytes, u8 how far from an aligned address
 *         S     u8 kind, then its u8 or 32 bytes    r + k·a, n·L more, a bit flipped, raw
 */
#include "fuzz.h"

#include "eg_cpu.h"
#include "eg_ed25519_table.h"
#include "eg_pages.h"

#include <sodium.h>

#define JOBS_MAX  24u
#define SIGNERS   24u
#define FORMS     3u /* without a table, and with two */
#define SMALL_CNT 14u
#define P_LOW     0xed /* the low byte of p */

extern const struct eg_ed25519_impl fuzz_ed25519_ifma; /* ifma.c over plain arrays */

struct signer {
	uint8_t a[32], torsion_idx;
	struct eg_ed25519_key form[FORMS];
	unsigned form_cnt;
};

struct job {
	struct eg_ed25519_key key;
	uint8_t a[32]; /* 0 where it is not known */
	uint8_t sig[64];
	struct fuzz_copy msg;
};

static struct signer signers[SIGNERS];
static uint8_t torsion[8][32];
static uint8_t small[SMALL_CNT][32];

static const uint8_t order8[32] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
    0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02,
    0x88, 0x6d, 0x53, 0xfc, 0x05};
static const uint8_t group_order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c,
    0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10};

/* ── what does not depend on the input ── */

/* p + n, n < 19 */
static void near_p(uint8_t out[32], unsigned n)
{
	memset(out, 0xff, 32);
	out[0] = (uint8_t)(P_LOW + n);
	out[31] = 0x7f;
}

/* A scalar by number, never 0: small ones, where sums of tables meet, and any. */
static void scalar_of(uint8_t out[32], uint8_t number)
{
	uint8_t wide[64] = {0};

	if (number < 64) {
		wide[number / 8 * 4] = (uint8_t)(1u << number % 8);
	} else {
		memset(wide, number, sizeof(wide));
		wide[0] = 1;
	}
	crypto_core_ed25519_scalar_reduce(out, wide);
}

/* n·B + torsion[i] */
static void point_of(uint8_t out[32], const uint8_t n[32], unsigned i)
{
	FUZZ_CHECK(crypto_scalarmult_ed25519_base_noclamp(out, n) == 0);
	FUZZ_CHECK(crypto_core_ed25519_add(out, out, torsion[i]) == 0);
}

static void add_table(struct signer *s, unsigned window_bits)
{
	struct eg_ed25519_key *key = &s->form[s->form_cnt];
	struct eg_pages pages;

	if (!eg_ed25519_table_allows(eg_ed25519_classify(s->form[0].bytes), window_bits))
		return;
	pages = eg_pages_alloc(eg_ed25519_table_bytes(window_bits));
	FUZZ_CHECK(pages.mem != NULL);
	*key = s->form[0];
	FUZZ_CHECK(eg_ed25519_table_build(pages.mem, key->bytes, window_bits, NULL) == 0);
	key->table = pages.mem;
	s->form_cnt++;
}

static void make_torsion(void)
{
	torsion[0][0] = 1;
	for (unsigned i = 1; i < 8; i++)
		FUZZ_CHECK(crypto_core_ed25519_add(torsion[i], torsion[i - 1], order8) == 0);
	for (unsigned i = 0; i < SMALL_CNT; i++) { /* seven values of y, either sign */
		if (i / 2 < 5)
			memcpy(small[i], torsion[i / 2], 32);
		else
			near_p(small[i], i / 2 - 5);
		small[i][31] ^= (uint8_t)(i % 2 << 7);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	FUZZ_CHECK(sodium_init() >= 0);
	make_torsion();
	for (unsigned i = 0; i < SIGNERS; i++) {
		struct signer *s = &signers[i];

		scalar_of(s->a, (uint8_t)(i < 12 ? i * 5 : i * 10));
		s->torsion_idx = (uint8_t)(i % 3 == 0 ? i / 3 : 0);
		point_of(s->form[0].bytes, s->a, s->torsion_idx % 8);
		s->form_cnt = 1;
		add_table(s, i % 2 == 0 ? 6 : 7);
		add_table(s, 8);
	}
	return 0;
}

/* ── a job from the input ── */

static void take_raw(struct eg_reader *r, uint8_t out[32])
{
	struct eg_span raw = eg_read_bytes(r, r->left < 32 ? r->left : 32);

	memset(out, 0, 32);
	if (raw.len != 0)
		memcpy(out, raw.ptr, raw.len);
}

static void take_key(struct eg_reader *r, struct job *job)
{
	uint8_t kind = eg_read_u8(r) % 8, number = eg_read_u8(r), form = eg_read_u8(r);

	memset(job->a, 0, sizeof(job->a));
	memset(&job->key, 0, sizeof(job->key));
	switch (kind) {
	case 0:
		memcpy(job->key.bytes, small[number % SMALL_CNT], 32);
		fuzz_mark("key", "small");
		break;
	case 1:
		near_p(job->key.bytes, number % 19);
		job->key.bytes[31] |= number & 0x80;
		fuzz_mark("key", "near_p");
		break;
	case 2:
		take_raw(r, job->key.bytes);
		fuzz_mark("key", "raw");
		break;
	default: {
		const struct signer *s = &signers[number % SIGNERS];

		job->key = s->form[form % s->form_cnt];
		memcpy(job->a, s->a, sizeof(job->a));
		fuzz_mark("key", job->key.table != NULL ? "table" : "no_table");
	}
	}
}

/* nonce: of R = nonce·B + torsion; 0 where it is not known. */
static void take_r(struct eg_reader *r, struct job *job, uint8_t nonce[32])
{
	uint8_t kind = eg_read_u8(r) % 8, number = eg_read_u8(r);

	memset(nonce, 0, 32);
	switch (kind) {
	case 0:
		memcpy(job->sig, small[number % SMALL_CNT], 32);
		fuzz_mark("R", "small");
		break;
	case 1:
		near_p(job->sig, number % 19);
		job->sig[31] |= number & 0x80;
		fuzz_mark("R", "near_p");
		break;
	case 2:
		take_raw(r, job->sig);
		fuzz_mark("R", "raw");
		break;
	default:
		scalar_of(nonce, number);
		point_of(job->sig, nonce, kind == 3 ? eg_read_u8(r) % 8 : 0);
		fuzz_mark("R", "known");
	}
}

static void challenge(const struct job *job, uint8_t k[32])
{
	crypto_hash_sha512_state h;
	uint8_t wide[64];

	(void)crypto_hash_sha512_init(&h);
	(void)crypto_hash_sha512_update(&h, job->sig, 32);
	(void)crypto_hash_sha512_update(&h, job->key.bytes, 32);
	(void)crypto_hash_sha512_update(&h, job->msg.span.ptr, job->msg.span.len);
	(void)crypto_hash_sha512_final(&h, wide);
	crypto_core_ed25519_scalar_reduce(k, wide);
}

static void add_group_order(uint8_t s[32])
{
	unsigned carry = 0;

	for (int i = 0; i < 32; i++) {
		carry += (unsigned)s[i] + group_order[i];
		s[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void take_s(struct eg_reader *r, struct job *job, const uint8_t nonce[32])
{
	uint8_t *s = job->sig + 32, k[32], kind = eg_read_u8(r) % 8, number = eg_read_u8(r);

	challenge(job, k);
	crypto_core_ed25519_scalar_mul(s, k, job->a);
	crypto_core_ed25519_scalar_add(s, s, nonce);
	switch (kind) {
	case 0:
		for (unsigned n = 0; n <= number % 16; n++)
			add_group_order(s);
		fuzz_mark("S", "plus_n_L");
		break;
	case 1:
		s[number / 8] ^= (uint8_t)(1u << number % 8);
		fuzz_mark("S", "one_bit");
		break;
	case 2:
		take_raw(r, s);
		fuzz_mark("S", "raw");
		break;
	default:
		fuzz_mark("S", "of_the_equation");
	}
}

static void take_job(struct eg_reader *r, struct job *job)
{
	uint8_t nonce[32];
	struct eg_span msg;

	take_key(r, job);
	take_r(r, job, nonce);
	msg = fuzz_take8(r);
	job->msg = fuzz_copy(msg, eg_read_u8(r) % 8);
	take_s(r, job, nonce);
}

/* ── properties ── */

/* The verdicts of a batch that begins with job `from` and goes round. */
static void check_impl(const struct eg_ed25519_impl *impl, const struct job jobs[], unsigned cnt,
    unsigned from, const bool expected[])
{
	struct eg_ed25519_job batch[JOBS_MAX] = {0};
	bool ok[JOBS_MAX + 1];

	for (unsigned i = 0; i < cnt; i++) {
		const struct job *job = &jobs[(from + i) % cnt];

		batch[i] = (struct eg_ed25519_job){
		    &job->key, job->msg.span.ptr, job->sig, (uint32_t)job->msg.span.len};
		ok[i] = !expected[(from + i) % cnt];
	}
	ok[cnt] = true;
	eg_ed25519_verify(impl, batch, cnt, ok);
	for (unsigned i = 0; i < cnt; i++)
		FUZZ_CHECK(ok[i] == expected[(from + i) % cnt]);
	FUZZ_CHECK(ok[cnt]);
}

/* Each implementation on every choice of CPU features, beginning with another job each time. */
static void check_jobs(const struct job jobs[], unsigned cnt, const bool expected[])
{
	unsigned choice = 0;

	while (fuzz_next_cpu(&choice))
		for (unsigned i = 0; eg_ed25519_impls[i] != NULL; i++)
			if (eg_ed25519_impls[i]->supported())
				check_impl(eg_ed25519_impls[i], jobs, cnt, choice % cnt, expected);
	check_impl(&fuzz_ed25519_ifma, jobs, cnt, cnt / 3, expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct job jobs[JOBS_MAX];
	struct eg_reader r = eg_reader(eg_span(data, size));
	bool expected[JOBS_MAX];
	unsigned cnt = 0;

	for (; cnt < JOBS_MAX && r.left > 0; cnt++) {
		struct job *job = &jobs[cnt];

		take_job(&r, job);
		expected[cnt] = crypto_sign_verify_detached(job->sig, job->msg.span.ptr,
		                    job->msg.span.len, job->key.bytes) == 0;
		fuzz_mark("verdict", expected[cnt] ? "valid" : "invalid");
	}
	if (cnt > 0)
		check_jobs(jobs, cnt, expected);
	for (unsigned i = 0; i < cnt; i++)
		fuzz_copy_free(&jobs[i].msg);
	return 0;
}
