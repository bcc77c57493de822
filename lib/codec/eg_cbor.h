/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Strict CBOR (RFC 8949, docs/protocol.md section 2): one walk that checks what it passes over.
 * Every byte of a document is either read or skipped, and both check it; so a walk that came to
 * eg_cbor_done has seen a whole valid document.
 *
 *   a2 01 61 78 19 ffff a1 …        eg_cbor_map_begin
 *      │  └─ value: eg_cbor_read ┘    │
 *      └ key: eg_cbor_map_next ◀──────┘  … until it returns false, then eg_cbor_done
 *
 * Definite lengths; integers, lengths and tags in their shortest form; floats of any of the three
 * widths; text is UTF-8; the keys of a map are integers, byte strings or text strings, and none
 * stands twice; depth and the number of pairs of the whole document are limited.
 * Faults are sticky: after one, every call is harmless and says so.
 * Threads: [any]; no allocation, no copy: spans point into the document.
 */
#ifndef EG_CBOR_H
#define EG_CBOR_H

#include "eg_span.h"

#define EG_CBOR_DEPTH_MAX   4u     /* the outermost array or map is 1; tags do not count */
#define EG_CBOR_MEMBERS_MAX 128u   /* pairs of the whole document, at every depth together */
#define EG_CBOR_BYTES_MAX   65535u /* of a document */

enum eg_cbor_type { /* the major types, and floats beside the simple values */
	EG_CBOR_UINT,
	EG_CBOR_NEGATIVE,
	EG_CBOR_BYTES,
	EG_CBOR_TEXT,
	EG_CBOR_ARRAY,
	EG_CBOR_MAP,
	EG_CBOR_TAG,
	EG_CBOR_SIMPLE,
	EG_CBOR_FLOAT,
};

struct eg_cbor_item {
	uint8_t type; /* enum eg_cbor_type */
	/* UINT: itself; NEGATIVE: -1 - n is meant; BYTES, TEXT: bytes; ARRAY: items; MAP: pairs;
	 * TAG: its number; SIMPLE: its number; FLOAT: the bits of its value as a binary64 */
	uint64_t n;
	const uint8_t *content; /* of BYTES and TEXT; of others it says nothing */
};

struct eg_cbor { /* a walk; its fields are cbor.c's */
	const uint8_t *at, *end;
	uint8_t depth;
	bool failed;
	unsigned members_left;
};

/* A map that is being walked, with the keys that it has shown. */
struct eg_cbor_map {
	uint64_t left;       /* pairs to come */
	uint64_t short_keys; /* a bit for each possible key of one byte */
	const uint8_t *base;
	unsigned long_cnt;                       /* the other keys, as encoded */
	uint64_t long_word[EG_CBOR_MEMBERS_MAX]; /* their first bytes */
	struct {
		uint32_t off, len;
	} long_key[EG_CBOR_MEMBERS_MAX];
};

struct eg_cbor eg_cbor(struct eg_span document);
/* The same for a document of up to 2^32 - 1 bytes: a status list. */
struct eg_cbor eg_cbor_large(struct eg_span document);

/* The next item: of a string with its content, of the others the head alone, whose inside is to be
 * walked or skipped next. False after a fault or past the end. */
bool eg_cbor_read(struct eg_cbor *r, struct eg_cbor_item *item);

/* Of the array, map or tag that was read last. */
bool eg_cbor_skip_inside(struct eg_cbor *r, const struct eg_cbor_item *item);

/* Checks and passes over what is inside the item that was read last (nothing, of a plain one). */
static inline bool eg_cbor_skip(struct eg_cbor *r, const struct eg_cbor_item *item)
{
	if (item->type < EG_CBOR_ARRAY || item->type > EG_CBOR_TAG)
		return !r->failed;
	return eg_cbor_skip_inside(r, item);
}

/* Begins to walk the array or map that was read last. Of an array the caller reads item->n items,
 * then calls eg_cbor_leave. False where it is too deep. */
bool eg_cbor_enter(struct eg_cbor *r);
void eg_cbor_leave(struct eg_cbor *r);

/* Begins to walk the map that was read last: enters it. */
bool eg_cbor_map_begin(struct eg_cbor *r, const struct eg_cbor_item *item, struct eg_cbor_map *map);
/* The next key; its value is to be read, and skipped, before the one after it. False after the
 * last, which leaves the map, and after a fault. That a key stood twice may be a fault only after
 * the last one. */
bool eg_cbor_map_next(struct eg_cbor *r, struct eg_cbor_map *map, struct eg_cbor_item *key);
/* Do two maps, walked to their ends, have a key in common? */
bool eg_cbor_maps_share(const struct eg_cbor_map *a, const struct eg_cbor_map *b);

/* Has the walk come to the very end of the document, without a fault? */
bool eg_cbor_done(const struct eg_cbor *r);

static inline struct eg_span eg_cbor_span(const struct eg_cbor_item *item)
{
	return eg_span(item->content, (size_t)item->n);
}

static inline bool eg_cbor_is_text(const struct eg_cbor_item *item, const char *text)
{
	return item->type == EG_CBOR_TEXT && eg_span_eq_str(eg_cbor_span(item), text);
}

#endif
