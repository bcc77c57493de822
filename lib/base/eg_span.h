/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spans of bytes, a bounded reader and a bounded writer.
 *
 * Every byte from outside is read through eg_reader: a read past the end gives zero and sets
 * `failed`, so a parser checks once at the end of a group of reads and can never run over.
 * Integers on the wire are big-endian. Threads: [any]; no allocation.
 */
#ifndef EG_SPAN_H
#define EG_SPAN_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct eg_span {
	const uint8_t *ptr;
	size_t len;
};

static inline struct eg_span eg_span(const void *ptr, size_t len)
{
	return (struct eg_span){(const uint8_t *)ptr, len};
}

static inline struct eg_span eg_span_str(const char *str)
{
	return eg_span(str, strlen(str));
}

static inline bool eg_span_eq(struct eg_span a, struct eg_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool eg_span_eq_str(struct eg_span a, const char *str)
{
	return eg_span_eq(a, eg_span_str(str));
}

/* Unaligned big-endian access. Whole words: byte by byte, compilers mix neighbours up. */
static inline uint16_t eg_load_be16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t eg_load_be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline uint64_t eg_load_be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

static inline void eg_store_be16(uint8_t *p, uint16_t v)
{
	v = htobe16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void eg_store_be32(uint8_t *p, uint32_t v)
{
	v = htobe32(v);
	memcpy(p, &v, sizeof(v));
}

static inline void eg_store_be64(uint8_t *p, uint64_t v)
{
	v = htobe64(v);
	memcpy(p, &v, sizeof(v));
}

struct eg_reader {
	const uint8_t *ptr;
	size_t left;
	bool failed; /* sticky: a read went past the end */
};

static inline struct eg_reader eg_reader(struct eg_span s)
{
	return (struct eg_reader){s.ptr, s.len, false};
}

/* The next n bytes, or an empty span with failed set. */
static inline struct eg_span eg_read_bytes(struct eg_reader *r, size_t n)
{
	struct eg_span s = {r->ptr, n};

	if (n > r->left) {
		r->failed = true;
		return (struct eg_span){NULL, 0};
	}
	if (n != 0) { /* an empty reader may stand on NULL */
		r->ptr += n;
		r->left -= n;
	}
	return s;
}

static inline uint8_t eg_read_u8(struct eg_reader *r)
{
	struct eg_span s = eg_read_bytes(r, 1);

	return s.ptr != NULL ? s.ptr[0] : 0;
}

static inline uint16_t eg_read_be16(struct eg_reader *r)
{
	struct eg_span s = eg_read_bytes(r, 2);

	return s.ptr != NULL ? eg_load_be16(s.ptr) : 0;
}

static inline uint32_t eg_read_be32(struct eg_reader *r)
{
	struct eg_span s = eg_read_bytes(r, 4);

	return s.ptr != NULL ? eg_load_be32(s.ptr) : 0;
}

static inline uint64_t eg_read_be64(struct eg_reader *r)
{
	struct eg_span s = eg_read_bytes(r, 8);

	return s.ptr != NULL ? eg_load_be64(s.ptr) : 0;
}

struct eg_writer {
	uint8_t *ptr;
	size_t left;
	bool failed; /* sticky: a write did not fit and was left out */
};

static inline struct eg_writer eg_writer(void *ptr, size_t room)
{
	return (struct eg_writer){(uint8_t *)ptr, room, false};
}

/* Reserves n bytes and returns where they start, or NULL with failed set. */
static inline uint8_t *eg_write_room(struct eg_writer *w, size_t n)
{
	uint8_t *p = w->ptr;

	if (n > w->left) {
		w->failed = true;
		return NULL;
	}
	if (n != 0) { /* an empty writer may stand on NULL */
		w->ptr += n;
		w->left -= n;
	}
	return p;
}

static inline void eg_write_bytes(struct eg_writer *w, struct eg_span s)
{
	uint8_t *p = eg_write_room(w, s.len);

	if (p != NULL && s.len != 0)
		memcpy(p, s.ptr, s.len);
}

static inline void eg_write_u8(struct eg_writer *w, uint8_t v)
{
	uint8_t *p = eg_write_room(w, 1);

	if (p != NULL)
		p[0] = v;
}

static inline void eg_write_be16(struct eg_writer *w, uint16_t v)
{
	uint8_t *p = eg_write_room(w, 2);

	if (p != NULL)
		eg_store_be16(p, v);
}

static inline void eg_write_be32(struct eg_writer *w, uint32_t v)
{
	uint8_t *p = eg_write_room(w, 4);

	if (p != NULL)
		eg_store_be32(p, v);
}

static inline void eg_write_be64(struct eg_writer *w, uint64_t v)
{
	uint8_t *p = eg_write_room(w, 8);

	if (p != NULL)
		eg_store_be64(p, v);
}

#endif
