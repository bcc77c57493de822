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
#include "sha512.h"
#include "vec8.h"

#define SHA512_HALF_BYTES  64u
#define SHA512_BLOCK_BYTES 128u

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
