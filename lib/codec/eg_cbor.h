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

#define EG_CBOR_DEPTH_MAX       4u     /* the outermost array or map is 1; tags do not count */
#define EG_CBOR_MEMBERS_MAX     128u   /* pairs of the whole document, at every depth together */
#define EG_CBOR_BYTES_MAX       65535u /* of a document */
#define EG_CBOR_LARGE_BYTES_MAX UINT32_MAX

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

/* What the lower five bits of a first byte say: the argument itself up to here, and then in how
 * many bytes it follows. */
enum {
	EG_CBOR_ARGUMENT_1 = 24,
	EG_CBOR_ARGUMENT_2,
	EG_CBOR_ARGUMENT_4,
	EG_CBOR_ARGUMENT_8,
};

struct eg_cbor_item {
	uint8_t type; /* enum eg_cbor_type */
	/* Of TEXT: its bytes are 01 … 7f, at most 128 of them. */
	bool is_plain;
	/* UINT: itself; NEGATIVE: -1 - n is meant; BYTES, TEXT: bytes; ARRAY: items; MAP: pairs;
	 * TAG: its number; SIMPLE: its number; FLOAT: the bits of its value as a binary64 */
	uint64_t n;
	const uint8_t *content; /* of BYTES and TEXT; of others it says nothing */
};

struct eg_cbor { /* a walk; its fields are for here and cbor.c */
	const uint8_t *at, *end;
	uint8_t depth;
	bool failed;
	unsigned members_left;
};

/* A map that is being walked, with the keys that it has shown. */
struct eg_cbor_map {
	uint64_t left;      /* pairs to come */
	uint64_t free_keys; /* a bit for each key of one byte that has not been shown */
	const uint8_t *base;
	unsigned long_cnt;                       /* the other keys, as encoded */
	uint64_t long_word[EG_CBOR_MEMBERS_MAX]; /* their first bytes */
	struct {
		uint32_t off, len;
	} long_key[EG_CBOR_MEMBERS_MAX];
};

/* A walk of a document of at most bytes_max. Of one that has failed nothing is left. */
static inline struct eg_cbor eg_cbor_at_most(struct eg_span document, size_t bytes_max)
{
	const bool failed = document.len > bytes_max;

	return (struct eg_cbor){
	    .at = document.ptr,
	    .end = document.len != 0 && !failed ? document.ptr + document.len : document.ptr,
	    .failed = failed,
	    .members_left = EG_CBOR_MEMBERS_MAX,
	};
}

static inline struct eg_cbor eg_cbor(struct eg_span document)
{
	return eg_cbor_at_most(document, EG_CBOR_BYTES_MAX);
}

/* The same for a status list. */
static inline struct eg_cbor eg_cbor_large(struct eg_span document)
{
	return eg_cbor_at_most(document, EG_CBOR_LARGE_BYTES_MAX);
}

/* What eg_cbor_read does, for any item. */
bool eg_cbor_read_any(struct eg_cbor *r, struct eg_cbor_item *item);
/* Is the content of a text UTF-8? Says also whether it is plain. `end`: of what can be read. */
bool eg_cbor_check_text(struct eg_cbor_item *item, const uint8_t *end);

/* The head at p, where `left` bytes are left. Returns where it ends, or NULL: not for here. */
static inline const uint8_t *eg_cbor_short_head(
    const uint8_t *p, size_t left, struct eg_cbor_item *item)
{
	if (left == 0)
		return NULL;
	item->type = *p >> 5;
	item->n = *p & 0x1F;
	if (item->n < EG_CBOR_ARGUMENT_1)
		return p + 1;
	if (item->type == EG_CBOR_SIMPLE)
		return NULL;
	if (item->n == EG_CBOR_ARGUMENT_1 && left >= 2) {
		item->n = p[1];
		return item->n >= EG_CBOR_ARGUMENT_1 ? p + 2 : NULL;
	}
	if (item->n == EG_CBOR_ARGUMENT_4 && left >= 5) {
		item->n = eg_load_be32(p + 1);
		return item->n > UINT16_MAX ? p + 5 : NULL;
	}
	return NULL;
}

/* The next item: of a string with its content, of the others the head alone, whose inside is to be
 * walked or skipped next. False after a fault or past the end. What a token is made of is read
 * here: what has a head of 1, 2 or 5 bytes. */
static inline bool eg_cbor_read(struct eg_cbor *r, struct eg_cbor_item *item)
{
	const uint8_t *p = eg_cbor_short_head(r->at, (size_t)(r->end - r->at), item);

	if (p == NULL)
		return eg_cbor_read_any(r, item);
	item->content = p;
	if (item->type == EG_CBOR_BYTES || item->type == EG_CBOR_TEXT) {
		if (item->n > (size_t)(r->end - p) ||
		    (item->type == EG_CBOR_TEXT && !eg_cbor_check_text(item, r->end)))
			return eg_cbor_read_any(r, item);
		p += item->n;
	}
	r->at = p;
	return true;
}

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
/* What eg_cbor_map_next does not do itself: other keys, one that stands twice, the end. */
bool eg_cbor_map_next_any(struct eg_cbor *r, struct eg_cbor_map *map, struct eg_cbor_item *key);

/* The next key; its value is to be read, and skipped, before the one after it. False after the
 * last, which leaves the map, and after a fault. That a key stood twice may be a fault only after
 * the last one. What most keys of a token are is read here: integers of one byte. */
static inline bool eg_cbor_map_next(
    struct eg_cbor *r, struct eg_cbor_map *map, struct eg_cbor_item *key)
{
	const uint8_t *p = r->at;

	if (map->left == 0 || p == r->end || *p >= 64 || (map->free_keys >> *p & 1) == 0)
		return eg_cbor_map_next_any(r, map, key);
	map->left--;
	map->free_keys &= ~(1ull << *p);
	key->type = *p >> 5;
	key->n = *p & 0x1F;
	key->content = p + 1;
	r->at = p + 1;
	return true;
}

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
