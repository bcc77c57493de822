/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What nobody reads (lib/codec/cbor_pass.c), against a checker that is written from RFC 8949 and
 * docs/protocol.md section 2 and nothing else: random documents, most of them right or nearly so.
 */
#include "eg_cbor.h"
#include "eg_json.h"
#include "eg_test.h"

#define ROOM       600u
#define ROUNDS     300000u
#define TAIL_BYTES 70000u

/* ── the rules ── */

struct naive {
	const uint8_t *at, *end;
	unsigned pairs;
};

static bool naive_item(struct naive *n, unsigned depth);

static bool naive_head(struct naive *n, unsigned *major, unsigned *info, uint64_t *value)
{
	static const uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};

	if (n->at == n->end)
		return false;
	*major = *n->at >> 5;
	*info = *n->at++ & 31;
	*value = *info;
	if (*info < 24)
		return true;
	if (*info > 27 || n->end - n->at < 1 << (*info - 24))
		return false;
	*value = 0;
	for (unsigned i = 0; i < 1u << (*info - 24); i++)
		*value = *value << 8 | *n->at++;
	if (*major == 7)
		return *info != 24 || *value >= 32;
	return *value >= least[*info - 24];
}

static bool naive_map(struct naive *n, uint64_t pairs, unsigned depth)
{
	struct eg_span key[EG_CBOR_MEMBERS_MAX];

	if (pairs > EG_CBOR_MEMBERS_MAX - n->pairs)
		return false;
	n->pairs += (unsigned)pairs;
	for (uint64_t i = 0; i < pairs; i++) {
		const uint8_t *start = n->at;

		if (start == n->end || *start >= 0x80 || !naive_item(n, depth))
			return false;
		key[i] = eg_span(start, (size_t)(n->at - start));
		for (uint64_t k = 0; k < i; k++)
			if (eg_span_eq(key[k], key[i]))
				return false;
		if (!naive_item(n, depth))
			return false;
	}
	return true;
}

static bool naive_string(struct naive *n, unsigned major, uint64_t len)
{
	const struct eg_span content = eg_span(n->at, (size_t)len);

	if (len > (uint64_t)(n->end - n->at))
		return false;
	n->at += len;
	return major == 2 || eg_utf8_valid(content);
}

static bool naive_item(struct naive *n, unsigned depth)
{
	unsigned major, info;
	uint64_t value;

	do
		if (!naive_head(n, &major, &info, &value))
			return false;
	while (major == 6);
	if (major == 2 || major == 3)
		return naive_string(n, major, value);
	if (major != 4 && major != 5)
		return true;
	if (depth == EG_CBOR_DEPTH_MAX)
		return false;
	if (major == 5)
		return naive_map(n, value, depth + 1);
	while (value-- != 0)
		if (!naive_item(n, depth + 1))
			return false;
	return true;
}

static bool naive_accepts(const uint8_t *bytes, size_t len)
{
	struct naive n = {.at = bytes, .end = bytes + len};

	return naive_item(&n, 0) && n.at == n.end;
}

/* ── random documents ── */

static void put_item(struct eg_writer *w, unsigned depth);

static void put(struct eg_writer *w, const char *bytes, size_t len)
{
	eg_write_bytes(w, eg_span(bytes, len));
}

static void put_plain(struct eg_writer *w)
{
#define PIECE(text)                                                                                \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
	static const struct {
		const char *bytes;
		size_t len;
	} pieces[] = {PIECE("\x00"), PIECE("\x17"), PIECE("\x18\x18"), PIECE("\x18\x17"),
	    PIECE("\x19\x01\x00"), PIECE("\x19\x00\xff"), PIECE("\x1a\x00\x01\x00\x00"),
	    PIECE("\x1b\x00\x00\x00\x01\x00\x00\x00\x00"), PIECE("\x20"), PIECE("\x38\x80"),
	    PIECE("\x40"), PIECE("\x41\xff"),
	    PIECE("\x46"
	          "abcdef"),
	    PIECE("\x47"
	          "abcdefg"),
	    PIECE("\x48"
	          "abcdefgh"),
	    PIECE("\x60"), PIECE("\x61z"), PIECE("\x61\xc3"), PIECE("\x62\xc3\xa9"),
	    PIECE("\x63\xe2\x82\xac"), PIECE("\x61\xa9"), PIECE("\x64\xf0\x9f\x98\x80"),
	    PIECE("\x67"
	          "abcde\xc3\xa9"),
	    PIECE("\x67"
	          "abcdef\xc3"),
	    PIECE("\x68"
	          "abcdef\xc3\xa9"),
	    PIECE("\x68"
	          "abcdefg\xc3"),
	    PIECE("\x6f"
	          "abcdefghijklm\xc3\xa9"),
	    PIECE("\x6f"
	          "abcdefghijklmn\xc3"),
	    PIECE("\x70"
	          "abcdefghijklmn\xc3\xa9"),
	    PIECE("\x70"
	          "abcdefghijklmno\xc3"),
	    PIECE("\xf6"), PIECE("\xf8\x20"), PIECE("\xf8\x1f"), PIECE("\xf9\x3c\x00"),
	    PIECE("\xfa\x00\x00\x00\x00"), PIECE("\xfb\x00\x00\x00\x00\x00\x00\x00\x00"),
	    PIECE("\xc1\x01"), PIECE("\xd8\x3d\x80"), PIECE("\xd8\x17\x01"), PIECE("\x80"),
	    PIECE("\xa0"), PIECE("\x1c"), PIECE("\x9f"),
	    PIECE("\x78\x19"
	          "twenty-five bytes of text"),
	    PIECE("\x58\x19"
	          "twenty-five bytes of some")};
#undef PIECE
	const size_t i = eg_test_below(sizeof(pieces) / sizeof(pieces[0]));
	/* what is wrong is seldom taken */
	const bool wrong = !naive_accepts((const uint8_t *)pieces[i].bytes, pieces[i].len);

	if (wrong && eg_test_below(32) != 0)
		put(w, "\x01", 1);
	else
		put(w, pieces[i].bytes, pieces[i].len);
}

static void put_key(struct eg_writer *w)
{
	static const char text[] = "alike in front of 0, and behind it";
	uint8_t key[1 + sizeof(text)] = {0x78, sizeof(text) - 1};

	memcpy(key + 2, text, sizeof(text) - 1);
	key[20] = (uint8_t)('0' + eg_test_below(64));
	switch (eg_test_below(4)) {
	case 0:
		eg_write_u8(w, (uint8_t)eg_test_below(24));
		break;
	case 1:
		eg_write_u8(w, 0x18);
		eg_write_u8(w, (uint8_t)(24 + eg_test_below(40)));
		break;
	case 2:
		eg_write_u8(w, (uint8_t)(0x40 + 0x20 * eg_test_below(2) + 1));
		eg_write_u8(w, (uint8_t)('a' + eg_test_below(24)));
		break;
	default:
		eg_write_bytes(w, eg_span(key, sizeof(key)));
	}
}

static void put_container(struct eg_writer *w, unsigned depth)
{
	const unsigned cnt = eg_test_below(7);
	const bool is_map = eg_test_below(3) == 0;

	eg_write_u8(w, (uint8_t)((is_map ? 0xa0 : 0x80) | cnt));
	for (unsigned i = 0; i < cnt; i++) {
		if (is_map)
			put_key(w);
		put_item(w, depth + 1);
	}
}

static void put_item(struct eg_writer *w, unsigned depth)
{
	if (eg_test_below(24) == 0)
		put(w, "\xc1", 1);
	if (eg_test_below(depth < EG_CBOR_DEPTH_MAX ? depth + 1 : 40) == 0)
		put_container(w, depth);
	else
		put_plain(w);
}

/* One byte changed, left out, or the rest cut off; or nothing. */
static size_t spoil(uint8_t *bytes, size_t len)
{
	const size_t at = eg_test_below((unsigned)len);

	switch (eg_test_below(8)) {
	case 0:
		bytes[at] = (uint8_t)eg_test_random();
		return len;
	case 1:
		bytes[at] ^= (uint8_t)(1u << eg_test_below(8));
		return len;
	case 2:
		memmove(bytes + at, bytes + at + 1, len - at - 1);
		return len - 1;
	case 3:
		return at;
	default:
		return len;
	}
}

static size_t random_document(uint8_t out[ROOM])
{
	struct eg_writer w;

	do {
		w = eg_writer(out, ROOM);
		put_item(&w, 0);
	} while (w.failed);
	return spoil(out, ROOM - w.left);
}

/* ── the same answer ── */

static bool walk(struct eg_cbor r)
{
	struct eg_cbor_item item;

	return eg_cbor_read(&r, &item) && eg_cbor_skip(&r, &item) && eg_cbor_done(&r);
}

static void check(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len != 0 ? len : 1); /* so that a tool sees a step outside */

	assert_non_null(exact);
	memcpy(exact, bytes, len);
	if (walk(eg_cbor(eg_span(exact, len))) != naive_accepts(exact, len)) {
		for (size_t i = 0; i < len; i++)
			print_error("%02x", exact[i]);
		fail_msg(" is %s", naive_accepts(exact, len) ? "refused" : "taken");
	}
	free(exact);
}

static void test_random_documents(void **state)
{
	uint8_t document[ROOM];
	unsigned taken = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		const size_t len = random_document(document);

		check(document, len);
		taken += naive_accepts(document, len);
	}
	assert_true(taken > ROUNDS / 5 && taken < ROUNDS * 4 / 5);
}

/* Behind it a string that makes it too large for the quick way. */
static void test_large_documents(void **state)
{
	static uint8_t bytes[1 + ROOM + 5 + TAIL_BYTES];
	uint8_t document[ROOM];
	unsigned taken = 0;

	(void)state;
	for (unsigned round = 0; round < ROUNDS / 100; round++) {
		const size_t len = random_document(document);
		uint8_t *const start = bytes + ROOM - len;
		const size_t all = 1 + len + 5 + TAIL_BYTES;

		start[0] = 0x82;
		memcpy(start + 1, document, len);
		memcpy(bytes + ROOM + 1, "\x5a\x00\x01\x11\x70", 5);
		assert_int_equal(
		    walk(eg_cbor_large(eg_span(start, all))), naive_accepts(start, all));
		taken += naive_accepts(start, all);
	}
	assert_true(taken > ROUNDS / 1000);
}

/* Every byte in every place behind an array's head, with many or few bytes behind it. */
static void test_each_byte(void **state)
{
	uint8_t document[48];

	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		for (unsigned second = 0; second < 256; second++) {
			memset(document, 0, sizeof(document));
			document[0] = 0x80 | 3;
			document[1] = (uint8_t)byte;
			document[2] = (uint8_t)second;
			for (unsigned len = 3; len < sizeof(document); len += len < 32 ? 1 : 7)
				check(document, len);
		}
	}
}

/* Keys that share 16, 32 or 48 bytes, one of them twice or none, in a map and one inside it. */
static void test_long_keys(void **state)
{
	uint8_t document[6000];

	(void)state;
	for (unsigned round = 0; round < 600; round++) {
		const unsigned cnt = 2 + eg_test_below(60), same = 16 * eg_test_below(4);
		const unsigned twice = eg_test_below(2 * cnt);
		struct eg_writer w = eg_writer(document, sizeof(document));

		eg_write_bytes(&w, eg_span("\x81\xb8", 2));
		eg_write_u8(&w, (uint8_t)(cnt < 24 ? 24 : cnt));
		for (unsigned i = 0; i < (cnt < 24 ? 24 : cnt); i++) {
			eg_write_bytes(&w, eg_span("\x58", 1));
			eg_write_u8(&w, (uint8_t)(same + 24));
			for (unsigned k = 0; k < same + 20; k++)
				eg_write_u8(&w, 'k');
			eg_write_be32(&w, i == twice && i != 0 ? 0 : i);
			eg_write_bytes(&w, eg_span("\xa1\x01\xa0", 3));
		}
		check(document, sizeof(document) - w.left);
	}
}

/* A text of `bytes`, of characters of two bytes behind one of ASCII or none. */
static void put_text(struct eg_writer *w, unsigned bytes)
{
	eg_write_u8(w, (uint8_t)(0x60 + bytes));
	if (bytes % 2 != 0)
		eg_write_u8(w, 'z');
	for (unsigned i = 0; i < bytes / 2; i++)
		eg_write_be16(w, 0xc3a9);
}

/* Many texts, alone or as keys or values of maps, in more than one step of the vectors; in every
 * other document one byte of one text is wrong. */
static void test_many_texts(void **state)
{
	static uint8_t document[13000];

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		const unsigned cnt = 24 + eg_test_below(round % 8 == 0 ? 500 : 60);
		const unsigned wrong = eg_test_below(2 * cnt);
		struct eg_writer w = eg_writer(document, sizeof(document));

		eg_write_u8(&w, 0x99);
		eg_write_be16(&w, (uint16_t)cnt);
		for (unsigned i = 0; i < cnt; i++) {
			const unsigned bytes = eg_test_below(20);
			const bool in_map = eg_test_below(3) == 0; /* now and then too many */

			if (in_map)
				put(&w, i % 2 != 0 ? "\xa1" : "\xa1\x01", 1 + (i % 2 == 0));
			put_text(&w, bytes);
			if (i == wrong && bytes != 0)
				w.ptr[-1 - (int)eg_test_below(bytes)] ^= 0x40;
			if (in_map && i % 2 != 0)
				put(&w, "\x80", 1);
		}
		check(document, sizeof(document) - w.left);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_random_documents),
	    cmocka_unit_test(test_large_documents),
	    cmocka_unit_test(test_each_byte),
	    cmocka_unit_test(test_long_keys),
	    cmocka_unit_test(test_many_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
