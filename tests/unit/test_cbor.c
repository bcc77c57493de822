/* SPDX-License-Identifier: BSD-3-Clause */
#include "hex.h"

#include "eg_cbor.h"

#include <math.h>

#define ROOM         70000u
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A document in memory of its exact size, so that a tool sees every step outside. */
struct doc {
	uint8_t *ptr;
	size_t len;
};

static struct doc doc_of(const void *data, size_t len)
{
	struct doc d = {malloc(len != 0 ? len : 1), len};

	assert_non_null(d.ptr);
	if (len != 0)
		memcpy(d.ptr, data, len);
	return d;
}

static struct doc doc_of_hex(const char *hex)
{
	uint8_t bytes[2048];

	return doc_of(bytes, hex_append(bytes, 0, sizeof(bytes), hex));
}

static bool walk(struct eg_span document)
{
	struct eg_cbor r = eg_cbor(document);
	struct eg_cbor_item item;

	return eg_cbor_read(&r, &item) && eg_cbor_skip(&r, &item) && eg_cbor_done(&r);
}

/* With the property that every test wants: a copy of the exact size gives the same answer. */
static bool valid(const void *data, size_t len)
{
	struct doc d = doc_of(data, len);
	bool ok = walk(eg_span(d.ptr, d.len));

	free(d.ptr);
	return ok;
}

static void check_hex(const char *hex, bool expected)
{
	struct doc d = doc_of_hex(hex);

	if (walk(eg_span(d.ptr, d.len)) != expected)
		fail_msg("%s is %s", hex, expected ? "refused" : "taken");
	free(d.ptr);
}

static void check_all(const char *const hex[], size_t cnt, bool expected)
{
	for (size_t i = 0; i < cnt; i++)
		check_hex(hex[i], expected);
}

/* RFC 8949 appendix A, what of it has definite lengths. */
static void test_well_formed(void **state)
{
	static const char *const good[] = {"00", "01", "0a", "17", "1818", "1819", "1864", "1903e8",
	    "1a000f4240", "1b000000e8d4a51000", "1bffffffffffffffff", "3bffffffffffffffff", "20",
	    "29", "3863", "3903e7", "c249010000000000000000", "f90000", "f98000", "f93c00",
	    "fb3ff199999999999a", "fa47c35000", "fb7e37e43c8800759c", "f97c00", "f97e00",
	    "fa7fc00000", "fbfff0000000000000", "f4", "f5", "f6", "f7", "f0", "f820", "f8ff",
	    "c074323031332d30332d32315432303a30343a30305a", "c11a514b67b0", "d74401020304",
	    "d818456449455446", "40", "4401020304", "60", "6161", "62c3bc", "64f0908591", "80",
	    "83010203", "8301820203820405",
	    "98190102030405060708090a0b0c0d0e0f101112131415161718181819", "a0", "a201020304",
	    "a26161016162820203", "826161a161626163"};

	check_all(good, COUNT(good), true);
}

static void test_not_well_formed(void **state)
{
	static const char *const bad[] = {
	    "", /* nothing */
	    "18",
	    "19",
	    "1900",
	    "1a000000",
	    "1b00000000000000",
	    "38",
	    "58",
	    "78",
	    "98",
	    "b8",
	    "d8",
	    "f8",
	    "f9",
	    "f900",
	    "fa000000",
	    "fb00000000000000", /* heads cut off */
	    "41",
	    "61",
	    "81",
	    "a1",
	    "a100",
	    "c0",
	    "8200",
	    "a20000",
	    "5803aabb", /* insides cut off */
	    "1c",
	    "1d",
	    "1e",
	    "3c",
	    "5d",
	    "7e",
	    "9c",
	    "bd",
	    "dc",
	    "fc",
	    "fd",
	    "fe", /* reserved */
	    "1f",
	    "3f",
	    "df",
	    "ff", /* no such form */
	    "5f42010243030405ff",
	    "7f657374726561646d696e67ff",
	    "9fff",
	    "bfff",
	    "9f018202039f0405ffff",
	    "bf6161016162 9f0203ffff", /* indefinite lengths */
	    "f800",
	    "f814",
	    "f818",
	    "f81f", /* simple values below 32 in two bytes */
	    "0000",
	    "a000",
	    "6161ff",
	    "c000ff", /* trailing bytes */
	    "61ff",
	    "62c080",
	    "63eda080",
	    "64f4908080",
	    "61c3",
	    "826161 61ff", /* no UTF-8 */
	    "9bffffffffffffffff",
	    "bbffffffffffffffff",
	    "5bffffffffffffffff",
	    "7bffffffffffffffff",
	    "9b0000000100000000",
	    "9affffffff00",
	};

	check_all(bad, COUNT(bad), false);
}

static void test_shortest_heads(void **state)
{
	/* argument just too small, and just large enough, for its 1, 2, 4 and 8 bytes */
	static const char *const argument[][2] = {{"1817", "1818"}, {"1900ff", "190100"},
	    {"1a0000ffff", "1a00010000"}, {"1b00000000ffffffff", "1b0000000100000000"}};
	char hex[32];

	for (unsigned major = 0; major < 2; major++) {
		for (size_t i = 0; i < COUNT(argument); i++) {
			for (unsigned enough = 0; enough < 2; enough++) {
				(void)snprintf(hex, sizeof(hex), "%s", argument[i][enough]);
				hex[0] = (char)('1' + 2 * (int)major);
				check_hex(hex, enough == 1);
			}
		}
	}
	for (size_t i = 0; i < COUNT(argument); i++) { /* tags */
		for (unsigned enough = 0; enough < 2; enough++) {
			(void)snprintf(hex, sizeof(hex), "%s00", argument[i][enough]);
			hex[0] = 'd';
			check_hex(hex, enough == 1);
		}
	}
	check_hex("5817aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false);
	check_hex("5818aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true);
	check_hex("7801 61", false);
	check_hex("980100", false);
	check_hex("b8010000", false);
}

static double double_of(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static double read_float(const uint8_t *doc, size_t len)
{
	struct eg_cbor r = eg_cbor(eg_span(doc, len));
	struct eg_cbor_item item;

	assert_true(eg_cbor_read(&r, &item));
	assert_int_equal(item.type, EG_CBOR_FLOAT);
	assert_true(eg_cbor_done(&r));
	return double_of(item.n);
}

static void check_same(double got, double wanted)
{
	assert_int_equal(isnan(got) != 0, isnan(wanted) != 0);
	assert_int_equal(signbit(got) != 0, signbit(wanted) != 0);
	assert_true(isnan(wanted) || (got <= wanted && got >= wanted));
}

/* RFC 8949 appendix D has this in C; here from the definition. */
static double half(unsigned bits)
{
	const int exponent = (int)(bits >> 10 & 31), fraction = (int)(bits & 1023);
	double value = exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024, exponent - 25);

	if (exponent == 31)
		value = fraction == 0 ? (double)INFINITY : (double)NAN;
	return bits & 0x8000 ? -value : value;
}

static void test_floats(void **state)
{
	for (unsigned bits = 0; bits < 65536; bits++) {
		const uint8_t doc[] = {0xf9, (uint8_t)(bits >> 8), (uint8_t)bits};

		check_same(read_float(doc, sizeof(doc)), half(bits));
	}
	for (unsigned i = 0; i < 200000; i++) {
		uint32_t bits = (uint32_t)eg_test_random();
		uint8_t doc[5] = {0xfa};
		float wanted;

		if (i % 4 == 0)
			bits &= 0x807FFFFF; /* subnormal */
		eg_store_be32(doc + 1, bits);
		memcpy(&wanted, &bits, sizeof(wanted));
		check_same(read_float(doc, sizeof(doc)), (double)wanted);
	}
	check_same(read_float((const uint8_t *)"\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", 9), 1.1);
}

static void test_keys_twice(void **state)
{
	static const char *const bad[] = {"a2 00f6 00f6", "a2 17f6 17f6", "a2 20f6 20f6",
	    "a2 37f6 37f6", "a2 1818f6 1818f6", "a2 3818f6 3818f6", "a2 190100f6 190100f6",
	    "a2 40f6 40f6", "a2 60f6 60f6", "a2 6161f6 6161f6", "a2 4161f6 4161f6",
	    "a3 6161f6 6162f6 6161f6", "a3 6162f6 6161f6 6162f6", "81 a2 00f6 00f6",
	    "a1 01 a2 00f6 00f6", "c1 a2 00f6 00f6"};
	static const char *const good[] = {"a2 00f6 01f6", "a2 00f6 20f6", "a2 6161f6 4161f6",
	    "a2 40f6 60f6", "a2 6131f6 01f6", "a2 1861f6 6161f6", "a2 00 a1 00f6 01 a1 00f6",
	    "a3 6161f6 6162f6 6163f6", "a3 6162f6 6161f6 626161f6", "a3 6163f6 6162f6 6161f6"};

	check_all(bad, COUNT(bad), false);
	check_all(good, COUNT(good), true);
}

static void test_keys_of_other_types(void **state)
{
	static const char *const bad[] = {"a18000", "a1a000", "a1c00000", "a1f400", "a1f600",
	    "a1f93c0000", "a1fb3ff0000000000000 00", "a1f82000"};

	check_all(bad, COUNT(bad), false);
}

/* `outer` opens what holds the next, so many times, around a 0. */
static bool nested(const char *outer, unsigned depth)
{
	uint8_t doc[64];
	size_t n = 0;

	for (unsigned i = 0; i < depth; i++)
		for (const char *c = outer; *c != '\0'; c++)
			doc[n++] = (uint8_t)*c;
	doc[n++] = 0x05;
	return valid(doc, n);
}

static void test_depth(void **state)
{
	static const char *const outer[] = {"\x81", "\xa1\x01", "\xc1\x81", "\xd8\x2a\xc1\xa1\x01"};

	for (size_t i = 0; i < COUNT(outer); i++) {
		assert_true(nested(outer[i], EG_CBOR_DEPTH_MAX));
		assert_false(nested(outer[i], EG_CBOR_DEPTH_MAX + 1));
	}
	assert_true(nested("\xc1", 60));       /* tags hold nothing */
	check_hex("848180818081808180", true); /* side by side is not inside */
	check_hex("8181818180", false);        /* an empty one is one */
}

/* A map of cnt pairs with values of one byte; keys from `first` on, of 3 bytes each. */
static size_t put_map(uint8_t *out, unsigned cnt, unsigned first)
{
	size_t n = 0;

	out[n++] = 0xb8;
	out[n++] = (uint8_t)cnt;
	for (unsigned i = 0; i < cnt; i++) {
		out[n++] = 0x19;
		out[n++] = (uint8_t)((first + i) >> 8);
		out[n++] = (uint8_t)(first + i);
		out[n++] = 0xf6;
	}
	return n;
}

static void test_members(void **state)
{
	static uint8_t doc[ROOM];
	size_t n;

	assert_true(valid(doc, put_map(doc, EG_CBOR_MEMBERS_MAX, 300)));
	assert_false(valid(doc, put_map(doc, EG_CBOR_MEMBERS_MAX + 1, 300)));
	for (unsigned over = 0; over < 2; over++) { /* two maps share the number */
		doc[0] = 0x82;
		n = 1 + put_map(doc + 1, 64, 300);
		n += put_map(doc + n, 64 + over, 300);
		assert_int_equal(valid(doc, n), over == 0);
	}
}

static void test_size(void **state)
{
	static uint8_t doc[ROOM];
	const uint16_t most = EG_CBOR_BYTES_MAX - 3;

	doc[0] = 0x59;
	eg_store_be16(doc + 1, most);
	assert_true(valid(doc, EG_CBOR_BYTES_MAX));
	eg_store_be16(doc + 1, most + 1);
	assert_false(valid(doc, EG_CBOR_BYTES_MAX + 1));
	memset(doc, 0xc1, EG_CBOR_BYTES_MAX); /* nothing but tags */
	assert_false(valid(doc, EG_CBOR_BYTES_MAX));
	doc[EG_CBOR_BYTES_MAX - 1] = 0;
	assert_true(valid(doc, EG_CBOR_BYTES_MAX));
}

/* Maps of random keys, some twice: the same answer as comparing each with each. */
static void test_random_keys(void **state)
{
	for (unsigned round = 0; round < 3000; round++) {
		const unsigned cnt = eg_test_below(24);
		uint8_t doc[24 * 8], key[24][4], len[24];
		bool twice = false;
		size_t n = 0;

		doc[n++] = (uint8_t)(cnt == 0 ? 0xa0 : 0xa0 | cnt);
		for (unsigned i = 0; i < cnt; i++) {
			len[i] = (uint8_t)(1 + eg_test_below(3));
			key[i][0] = (uint8_t)(0x60 | (len[i] - 1));
			for (unsigned c = 1; c < len[i]; c++)
				key[i][c] = (uint8_t)('a' + eg_test_below(20));
			if (len[i] == 1)
				key[i][0] = (uint8_t)(0x20 * eg_test_below(2) + eg_test_below(24));
			for (unsigned j = 0; j < i; j++)
				twice = twice ||
				        (len[i] == len[j] && memcmp(key[i], key[j], len[i]) == 0);
			memcpy(doc + n, key[i], len[i]);
			n += len[i];
			doc[n++] = 0xf5;
		}
		assert_int_equal(valid(doc, n), !twice);
	}
}

static struct eg_cbor_map walked(const char *hex, struct doc *d)
{
	struct eg_cbor_map map;
	struct eg_cbor_item item;
	struct eg_cbor r;

	*d = doc_of_hex(hex);
	r = eg_cbor(eg_span(d->ptr, d->len));
	assert_true(eg_cbor_read(&r, &item) && eg_cbor_map_begin(&r, &item, &map));
	while (eg_cbor_map_next(&r, &map, &item))
		assert_true(eg_cbor_read(&r, &item) && eg_cbor_skip(&r, &item));
	assert_true(eg_cbor_done(&r));
	return map;
}

static void test_maps_share(void **state)
{
	static const struct {
		const char *a, *b;
		bool share;
	} cases[] = {
	    {"a0", "a0", false},
	    {"a10100", "a10100", true},
	    {"a10100", "a12100", false},
	    {"a3616100616300616500", "a3616200616400616600", false},
	    {"a3616500616300616100", "a3616600616400616300", true},
	    {"a2190100"
	     "00"
	     "0400",
	        "a2190101"
	        "00"
	        "0500",
	        false},
	    {"a2190100"
	     "00"
	     "0400",
	        "a2190100"
	        "00"
	        "0500",
	        true},
	    {"a1616100", "a1416100", false},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct doc a, b;
		struct eg_cbor_map map_a = walked(cases[i].a, &a), map_b = walked(cases[i].b, &b);

		assert_int_equal(eg_cbor_maps_share(&map_a, &map_b), cases[i].share);
		assert_int_equal(eg_cbor_maps_share(&map_b, &map_a), cases[i].share);
		free(a.ptr);
		free(b.ptr);
	}
}

/* {"k000…first": 0, …} of as many keys as there may be, alike in their first bytes. */
static struct eg_cbor_map walked_many(char *hex, unsigned first, struct doc *d)
{
	size_t at = (size_t)sprintf(hex, "b880");

	for (unsigned i = 0; i < EG_CBOR_MEMBERS_MAX; i++)
		at += (size_t)sprintf(
		    hex + at, "4a6b6b6b6b6b6b6b6b%04x00", (first + i * 7) % 0x10000);
	return walked(hex, d);
}

/* One common key, at every place of either map; or none. */
static void test_many_maps_share(void **state)
{
	static char hex[64 * EG_CBOR_MEMBERS_MAX];
	struct doc a, b;
	struct eg_cbor_map map_a = walked_many(hex, 7 * 1000, &a), map_b;

	for (unsigned n = 0; n <= 2 * EG_CBOR_MEMBERS_MAX; n++) {
		const unsigned first = 1000 - EG_CBOR_MEMBERS_MAX + n;

		map_b = walked_many(hex, 7 * first, &b);
		assert_int_equal(
		    eg_cbor_maps_share(&map_a, &map_b), n > 0 && n < 2 * EG_CBOR_MEMBERS_MAX);
		assert_int_equal(
		    eg_cbor_maps_share(&map_b, &map_a), n > 0 && n < 2 * EG_CBOR_MEMBERS_MAX);
		free(b.ptr);
		map_b = walked_many(hex, 7 * first + 1, &b);
		assert_false(eg_cbor_maps_share(&map_a, &map_b));
		free(b.ptr);
	}
	free(a.ptr);
}

static void test_items(void **state)
{
	static const struct {
		const char *hex;
		enum eg_cbor_type type;
		uint64_t n;
	} cases[] = {{"00", EG_CBOR_UINT, 0}, {"1bffffffffffffffff", EG_CBOR_UINT, UINT64_MAX},
	    {"27", EG_CBOR_NEGATIVE, 7}, {"42abcd", EG_CBOR_BYTES, 2}, {"6161", EG_CBOR_TEXT, 1},
	    {"83000000", EG_CBOR_ARRAY, 3}, {"a10000", EG_CBOR_MAP, 1}, {"d83d00", EG_CBOR_TAG, 61},
	    {"f6", EG_CBOR_SIMPLE, 22}, {"f8ff", EG_CBOR_SIMPLE, 255},
	    {"f93c00", EG_CBOR_FLOAT, 0x3ff0000000000000}};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct doc d = doc_of_hex(cases[i].hex);
		struct eg_cbor r = eg_cbor(eg_span(d.ptr, d.len));
		struct eg_cbor_item item;

		assert_true(eg_cbor_read(&r, &item));
		assert_int_equal(item.type, cases[i].type);
		assert_int_equal(item.n, cases[i].n);
		if (item.type == EG_CBOR_BYTES)
			assert_true(eg_span_eq(eg_cbor_span(&item), eg_span("\xab\xcd", 2)));
		assert_int_equal(eg_cbor_is_text(&item, "a"), item.type == EG_CBOR_TEXT);
		free(d.ptr);
	}
}

/* ── what is read inline, and what is not ── */

/* Both say the same of the first item, and leave the walk in the same state. */
static void check_both_ways(const uint8_t *bytes, size_t len)
{
	struct doc d = doc_of(bytes, len);
	struct eg_cbor r = eg_cbor(eg_span(d.ptr, len)), any = r;
	struct eg_cbor_item item, wanted;
	const bool ok = eg_cbor_read_any(&any, &wanted);

	assert_int_equal(eg_cbor_read(&r, &item), ok);
	assert_ptr_equal(r.at, any.at);
	assert_int_equal(r.failed, any.failed);
	if (ok) {
		assert_int_equal(item.type, wanted.type);
		assert_int_equal(item.n, wanted.n);
	}
	if (ok && (item.type == EG_CBOR_BYTES || item.type == EG_CBOR_TEXT))
		assert_ptr_equal(item.content, wanted.content);
	if (ok && item.type == EG_CBOR_TEXT)
		assert_int_equal(item.is_plain, wanted.is_plain);
	free(d.ptr);
}

/* Each first byte, with arguments around the least of each width, cut off anywhere. */
static void test_heads_both_ways(void **state)
{
	static const char *const argument[] = {"0000000000000000", "0100000000000000",
	    "1700000000000000", "1800000000000000", "0001000000000000", "00ff000000000000",
	    "0000ffff00000000", "0001000000000000", "00000000ffffffff", "0000000100000000",
	    "ffffffffffffffff", "6162630061626300", "c3a9616263616263"};
	uint8_t bytes[64] = {0};

	for (unsigned head = 0; head < 256; head++)
		for (size_t i = 0; i < COUNT(argument); i++) {
			size_t n = hex_append(bytes, 1, sizeof(bytes), argument[i]);

			bytes[0] = (uint8_t)head;
			for (size_t len = 0; len <= n; len++)
				check_both_ways(bytes, len);
			check_both_ways(bytes, sizeof(bytes));
		}
}

/* A text of len bytes, and so many zeros behind it. */
static void check_text(const uint8_t *text, size_t len, size_t behind, bool is_plain, bool is_valid)
{
	struct doc d;
	struct eg_cbor r;
	struct eg_cbor_item item;
	uint8_t bytes[512] = {0x60};
	size_t n = 1;

	if (len < 24) {
		bytes[0] = (uint8_t)(0x60 | len);
	} else {
		bytes[0] = 0x78;
		bytes[n++] = (uint8_t)len;
	}
	memcpy(bytes + n, text, len);
	memset(bytes + n + len, 0, behind);
	check_both_ways(bytes, n + len + behind);
	d = doc_of(bytes, n + len + behind);
	r = eg_cbor(eg_span(d.ptr, d.len));
	assert_int_equal(eg_cbor_read(&r, &item), is_valid);
	if (is_valid)
		assert_int_equal(item.is_plain, is_plain);
	free(d.ptr);
}

/* One byte at any place decides; what stands behind the text does not. */
static void test_plain_texts(void **state)
{
	static const struct {
		uint8_t byte;
		bool is_plain, is_valid;
	} cases[] = {{0x00, false, true}, {0x01, true, true}, {0x7F, true, true},
	    {0x80, false, false}, {0x81, false, false}, {0xFF, false, false}};
	static const size_t behind[] = {0, 1, 7, 8, 9};
	uint8_t text[256];

	memset(text, 'a', sizeof(text));
	for (size_t len = 0; len <= 140; len++)
		for (size_t b = 0; b < COUNT(behind); b++)
			check_text(text, len, behind[b], len <= 128, true);
	for (size_t len = 1; len <= 40; len++)
		for (size_t at = 0; at < len; at++)
			for (size_t i = 0; i < COUNT(cases); i++) {
				text[at] = cases[i].byte;
				for (size_t b = 0; b < COUNT(behind); b++)
					check_text(text, len, behind[b], cases[i].is_plain,
					    cases[i].is_valid);
				text[at] = 'a';
			}
}

/* Walks a map of plain keys and values. */
static bool walk_map(const char *hex, unsigned *cnt)
{
	struct doc d = doc_of_hex(hex);
	struct eg_cbor r = eg_cbor(eg_span(d.ptr, d.len));
	struct eg_cbor_item item, value;
	struct eg_cbor_map map;
	bool ok;

	assert_true(eg_cbor_read(&r, &item) && eg_cbor_map_begin(&r, &item, &map));
	for (*cnt = 0; eg_cbor_map_next(&r, &map, &item); ++*cnt)
		if (!eg_cbor_read(&r, &value))
			break;
	ok = eg_cbor_done(&r);
	free(d.ptr);
	return ok;
}

/* Each integer of one and of two bytes, beside itself and beside the next. */
static void test_walked_keys(void **state)
{
	char hex[64];
	unsigned cnt;

	for (unsigned key = 0; key < 256; key++)
		for (unsigned type = 0; type < 2; type++) {
			const char *head = key < 24 ? "" : type == 0 ? "18" : "38";
			const unsigned bit = key < 24 ? type << 5 : 0;
			const unsigned next = key == 23 || key == 255 ? key - 1 : key + 1;

			(void)snprintf(hex, sizeof(hex), "a2 %s%02x 00 %s%02x 00", head, key | bit,
			    head, key | bit);
			assert_false(walk_map(hex, &cnt));
			(void)snprintf(hex, sizeof(hex), "a2 %s%02x 00 %s%02x 00", head, key | bit,
			    head, next | bit);
			assert_true(walk_map(hex, &cnt));
			assert_int_equal(cnt, 2);
		}
	assert_true(walk_map("a4 00 00 20 00 40 00 60 00", &cnt));
	assert_int_equal(cnt, 4);
	assert_false(walk_map("a2 00 00", &cnt));
	assert_false(walk_map("a1 80 00", &cnt));
	assert_false(walk_map("a1 1c 00", &cnt));
	assert_false(walk_map("a1 3f 00", &cnt));
}

static void test_faults_stay(void **state)
{
	struct eg_cbor r = eg_cbor(eg_span("\x1c\x00\x00", 3));
	struct eg_cbor_item item;
	struct eg_cbor_map map;

	assert_false(eg_cbor_read(&r, &item));
	item = (struct eg_cbor_item){.type = EG_CBOR_MAP};
	for (unsigned i = 0; i < 3; i++) {
		assert_false(eg_cbor_read(&r, &item));
		assert_false(eg_cbor_skip(&r, &item));
		assert_false(eg_cbor_enter(&r));
		assert_false(eg_cbor_map_begin(&r, &item, &map));
		assert_false(eg_cbor_done(&r));
	}
}

/* No prefix of a document is one, and whatever a changed byte makes of it, the walk ends. */
static void test_prefixes_and_changes(void **state)
{
	static const char hex[] = "a8 01 63697373 02 63737562 03 82 6161 626262 04 1a6b49d32c "
	                          "05 fb41da1a0000000000 06 c11a6b49d1c4 07 4161 "
	                          "190400 a1 6161 a1 6162 83 f5 f6 f97c00";
	struct doc d = doc_of_hex(hex);
	unsigned taken = 0;

	assert_true(valid(d.ptr, d.len));
	for (size_t len = 0; len < d.len; len++)
		assert_false(valid(d.ptr, len));
	for (size_t i = 0; i < d.len; i++) {
		const uint8_t byte = d.ptr[i];

		for (unsigned other = 0; other < 256; other++) {
			d.ptr[i] = (uint8_t)other;
			taken += valid(d.ptr, d.len);
		}
		d.ptr[i] = byte;
	}
	assert_true(taken > d.len && taken < 256 * d.len);
	free(d.ptr);
}

static void test_random_bytes(void **state)
{
	for (unsigned i = 0; i < 200000; i++) {
		uint8_t doc[48];
		size_t len = eg_test_below(sizeof(doc) + 1);

		eg_test_random_bytes(doc, len);
		(void)valid(doc, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_well_formed),
	    cmocka_unit_test(test_not_well_formed),
	    cmocka_unit_test(test_shortest_heads),
	    cmocka_unit_test(test_floats),
	    cmocka_unit_test(test_keys_twice),
	    cmocka_unit_test(test_keys_of_other_types),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_size),
	    cmocka_unit_test(test_random_keys),
	    cmocka_unit_test(test_maps_share),
	    cmocka_unit_test(test_many_maps_share),
	    cmocka_unit_test(test_items),
	    cmocka_unit_test(test_heads_both_ways),
	    cmocka_unit_test(test_plain_texts),
	    cmocka_unit_test(test_walked_keys),
	    cmocka_unit_test(test_faults_stay),
	    cmocka_unit_test(test_prefixes_and_changes),
	    cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
