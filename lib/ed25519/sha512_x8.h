/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SHA-512 (FIPS 180-4) of eight signed messages at once, R ‖ A ‖ M in each lane.
 *
 * R ‖ A is 64 bytes, so everything falls into halves of a block, 64 bytes each:
 *
 *   half 0     R ‖ A, from two places
 *   half h     M[64(h − 1) …], read where it lies while it is whole; the half with the end of the
 *              message is read up to that end and no byte further, with the bit 1 after it
 *   last half  ends in the length in bits
 *
 * Each half is eight rows of eight words that are transposed, so that a vector holds one word of
 * every lane. Lanes may differ in their number of blocks: a lane that is done keeps its state.
 *
 * The sixteen words of the schedule and the eight of the state stay in registers: 24 of 32.
 */
#ifndef EG_ED25519_SHA512_X8_H
#define EG_ED25519_SHA512_X8_H

#include <string.h>

#include "eg_ed25519.h"
#include "vec8.h"

#define SHA512_HALF_BYTES  64u
#define SHA512_BLOCK_BYTES 128u

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

/* One round. The caller passes the state rotated, so that nothing moves: what is d becomes the new
 * e, what is h the new a. */
#define SHA512_ROUND(a, b, c, d, e, f, g, h, kw)                                                   \
	do {                                                                                       \
		const v8 sum1 = v8_xor3(v8_ror(e, 14), v8_ror(e, 18), v8_ror(e, 41));              \
		const v8 sum0 = v8_xor3(v8_ror(a, 28), v8_ror(a, 34), v8_ror(a, 39));              \
                                                                                                   \
		h = v8_add_mod64(v8_add_mod64(h, kw), v8_add_mod64(sum1, v8_choose(e, f, g)));     \
		d = v8_add_mod64(d, h);                                                            \
		h = v8_add_mod64(h, v8_add_mod64(sum0, v8_majority(a, b, c)));                     \
	} while (0)

V8_INLINE void sha512_eight_rounds(v8 s[8], const v8 w[8], const uint64_t k[8])
{
	SHA512_ROUND(
	    s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], v8_add_mod64(w[0], v8_set1(k[0])));
	SHA512_ROUND(
	    s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6], v8_add_mod64(w[1], v8_set1(k[1])));
	SHA512_ROUND(
	    s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5], v8_add_mod64(w[2], v8_set1(k[2])));
	SHA512_ROUND(
	    s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4], v8_add_mod64(w[3], v8_set1(k[3])));
	SHA512_ROUND(
	    s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3], v8_add_mod64(w[4], v8_set1(k[4])));
	SHA512_ROUND(
	    s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2], v8_add_mod64(w[5], v8_set1(k[5])));
	SHA512_ROUND(
	    s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1], v8_add_mod64(w[6], v8_set1(k[6])));
	SHA512_ROUND(
	    s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0], v8_add_mod64(w[7], v8_set1(k[7])));
}

#undef SHA512_ROUND

/* Word t + 16 of the schedule, in the place of word t. */
V8_INLINE void sha512_next_word(v8 w[16], unsigned t)
{
	const v8 w1 = w[(t + 1) & 15], w14 = w[(t + 14) & 15];
	const v8 sigma0 = v8_xor3(v8_ror(w1, 1), v8_ror(w1, 8), v8_shr(w1, 7));
	const v8 sigma1 = v8_xor3(v8_ror(w14, 19), v8_ror(w14, 61), v8_shr(w14, 6));

	w[t] = v8_add_mod64(v8_add_mod64(w[t], sigma0), v8_add_mod64(w[(t + 9) & 15], sigma1));
}

V8_INLINE void sha512_next_eight(v8 w[16], unsigned t)
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
static inline void sha512_compress(v8 state[8], v8 w[16], v8m active)
{
	v8 s[8];

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
		state[i] = v8_add_mod64_where(active, state[i], s[i]);
}

/* ── the words of a block ── */

/* The bit 1 that ends a message, with zeros before and after it. */
static const uint8_t sha512_end[2 * SHA512_HALF_BYTES] = {[SHA512_HALF_BYTES] = 0x80};

/* 64 bytes of a message from `offset` on, with what stands behind its end. */
static inline v8 sha512_row(const struct eg_ed25519_job *job, size_t offset)
{
	unsigned left;

	if (offset + SHA512_HALF_BYTES <= job->msg_bytes)
		return v8_load(job->msg + offset);
	if (offset > job->msg_bytes)
		return v8_set1(0);
	left = (unsigned)(job->msg_bytes - offset);
	return v8_or(v8_load_bytes(left > 0 ? job->msg + offset : sha512_end, left),
	    v8_load(sha512_end + SHA512_HALF_BYTES - left));
}

static inline void sha512_message_words(
    const struct eg_ed25519_job *const job[8], size_t offset, v8 w[8])
{
	v8 row[8];

	for (int l = 0; l < 8; l++)
		row[l] = sha512_row(job[l], offset);
	v8_transpose(row, w);
}

/* R ‖ A */
static inline void sha512_first_words(const struct eg_ed25519_job *const job[8], v8 w[8])
{
	const uint8_t *r[8], *a[8];

	for (int l = 0; l < 8; l++) {
		r[l] = job[l]->sig;
		a[l] = job[l]->key->bytes;
	}
	v8_columns4(r, w);
	v8_columns4(a, w + 4);
}

/* The words of block b; `bits` is the length in bits of the lanes whose last one it is, else 0. */
static inline void sha512_block_words(
    const struct eg_ed25519_job *const job[8], size_t b, v8 bits, v8 w[16])
{
	if (b == 0)
		sha512_first_words(job, w);
	else
		sha512_message_words(job, SHA512_BLOCK_BYTES * b - SHA512_HALF_BYTES, w);
	sha512_message_words(job, SHA512_BLOCK_BYTES * b, w + 8);
	for (int i = 0; i < 16; i++)
		w[i] = v8_bswap(w[i]);
	w[15] = v8_or(w[15], bits);
}

/* ── the whole ── */

/* backend.h: hash[l] = SHA-512(R ‖ A ‖ M) of job[l], words read little-endian. */
static inline void sha512_lanes(const struct eg_ed25519_job *const job[8], uint64_t hash[8][8])
{
	uint64_t bits[8], blocks[8], most = 0;
	v8 state[8], w[16], row[8];

	for (int l = 0; l < 8; l++) {
		const uint64_t bytes = (uint64_t)SHA512_HALF_BYTES + job[l]->msg_bytes;

		bits[l] = 8 * bytes;
		blocks[l] = (bytes + 17 + SHA512_BLOCK_BYTES - 1) / SHA512_BLOCK_BYTES;
		most = blocks[l] > most ? blocks[l] : most;
	}
	for (int i = 0; i < 8; i++)
		state[i] = v8_set1(sha512_start[i]);
	for (uint64_t b = 0; b < most; b++) {
		const v8m last = v8_eq(v8_set1(b + 1), v8_load(blocks));
		const v8m active = v8_less(v8_set1(b), v8_load(blocks));

		sha512_block_words(job, b, v8_select(last, v8_load(bits), v8_set1(0)), w);
		sha512_compress(state, w, active);
	}
	for (int i = 0; i < 8; i++)
		state[i] = v8_bswap(state[i]);
	v8_transpose(state, row);
	for (int l = 0; l < 8; l++)
		v8_store(hash[l], row[l]);
}

#endif
