/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SHA-512 (FIPS 180-4) of four signed messages at once, R ‖ A ‖ M in each lane.
 *
 * R ‖ A is 64 bytes, so everything falls into halves of a block, 64 bytes each:
 *
 *   half 0      R ‖ A, from two places
 *   half h      M[64(h − 1) …], read where it lies while it is whole
 *   the others  what is left of M, the bit 1, zeros, and the length in bits at the end of a block:
 *               at most three halves, put together in a buffer of the lane
 *
 * Lanes may differ in their number of blocks: a lane that is done keeps its state. No byte beyond
 * the message is read.
 */
#ifndef EG_ED25519_SHA512_X4_H
#define EG_ED25519_SHA512_X4_H

#include <string.h>

#include "eg_ed25519.h"
#include "vec4.h"

#define SHA512_HALF_BYTES 64u
#define SHA512_HALF_WORDS 8u

static const uint64_t sha512_k[80] = {
    0x428a2f98d728ae22,
    0x7137449123ef65cd,
    0xb5c0fbcfec4d3b2f,
    0xe9b5dba58189dbbc,
    0x3956c25bf348b538,
    0x59f111f1b605d019,
    0x923f82a4af194f9b,
    0xab1c5ed5da6d8118,
    0xd807aa98a3030242,
    0x12835b0145706fbe,
    0x243185be4ee4b28c,
    0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f,
    0x80deb1fe3b1696b1,
    0x9bdc06a725c71235,
    0xc19bf174cf692694,
    0xe49b69c19ef14ad2,
    0xefbe4786384f25e3,
    0x0fc19dc68b8cd5b5,
    0x240ca1cc77ac9c65,
    0x2de92c6f592b0275,
    0x4a7484aa6ea6e483,
    0x5cb0a9dcbd41fbd4,
    0x76f988da831153b5,
    0x983e5152ee66dfab,
    0xa831c66d2db43210,
    0xb00327c898fb213f,
    0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2,
    0xd5a79147930aa725,
    0x06ca6351e003826f,
    0x142929670a0e6e70,
    0x27b70a8546d22ffc,
    0x2e1b21385c26c926,
    0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df,
    0x650a73548baf63de,
    0x766a0abb3c77b2a8,
    0x81c2c92e47edaee6,
    0x92722c851482353b,
    0xa2bfe8a14cf10364,
    0xa81a664bbc423001,
    0xc24b8b70d0f89791,
    0xc76c51a30654be30,
    0xd192e819d6ef5218,
    0xd69906245565a910,
    0xf40e35855771202a,
    0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8,
    0x1e376c085141ab53,
    0x2748774cdf8eeb99,
    0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63,
    0x4ed8aa4ae3418acb,
    0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc,
    0x78a5636f43172f60,
    0x84c87814a1f0ab72,
    0x8cc702081a6439ec,
    0x90befffa23631e28,
    0xa4506cebde82bde9,
    0xbef9a3f7b2c67915,
    0xc67178f2e372532b,
    0xca273eceea26619c,
    0xd186b8c721c0c207,
    0xeada7dd6cde0eb1e,
    0xf57d4f7fee6ed178,
    0x06f067aa72176fba,
    0x0a637dc5a2c898a6,
    0x113f9804bef90dae,
    0x1b710b35131c471b,
    0x28db77f523047d84,
    0x32caab7b40c72493,
    0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6,
    0x597f299cfc657e2a,
    0x5fcb6fab3ad6faec,
    0x6c44198c4a475817,
};

static const uint64_t sha512_start[8] = {
    0x6a09e667f3bcc908,
    0xbb67ae8584caa73b,
    0x3c6ef372fe94f82b,
    0xa54ff53a5f1d36f1,
    0x510e527fade682d1,
    0x9b05688c2b3e6c1f,
    0x1f83d9abfb41bd6b,
    0x5be0cd19137e2179,
};

/* The sums of three rotations of FIPS 180-4 section 4.1.3. */
#define SHA512_SUM0(a) v4_xor(v4_xor(v4_ror(a, 28), v4_ror(a, 34)), v4_ror(a, 39))
#define SHA512_SUM1(e) v4_xor(v4_xor(v4_ror(e, 14), v4_ror(e, 18)), v4_ror(e, 41))

/* Round t. Nothing moves: a … h are where round t finds them, and what is d becomes the new e, what
 * is h the new a. */
V4_INLINE void sha512_round(v4 s[8], unsigned t, v4 kw)
{
	const v4 a = s[-t & 7], b = s[(1 - t) & 7], c = s[(2 - t) & 7];
	const v4 e = s[(4 - t) & 7], f = s[(5 - t) & 7], g = s[(6 - t) & 7];
	v4 *d = &s[(3 - t) & 7], *h = &s[(7 - t) & 7];

	v4_accumulate(h, kw);
	v4_accumulate(h, v4_choose(e, f, g));
	v4_accumulate(h, SHA512_SUM1(e));
	v4_accumulate(d, *h);
	v4_accumulate(h, v4_majority(a, b, c));
	v4_accumulate(h, SHA512_SUM0(a));
}

/* Rounds of eight words of the schedule. */
V4_INLINE void sha512_eight_rounds(v4 s[8], const v4 w[8], const uint64_t k[8])
{
	sha512_round(s, 0, v4_add_mod64(w[0], v4_set1(k[0])));
	sha512_round(s, 1, v4_add_mod64(w[1], v4_set1(k[1])));
	sha512_round(s, 2, v4_add_mod64(w[2], v4_set1(k[2])));
	sha512_round(s, 3, v4_add_mod64(w[3], v4_set1(k[3])));
	sha512_round(s, 4, v4_add_mod64(w[4], v4_set1(k[4])));
	sha512_round(s, 5, v4_add_mod64(w[5], v4_set1(k[5])));
	sha512_round(s, 6, v4_add_mod64(w[6], v4_set1(k[6])));
	sha512_round(s, 7, v4_add_mod64(w[7], v4_set1(k[7])));
}

/* Word t + 16 of the schedule, in the place of word t. */
V4_INLINE void sha512_next_word(v4 w[16], unsigned t)
{
	const v4 w1 = w[(t + 1) & 15], w14 = w[(t + 14) & 15];
	const v4 sigma0 = v4_xor(v4_xor(v4_ror(w1, 1), v4_ror8(w1)), v4_shr(w1, 7));
	const v4 sigma1 = v4_xor(v4_xor(v4_ror(w14, 19), v4_ror(w14, 61)), v4_shr(w14, 6));

	w[t] = v4_add_mod64(v4_add_mod64(w[t], sigma0), v4_add_mod64(w[(t + 9) & 15], sigma1));
}

V4_INLINE void sha512_next_eight(v4 w[16], unsigned t)
{
	sha512_next_word(w, t);
	sha512_next_word(w, t + 1);
	sha512_next_word(w, t + 2);
	sha512_next_word(w, t + 3);
	sha512_next_word(w, t + 4);
	sha512_next_word(w, t + 5);
	sha512_next_word(w, t + 6);
	sha512_next_word(w, t + 7);
}

/* One block of each lane of `active`, its words in w, which is used up. The others keep their
 * state. */
static inline void sha512_compress(v4 state[8], v4 w[16], v4m active)
{
	v4 s[8];

	memcpy(s, state, sizeof(s));
	for (unsigned r = 0; r < 64; r += 16) {
		sha512_eight_rounds(s, w, &sha512_k[r]);
		sha512_next_eight(w, 0);
		sha512_eight_rounds(s, w + 8, &sha512_k[r + 8]);
		sha512_next_eight(w, 8);
	}
	sha512_eight_rounds(s, w, &sha512_k[64]);
	sha512_eight_rounds(s, w + 8, &sha512_k[72]);
	for (int i = 0; i < 8; i++)
		state[i] = v4_select(active, v4_add_mod64(state[i], s[i]), state[i]);
}

/* ── the words of a block ── */

/* What one lane hashes. Words are loaded as they lie in memory, least significant byte first. */
struct sha512_input {
	const struct eg_ed25519_job *job;
	size_t whole; /* halves up to and with the last that needs nothing added */
	size_t blocks;
	uint64_t end[3][SHA512_HALF_WORDS]; /* the halves after those */
};

static inline void sha512_begin(struct sha512_input *in, const struct eg_ed25519_job *job)
{
	const size_t rest = job->msg_bytes % SHA512_HALF_BYTES;
	uint8_t *end = (uint8_t *)in->end;
	uint64_t bits = 8 * ((uint64_t)SHA512_HALF_BYTES + job->msg_bytes);

	in->job = job;
	in->whole = 1 + job->msg_bytes / SHA512_HALF_BYTES;
	/* a rest, a byte for the bit 1 and 16 for the length */
	in->blocks = (in->whole * SHA512_HALF_BYTES + rest + 17 + 127) / 128;
	memset(in->end, 0, sizeof(in->end));
	if (rest > 0)
		memcpy(end, job->msg + (job->msg_bytes - rest), rest);
	end[rest] = 0x80;
	in->end[2 * in->blocks - 1 - in->whole][SHA512_HALF_WORDS - 1] = __builtin_bswap64(bits);
}

/* Half h >= 1; any words for lanes that are done. */
static inline const uint8_t *sha512_half(const struct sha512_input *in, size_t h)
{
	if (h < in->whole)
		return in->job->msg + SHA512_HALF_BYTES * (h - 1);
	return (const uint8_t *)in->end[h < 2 * in->blocks ? h - in->whole : 0];
}

static inline void sha512_half_words(const uint8_t *half[4], v4 w[8])
{
	v4_load_columns(half, w);
	for (int l = 0; l < 4; l++)
		half[l] += 32;
	v4_load_columns(half, w + 4);
}

static inline void sha512_block_words(const struct sha512_input in[4], size_t b, v4 w[16])
{
	const uint8_t *half[4], *a[4];

	if (b == 0) {
		for (int l = 0; l < 4; l++) {
			half[l] = in[l].job->sig;
			a[l] = in[l].job->key->bytes;
		}
		v4_load_columns(half, w);
		v4_load_columns(a, w + 4);
	} else {
		for (int l = 0; l < 4; l++)
			half[l] = sha512_half(&in[l], 2 * b);
		sha512_half_words(half, w);
	}
	for (int l = 0; l < 4; l++)
		half[l] = sha512_half(&in[l], 2 * b + 1);
	sha512_half_words(half, w + 8);
	for (int i = 0; i < 16; i++)
		w[i] = v4_bswap(w[i]);
}

/* ── the whole ── */

/* backend.h: hash[l] = SHA-512(R ‖ A ‖ M) of job[l], words read little-endian. */
static inline void sha512_lanes(const struct eg_ed25519_job *const job[4], uint64_t hash[4][8])
{
	struct sha512_input in[4];
	uint64_t column[4];
	size_t most = 0;
	v4 state[8], w[16];

	for (int l = 0; l < 4; l++) {
		sha512_begin(&in[l], job[l]);
		most = in[l].blocks > most ? in[l].blocks : most;
	}
	for (int i = 0; i < 8; i++)
		state[i] = v4_set1(sha512_start[i]);
	for (size_t b = 0; b < most; b++) {
		v4m active = 0;

		for (int l = 0; l < 4; l++)
			active |= (v4m)(b < in[l].blocks) << l;
		sha512_block_words(in, b, w);
		sha512_compress(state, w, active);
	}
	for (int i = 0; i < 8; i++) {
		v4_store(column, v4_bswap(state[i]));
		for (int l = 0; l < 4; l++)
			hash[l][i] = column[l];
	}
}

#endif
