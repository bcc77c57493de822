/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every variant of lib/codec against the definition: all that this CPU supports, and the 64-byte
 * one over plain arrays ("plain"), which runs anywhere. A program of its own without libraries, so
 * that it can be linked statically and booted in an emulator that has AVX-512. Arguments: names of
 * variants that must have been among those tested.
 */
#include "cbor_size.h"
#include "codec_impl.h"
#include "json_mark.h"
#include "vec64_plain.h"

#include "codec_vec64.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LENGTH_MAX   1024u
#define LONG_MAX     6000u
#define ALIGNMENTS   64u
#define CANARY       0xA5u
#define CANARY_BYTES 64u
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void need(bool ok, const char *variant, const char *what, size_t len, size_t at)
{
	if (ok)
		return;
	(void)fprintf(stderr, "FAILED: %s: %s, length %zu, at %zu\n", variant, what, len, at);
	exit(1);
}

static uint64_t random_word(void)
{
	static uint64_t state;
	uint64_t z = state += 0x9E3779B97F4A7C15u;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
	z = (z ^ z >> 27) * 0x94D049BB133111EBu;
	return z ^ z >> 31;
}

/* ── memory between two pages that cannot be touched ── */

struct arena {
	uint8_t *ptr;
	size_t len;
};

static struct arena guarded(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	const size_t len = (LONG_MAX + page) / page * page;
	uint8_t *map = mmap(NULL, len + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	need(map != MAP_FAILED && mprotect(map + page, len, PROT_READ | PROT_WRITE) == 0, "-",
	    "memory", len, 0);
	return (struct arena){map + page, len};
}

/* ── the definitions ── */

static int sextet_by_definition(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

static bool decode_by_definition(struct eg_span text, uint8_t *out)
{
	unsigned bits = 0, held = 0;

	for (size_t i = 0; i < text.len; i++) {
		const int sextet = sextet_by_definition(text.ptr[i]);

		if (sextet < 0)
			return false;
		held = (held << 6 | (unsigned)sextet) & 0xFFFF;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*out++ = (uint8_t)(held >> bits);
		}
	}
	return bits < 6 && (held & ((1u << bits) - 1)) == 0;
}

static bool mark_by_definition(struct eg_span text, uint64_t *marks)
{
	bool high = false;

	memset(marks, 0, (text.len / 64 + 1) * sizeof(*marks));
	for (size_t i = 0; i < text.len; i++) {
		const uint8_t c = text.ptr[i];

		if (c == '"' || c == '\\' || c < 0x20)
			marks[i / 64] |= 1ull << i % 64;
		high = high || c >= 0x80;
	}
	return high;
}

static void ink_by_definition(struct eg_span text, uint64_t *marks)
{
	memset(marks, 0, (text.len / 64 + 1) * sizeof(*marks));
	for (size_t i = 0; i < text.len; i++)
		if (memchr(" \t\n\r", text.ptr[i], 4) == NULL)
			marks[i / 64] |= 1ull << i % 64;
}

/* The size of a head, with an argument in its shortest form, or 0. */
static unsigned head_by_definition(const uint8_t *p)
{
	static const uint64_t least[] = {24, 1u << 8, 1u << 16};
	const unsigned info = p[0] & 31, is_simple = p[0] >> 5 == 7;
	uint64_t n = 0;

	if (info < 24)
		return 1;
	if (info > 26)
		return 0;
	for (unsigned i = 0; i < 1u << (info - 24); i++)
		n = n << 8 | p[1 + i];
	if (is_simple)
		return info == 24 && n < 32 ? 0 : 1 + (1u << (info - 24));
	return n >= least[info - 24] ? 1 + (1u << (info - 24)) : 0;
}

static uint8_t size_by_definition(const uint8_t *p)
{
	const unsigned major = p[0] >> 5, info = p[0] & 31;

	if (major == 4)
		return info < 24;
	if (major == 5)
		return info == 0;
	if (major == 2 || major == 3)
		return (uint8_t)(info < 16 ? 1 + info : 0);
	return (uint8_t)head_by_definition(p);
}

/* ── one comparison ── */

static void check_decode(const struct eg_codec_impl *impl, struct eg_span text, uint8_t *out)
{
	static uint8_t expected[LONG_MAX];
	const bool ok = decode_by_definition(text, expected);

	need(impl->base64url_decode(text, out) == ok, impl->name, "verdict", text.len, 0);
	if (ok)
		need(memcmp(out, expected, EG_BASE64URL_DECODED_BYTES(text.len)) == 0, impl->name,
		    "bytes", text.len, 0);
}

static void check_mark(const struct eg_codec_impl *impl, struct eg_span text, uint64_t *marks)
{
	static uint64_t expected[LONG_MAX / 64 + 1];
	const bool high = mark_by_definition(text, expected);

	need(impl->json_mark(text, marks) == high, impl->name, "ASCII", text.len, 0);
	need(memcmp(marks, expected, (text.len / 64 + 1) * sizeof(*marks)) == 0, impl->name,
	    "marks", text.len, 0);
	ink_by_definition(text, expected);
	impl->json_mark_ink(text, marks);
	need(memcmp(marks, expected, (text.len / 64 + 1) * sizeof(*marks)) == 0, impl->name, "ink",
	    text.len, 0);
}

/* Of `cnt` bytes; those behind them can be read. */
static void check_sizes(
    const struct eg_codec_impl *impl, const uint8_t *p, size_t cnt, uint8_t *sizes)
{
	impl->cbor_sizes(p, cnt, sizes);
	for (size_t i = 0; i < cnt; i++)
		need(sizes[i] == size_by_definition(p + i), impl->name, "CBOR size", cnt, i);
}

static void fill_base64url(uint8_t *p, size_t len)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)alphabet[random_word() % 64];
	if (len % 4 != 0) /* canonical */
		p[len - 1] = 'A';
}

/* Mostly plain, with all that is marked; in every other text a byte that is not ASCII. */
static void fill_json(uint8_t *p, size_t len)
{
	static const char chars[] = "plain text \"\\\x1F\x20!#[]\n\x7F";

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)chars[random_word() % (sizeof(chars) - 1)];
	if (len != 0 && random_word() % 2 == 0)
		p[random_word() % len] |= 0x80;
}

/* ── every length, every alignment to a page that cannot be touched ── */

static bool is_canary(const uint8_t *p, size_t len)
{
	while (len > 0)
		if (p[--len] != CANARY)
			return false;
	return true;
}

/* Text and bytes `gap` in front of the page behind them, then `gap` behind the page before them. */
static void check_decode_at(const struct eg_codec_impl *impl, size_t len, size_t gap)
{
	static struct arena in, out;
	const size_t bytes = EG_BASE64URL_DECODED_BYTES(len);
	uint8_t *text, *to;

	if (in.ptr == NULL) {
		in = guarded();
		out = guarded();
	}
	text = in.ptr + in.len - len - gap;
	to = out.ptr + out.len - bytes - gap;
	fill_base64url(text, len);
	memset(to - CANARY_BYTES, CANARY, CANARY_BYTES + bytes + gap);
	check_decode(impl, eg_span(text, len), to);
	need(is_canary(to - CANARY_BYTES, CANARY_BYTES) && is_canary(to + bytes, gap), impl->name,
	    "bytes outside", len, gap);
	memmove(in.ptr + gap, text, len);
	memset(out.ptr, CANARY, gap + bytes + CANARY_BYTES);
	check_decode(impl, eg_span(in.ptr + gap, len), out.ptr + gap);
	need(is_canary(out.ptr, gap) && is_canary(out.ptr + gap + bytes, CANARY_BYTES), impl->name,
	    "bytes outside", len, gap);
}

static void check_mark_at(const struct eg_codec_impl *impl, size_t len, size_t gap)
{
	static struct arena in, out;
	const size_t words = len / 64 + 1;
	uint8_t *text;

	if (in.ptr == NULL) {
		in = guarded();
		out = guarded();
	}
	text = in.ptr + in.len - len - gap;
	fill_json(text, len);
	check_mark(impl, eg_span(text, len),
	    (uint64_t *)(void *)(out.ptr + out.len - words * sizeof(uint64_t)));
	memmove(in.ptr + gap, text, len);
	check_mark(impl, eg_span(in.ptr + gap, len), (uint64_t *)(void *)out.ptr);
}

/* The bytes that can be read end at a page, and so do the sizes. */
static void check_sizes_at(const struct eg_codec_impl *impl, size_t cnt, size_t gap)
{
	static struct arena in, out;
	const size_t len = cnt + EG_CODEC_CBOR_BYTES - 1;
	uint8_t *p;

	if (in.ptr == NULL) {
		in = guarded();
		out = guarded();
	}
	p = in.ptr + in.len - len - gap;
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(random_word() >> random_word() % 3 * 24);
	check_sizes(impl, p, cnt, out.ptr + out.len - cnt);
	memmove(in.ptr, p, len);
	memset(out.ptr, CANARY, cnt + CANARY_BYTES);
	check_sizes(impl, in.ptr, cnt, out.ptr);
	need(is_canary(out.ptr + cnt, CANARY_BYTES), impl->name, "sizes outside", cnt, gap);
}

static void check_lengths(const struct eg_codec_impl *impl)
{
	static const size_t long_ones[] = {4095, 4096, 4097, 4160, 5461, 5462, 5463, 5999};

	for (size_t gap = 0; gap < ALIGNMENTS; gap++) {
		for (size_t len = 0; len <= LENGTH_MAX; len++) {
			check_decode_at(impl, len, gap);
			check_mark_at(impl, len, gap);
			check_sizes_at(impl, len, gap);
		}
		for (size_t i = 0; i < COUNT(long_ones) && gap < 4; i++) {
			check_decode_at(impl, long_ones[i], gap);
			check_mark_at(impl, long_ones[i], gap);
		}
	}
}

/* ── every byte value at every position ── */

/* One to five steps of 32 bytes, one to three of 64, each with every kind of rest near it. */
static const size_t lengths[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 30, 31, 32, 33, 34, 35, 36, 47,
    60, 61, 62, 63, 64, 65, 66, 67, 68, 95, 96, 98, 99, 100, 127, 128, 130, 131, 132, 159, 160, 190,
    191, 192};

static void check_each_byte(const struct eg_codec_impl *impl, size_t len)
{
	static uint64_t marks[LONG_MAX / 64 + 1];
	uint8_t text[LENGTH_MAX], json[LENGTH_MAX], out[LENGTH_MAX];

	fill_base64url(text, len);
	memset(json, 'j', sizeof(json));
	for (size_t at = 0; at < len; at++) {
		const uint8_t was = text[at];

		for (unsigned c = 0; c < 256; c++) {
			text[at] = json[at] = (uint8_t)c;
			check_decode(impl, eg_span(text, len), out);
			check_mark(impl, eg_span(json, len), marks);
		}
		text[at] = was;
		json[at] = 'j';
	}
}

/* Every first byte, with the bytes behind it at the edges of what a form may hold. */
static void check_each_head(const struct eg_codec_impl *impl)
{
	static const uint8_t edges[] = {0, 1, 23, 24, 31, 32, 127, 128, 255};
	uint8_t p[100], sizes[64];

	for (unsigned first = 0; first < 256; first++)
		for (size_t at = 0; at < sizeof(sizes); at += 1 + at % 5)
			for (size_t i = 0; i < COUNT(edges) * COUNT(edges) * 8; i++) {
				memset(p, i % 2 == 0 ? 'a' : 0, sizeof(p));
				p[at] = (uint8_t)first;
				p[at + 1] = edges[i / 8 % COUNT(edges)];
				p[at + 2] = edges[i / 8 / COUNT(edges)];
				p[at + i % 8] |= 0x80;
				check_sizes(impl, p, sizeof(sizes), sizes);
			}
}

/* ── UTF-8 ── */

/* Decodes every form, then compares with the least that needs it. */
static bool utf8_by_definition(struct eg_span text)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

	for (size_t i = 0, n; i < text.len; i += n) {
		uint32_t c = text.ptr[i];

		n = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 : c >> 3 == 30 ? 4 : 0;
		if (n == 0 || n > text.len - i)
			return false;
		if (n > 1)
			c &= 0x7Fu >> n;
		for (size_t k = 1; k < n; k++) {
			if (text.ptr[i + k] >> 6 != 2)
				return false;
			c = c << 6 | (text.ptr[i + k] & 0x3F);
		}
		if (c < least[n] || (c >= 0xD800 && c <= 0xDFFF) || c > 0x10FFFF)
			return false;
	}
	return true;
}

static void check_utf8(const struct eg_codec_impl *impl, const uint8_t *p, size_t len, size_t at)
{
	const struct eg_span text = eg_span(p, len);

	need(impl->utf8_valid(text) == utf8_by_definition(text), impl->name, "UTF-8", len, at);
}

/* Four bytes of every kind, in the middle of ASCII and at its end, across the edges of steps. */
static void check_utf8_quads(const struct eg_codec_impl *impl, size_t at)
{
	static const uint8_t edges[] = {
	    0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xE1, 0xFF};
	uint8_t text[80];

	memset(text, 'a', sizeof(text));
	for (unsigned first = 0x7F; first < 256; first++)
		for (unsigned second = 0x70; second < 256; second += second % 16 == 0 ? 15 : 1)
			for (size_t i = 0; i < COUNT(edges) * COUNT(edges); i++) {
				text[at] = (uint8_t)first;
				text[at + 1] = (uint8_t)second;
				text[at + 2] = edges[i % COUNT(edges)];
				text[at + 3] = edges[i / COUNT(edges)];
				check_utf8(impl, text, sizeof(text), at);
				check_utf8(impl, text, at + 1 + i % 4, at);
			}
}

/* Good sequences in any order, now and then with one byte changed, at a page's end. */
static void check_utf8_texts(const struct eg_codec_impl *impl)
{
	static const char *const pieces[] = {"a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80",
	    "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
	    "some ASCII"};
	const struct arena in = guarded();

	for (unsigned round = 0; round < 100000; round++) {
		uint8_t text[256];
		size_t len = 0;
		const size_t wanted = random_word() % 150;

		while (len < wanted) {
			const char *piece = pieces[random_word() % COUNT(pieces)];

			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		len -= len != 0 && random_word() % 4 == 0;
		if (len != 0 && random_word() % 2 == 0)
			text[random_word() % len] = (uint8_t)random_word();
		memcpy(in.ptr + in.len - len, text, len);
		check_utf8(impl, in.ptr + in.len - len, len, 0);
	}
}

static void check_all_utf8(const struct eg_codec_impl *impl)
{
	static const size_t places[] = {0, 1, 13, 28, 29, 30, 31, 32, 33, 61, 62, 63};

	for (size_t i = 0; i < COUNT(places); i++)
		check_utf8_quads(impl, places[i]);
	check_utf8_texts(impl);
}

/* ── names ── */

/* The one name that is alike at every place of every range; then each of its keys a bit wrong. */
static void check_alike(const struct eg_codec_impl *impl)
{
	static struct eg_codec_keys keys;
	const uint64_t wanted[EG_CODEC_KEYS] = {random_word(), random_word(), random_word()};

	for (unsigned i = 0; i < EG_CODEC_NAMES; i++)
		for (unsigned k = 0; k < EG_CODEC_KEYS; k++)
			keys.key[k][i] = i % (k + 2) == 0 ? wanted[k] : random_word();
	keys.key[0][0] ^= 1; /* place 0 had them all, as had every twelfth */
	for (unsigned i = 12; i < EG_CODEC_NAMES; i += 12)
		keys.key[i / 12 % EG_CODEC_KEYS][i] ^= 1ull << random_word() % 64;
	for (unsigned at = 0; at < EG_CODEC_NAMES; at++) {
		const struct eg_codec_keys before = keys;

		for (unsigned k = 0; k < EG_CODEC_KEYS; k++)
			keys.key[k][at] = wanted[k];
		for (unsigned end = 0; end <= EG_CODEC_NAMES; end++)
			for (unsigned first = 0; first <= end; first += 1 + first / 9)
				need(impl->json_alike(&keys, first, end, wanted) ==
				         (first <= at && at < end ? at : end),
				    impl->name, "alike", end, at);
		keys = before;
	}
}

/* Of several that are alike, the first one from where the search begins. */
static void check_first_alike(const struct eg_codec_impl *impl)
{
	static struct eg_codec_keys keys; /* all zero but for every third name */
	const uint64_t wanted[EG_CODEC_KEYS] = {0};

	for (unsigned i = 0; i < EG_CODEC_NAMES; i += 3)
		keys.key[i % EG_CODEC_KEYS][i] = 1;
	for (unsigned first = 0; first < EG_CODEC_NAMES; first++)
		need(impl->json_alike(&keys, first, EG_CODEC_NAMES, wanted) ==
		         first + (first % 3 == 0),
		    impl->name, "first alike", EG_CODEC_NAMES, first);
}

/* Words of which no two are the same, then two, at any two places. */
static void check_twice(const struct eg_codec_impl *impl)
{
	uint64_t word[EG_CODEC_NAMES];

	for (unsigned i = 0; i < EG_CODEC_NAMES; i++) /* alike in all but 7 bits */
		word[i] = 0x8000000000000001u ^ (uint64_t)i << i % 32;
	for (unsigned i = 0; i < EG_CODEC_NAMES; i++)
		word[i] = word[i] << 8 | i;
	for (unsigned cnt = 0; cnt <= EG_CODEC_NAMES; cnt += 1 + cnt / 16) {
		need(!impl->json_twice(word, cnt), impl->name, "twice", cnt, 0);
		for (unsigned i = 0; i < cnt; i++)
			for (unsigned k = 0; k < i; k++) {
				const uint64_t was = word[i];

				word[i] = word[k];
				need(impl->json_twice(word, cnt), impl->name, "not twice", cnt, i);
				word[i] = was;
			}
	}
}

static void check_variant(const struct eg_codec_impl *impl)
{
	check_lengths(impl);
	check_alike(impl);
	check_first_alike(impl);
	check_twice(impl);
	check_each_head(impl);
	for (size_t i = 0; i < COUNT(lengths); i++)
		check_each_byte(impl, lengths[i]);
	(void)printf("ok: %s\n", impl->name);
}

static bool decode_plain(struct eg_span text, uint8_t *out)
{
	return vec64_base64url_decode(text, out);
}

static bool mark_plain(struct eg_span text, uint64_t *marks)
{
	return vec64_json_mark(text, marks);
}

static unsigned alike_plain(const struct eg_codec_keys *keys, unsigned first, unsigned end,
    const uint64_t wanted[EG_CODEC_KEYS])
{
	return eg_json_alike(keys, first, end, wanted);
}

static void mark_ink_plain(struct eg_span text, uint64_t *marks)
{
	eg_codec_scalar.json_mark_ink(text, marks);
}

static bool twice_plain(const uint64_t *word, unsigned cnt)
{
	return eg_json_twice(word, 0, cnt);
}

static bool is_supported(const char *name)
{
	const struct eg_codec_impl *impl;

	for (unsigned i = 0; (impl = eg_codec_supported(i)) != NULL; i++)
		if (strcmp(impl->name, name) == 0)
			return true;
	return false;
}

int main(int argc, char *argv[])
{
	static const struct eg_codec_impl plain = {.name = "plain",
	    .base64url_decode = decode_plain,
	    .json_mark = mark_plain,
	    .json_mark_ink = mark_ink_plain,
	    .json_twice = twice_plain,
	    .json_alike = alike_plain,
	    .cbor_sizes = eg_cbor_sizes};
	const struct eg_codec_impl *impl;

	for (int i = 1; i < argc; i++)
		need(is_supported(argv[i]), argv[i], "this CPU does not support it", 0, 0);
	for (unsigned i = 0; (impl = eg_codec_supported(i)) != NULL; i++) {
		check_all_utf8(impl);
		check_variant(impl);
	}
	check_variant(&plain);
	return 0;
}
