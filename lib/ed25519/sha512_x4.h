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
#include "sha512.h"
#include "vec4.h"

#define SHA512_HALF_BYTES 64u
#define SHA512_HALF_WORDS 8u

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
