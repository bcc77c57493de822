/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The functions of this module that exist for several instruction sets: one struct for each set, of
 * which the best that the CPU supports is taken at the first call. Tests and benchmarks take each
 * by name. Internal to the module, they and perf/.
 *
 *   scalar   any CPU; the reference: the others equal it for every input
 *   avx2     32 bytes a step
 *   avx512   64 bytes a step, with masks at the end (VBMI)
 *
 * Every function reads no byte outside its input and writes none outside what it says.
 * Threads: [any]; no allocation.
 */
#ifndef EG_CODEC_IMPL_H
#define EG_CODEC_IMPL_H

#include "eg_span.h"

#define EG_CODEC_KEYS  3u
#define EG_CODEC_NAMES 128u

#define EG_CODEC_CBOR_BYTES 17u /* that are read of a short item of CBOR, and behind it */

/* What tells names apart, each key of all names side by side. */
struct eg_codec_keys {
	uint64_t key[EG_CODEC_KEYS][EG_CODEC_NAMES];
};

struct eg_codec_impl {
	const char *name;
	unsigned cpu; /* what it needs: a set of enum eg_cpu_feature */

	/* eg_base64url_decode. */
	bool (*base64url_decode)(struct eg_span text, uint8_t *out);

	/* Marks the bytes that do not stand for themselves in a JSON string: quote, backslash and
	 * control characters (below 0x20). Bit i % 64 of marks[i / 64] is about byte i; all bits of
	 * text.len / 64 + 1 words are written, those of no byte as 0. Returns whether a byte is not
	 * ASCII. */
	bool (*json_mark)(struct eg_span text, uint64_t *marks);

	/* size[i]: the bytes of the CBOR item that begins at p[i], if one does: of an array or tag,
	 * those of its head. 0 where it has more than 16, is a map with pairs or an item of
	 * indefinite length, or where its head is not in the shortest form. Of `cnt` places;
	 * EG_CODEC_CBOR_BYTES - 1 more bytes can be read behind them. */
	void (*cbor_sizes)(const uint8_t *p, size_t cnt, uint8_t *size);

	/* eg_utf8_valid. */
	bool (*utf8_valid)(struct eg_span text);

	/* The same of what is no white space of JSON (space, tab, LF, CR). */
	void (*json_mark_ink)(struct eg_span text, uint64_t *marks);

	/* Are two of the words the same? Time depends on cnt alone. */
	bool (*json_twice)(const uint64_t *word, unsigned cnt);

	/* The first name from `first` to before `end` with all keys as wanted; `end`: there is
	 * none. */
	unsigned (*json_alike)(const struct eg_codec_keys *keys, unsigned first, unsigned end,
	    const uint64_t wanted[EG_CODEC_KEYS]);
};

extern const struct eg_codec_impl eg_codec_scalar, eg_codec_avx2, eg_codec_avx512;

/* The best that this CPU supports. */
const struct eg_codec_impl *eg_codec_best(void);

/* Number i of those that this CPU supports, from scalar on; NULL behind the last. */
const struct eg_codec_impl *eg_codec_supported(unsigned i);

#endif
