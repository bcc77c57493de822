/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_clock.h"
#include "eg_cpu.h"
#include "eg_err.h"
#include "eg_hash.h"
#include "eg_log.h"
#include "eg_pages.h"
#include "eg_span.h"
#include "eg_test.h"

#include <unistd.h>

/* ── spans, reader, writer ── */

static void spans_compare_by_bytes(void **state)
{
	assert_true(eg_span_eq(eg_span(NULL, 0), eg_span("x", 0)));
	assert_true(eg_span_eq_str(eg_span("ab\0c", 2), "ab"));
	assert_false(eg_span_eq_str(eg_span("ab\0c", 3), "ab"));
	assert_false(eg_span_eq_str(eg_span("ab", 2), "aB"));
	assert_false(eg_span_eq(eg_span("ab", 1), eg_span("ab", 2)));
}

static void integers_are_big_endian(void **state)
{
	static const uint8_t bytes[] = {0xf1, 2, 3, 4, 5, 6, 7, 0xf8};
	uint8_t out[8];

	assert_int_equal(eg_load_be16(bytes), 0xf102);
	assert_int_equal(eg_load_be32(bytes), 0xf1020304u);
	assert_int_equal(eg_load_be64(bytes), 0xf1020304050607f8u);
	eg_store_be64(out, 0xf1020304050607f8u);
	assert_memory_equal(out, bytes, 8);
	eg_store_be32(out, 0xf1020304u);
	assert_memory_equal(out, bytes, 4);
	eg_store_be16(out, 0xf102);
	assert_memory_equal(out, bytes, 2);
}

static void a_reader_reads_to_its_end(void **state)
{
	static const uint8_t bytes[15] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	struct eg_reader r = eg_reader(eg_span(bytes, sizeof(bytes)));

	assert_int_equal(eg_read_u8(&r), 1);
	assert_int_equal(eg_read_be16(&r), 0x0203);
	assert_int_equal(eg_read_be32(&r), 0x04050607);
	assert_int_equal(eg_read_be64(&r), 0x08090a0b0c0d0e0fu);
	assert_false(r.failed);
	assert_int_equal(r.left, 0);
	assert_int_equal(eg_read_bytes(&r, 0).len, 0);
	assert_false(r.failed);
	assert_int_equal(eg_read_u8(&r), 0);
	assert_true(r.failed);
}

/* One byte too few for each read: zero, failed, nothing taken, and failed for good. */
static void a_reader_never_runs_over(void **state)
{
	for (size_t len = 0; len < 8; len++) {
		uint8_t *bytes = malloc(len + 1);
		struct eg_reader r;

		assert_non_null(bytes);
		memset(bytes, 0xff, len + 1);
		for (size_t n = len + 1; n <= 8; n++) {
			r = eg_reader(eg_span(bytes + 1, len));
			assert_null(eg_read_bytes(&r, n).ptr);
			assert_true(r.failed);
			assert_int_equal(r.left, len);
		}
		r = eg_reader(eg_span(bytes + 1, len));
		assert_int_equal(eg_read_be64(&r), 0);
		assert_true(r.failed);
		if (len > 0)
			assert_int_equal(eg_read_u8(&r), 0xff);
		assert_true(r.failed);
		r = eg_reader(eg_span(bytes + 1, len));
		assert_null(eg_read_bytes(&r, SIZE_MAX).ptr);
		free(bytes);
	}
}

static void an_empty_reader_and_writer(void **state)
{
	struct eg_reader r = eg_reader(eg_span(NULL, 0));
	struct eg_writer w = eg_writer(NULL, 0);

	assert_int_equal(eg_read_bytes(&r, 0).len, 0);
	assert_false(r.failed);
	assert_int_equal(eg_read_be16(&r), 0);
	assert_true(r.failed);
	eg_write_bytes(&w, eg_span(NULL, 0));
	assert_false(w.failed);
	eg_write_u8(&w, 1);
	assert_true(w.failed);
}

static void a_writer_stays_in_its_room(void **state)
{
	uint8_t buf[17];
	struct eg_writer w = eg_writer(buf, 15);

	memset(buf, 0xee, sizeof(buf));
	eg_write_u8(&w, 1);
	eg_write_be16(&w, 0x0203);
	eg_write_be32(&w, 0x04050607);
	eg_write_bytes(&w, eg_span("\x08\x09\x0a\x0b", 4));
	eg_write_be64(&w, UINT64_MAX); /* 4 bytes are left: nothing of it is written */
	assert_true(w.failed);
	assert_int_equal(w.left, 4);
	assert_int_equal(buf[11], 0xee);
	eg_write_be32(&w, 0x0c0d0e0f);
	assert_true(w.failed); /* for good */
	eg_write_be32(&w, UINT32_MAX);
	eg_write_be16(&w, UINT16_MAX);
	eg_write_u8(&w, 0xff);
	assert_null(eg_write_room(&w, SIZE_MAX));
	for (uint8_t i = 0; i < 15; i++)
		assert_int_equal(buf[i], i + 1);
	assert_int_equal(buf[15], 0xee);
}

/* ── clock ── */

#define T0 (1800000000LL * EG_NS_PER_S)
#define S  EG_NS_PER_S

static void utc_follows_the_monotonic_clock(void **state)
{
	struct eg_utc utc;

	eg_utc_init(&utc, 5 * S, T0);
	assert_int_equal(eg_utc_now_s(&utc, 5 * S), 1800000000);
	assert_int_equal(eg_utc_now_s(&utc, 6 * S - 1), 1800000000);
	assert_int_equal(eg_utc_now_s(&utc, 6 * S), 1800000001);
	assert_int_equal(eg_utc_now_s(&utc, 0), 1799999995);
}

static void a_counters_rate_is_what_passed_in_a_second(void **state)
{
	const struct eg_tick_rate rate = {.first_ticks = 1000, .first_ns = 5 * S};

	assert_int_equal(eg_tick_rate_hz(&rate, 1000, 5 * S), 0);
	assert_int_equal(eg_tick_rate_hz(&rate, 999, 6 * S), 0);
	assert_int_equal(eg_tick_rate_hz(&rate, 31000, 5 * S + 10000), 3000000000u);
	assert_int_equal(
	    eg_tick_rate_hz(&rate, 1000 + 86400ull * 3000000000u, 86405 * S), 3000000000u);
	assert_true(eg_clock_ticks() != 0);
}

static void utc_is_never_negative(void **state)
{
	struct eg_utc utc;

	eg_utc_init(&utc, 100 * S, 10 * S);
	assert_int_equal(eg_utc_now_s(&utc, 100 * S), 10);
	assert_int_equal(eg_utc_now_s(&utc, 50 * S), 0);
}

static void a_step_forward_counts_at_once(void **state)
{
	struct eg_utc utc;

	eg_utc_init(&utc, 0, T0);
	assert_true(eg_utc_publish(&utc, 10, T0 + 3600 * S));
	assert_int_equal(eg_utc_now_s(&utc, 10), 1800003600);
}

static void a_small_step_back_is_followed(void **state)
{
	struct eg_utc utc;

	eg_utc_init(&utc, 0, T0);
	assert_true(eg_utc_publish(&utc, 0, T0 - S)); /* exactly 1 s */
	assert_int_equal(eg_utc_now_s(&utc, 0), 1799999999);
	/* Small steps do not add up: the bound is from the highest time. */
	assert_false(eg_utc_publish(&utc, 0, T0 - S - 1));
	assert_int_equal(eg_utc_now_s(&utc, 0), 1800000000);
}

/* Held until the clock is where it was, and never back again on the way out. */
static void a_large_step_back_is_held(void **state)
{
	struct eg_utc utc;
	uint64_t now = 0;

	eg_utc_init(&utc, 0, T0);
	for (int64_t behind_s = 30; behind_s > 0; behind_s--) {
		now += S;
		assert_false(eg_utc_publish(&utc, now, T0 - behind_s * S));
		assert_int_equal(eg_utc_now_s(&utc, now), 1800000000);
	}
	assert_false(eg_utc_publish(&utc, now, T0 - 1));
	assert_true(eg_utc_publish(&utc, now, T0));
	assert_int_equal(eg_utc_now_s(&utc, now), 1800000000);
	assert_true(eg_utc_publish(&utc, now + S, T0 + S));
	assert_int_equal(eg_utc_now_s(&utc, now + S), 1800000001);
	assert_true(eg_utc_publish(&utc, now + S, T0 + S / 2)); /* small steps are free again */
}

static void the_clocks_run(void **state)
{
	uint64_t mono = eg_clock_mono_ns();
	int64_t utc = eg_clock_utc_ns();

	assert_true(utc > 1600000000LL * S);
	assert_true(eg_clock_mono_ns() >= mono);
}

/* ── errors ── */

static void errors_carry_code_and_text(void **state)
{
	struct eg_error err = {0};

	assert_int_equal(eg_error_set(&err, EG_ENOENT, "no %s %d", "file", 7), -EG_ENOENT);
	assert_int_equal(err.code, -EG_ENOENT);
	assert_string_equal(err.text, "no file 7");
	assert_int_equal(eg_error_prefix(&err, "line %d", 3), -EG_ENOENT);
	assert_string_equal(err.text, "line 3: no file 7");
	assert_int_equal(eg_error_set(NULL, EG_EIO, "nobody listens"), -EG_EIO);
}

static void long_errors_are_cut(void **state)
{
	char text[2 * EG_ERROR_TEXT_BYTES];
	struct eg_error err;

	memset(text, 't', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	(void)eg_error_set(&err, EG_EINVAL, "%s", text);
	assert_int_equal(strlen(err.text), EG_ERROR_TEXT_BYTES - 1);
	assert_int_equal(eg_error_prefix(&err, "p"), -EG_EINVAL);
	assert_int_equal(strlen(err.text), EG_ERROR_TEXT_BYTES - 1);
	assert_memory_equal(err.text, "p: ttt", 6);
	assert_int_equal(eg_error_prefix(&err, "%s", text), -EG_EINVAL);
	assert_int_equal(strlen(err.text), EG_ERROR_TEXT_BYTES - 1);
	assert_int_equal(err.text[0], 't');
}

/* ── hash ── */

/* SipHash-2-4 with 128 bits of output, key 00…0f: the first vectors of its authors. */
static void hash_is_siphash_128(void **state)
{
	static const uint8_t empty[] = {0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6,
	    0x72, 0x14, 0xc7, 0x55, 0x02, 0x93};
	static const uint8_t zero[] = {0xda, 0x87, 0xc1, 0xd8, 0x6b, 0x99, 0xaf, 0x44, 0x34, 0x76,
	    0x59, 0x11, 0x9b, 0x22, 0xfc, 0x45};
	static const uint8_t data[1] = {0};
	struct eg_hash_key key, derived;
	struct eg_hash128 h;

	for (uint8_t i = 0; i < sizeof(key.bytes); i++)
		key.bytes[i] = i;
	h = eg_hash128(&key, eg_span(data, 0));
	assert_memory_equal(&h, empty, sizeof(h));
	h = eg_hash128(&key, eg_span(data, 1));
	assert_memory_equal(&h, zero, sizeof(h));
	derived = eg_hash_derive(&key, eg_span(data, 1));
	assert_memory_equal(&derived, zero, sizeof(derived));
	assert_true(eg_hash128_eq(h, h));
	assert_false(eg_hash128_eq(h, (struct eg_hash128){h.lo, h.hi ^ 1}));
	assert_false(eg_hash128_eq(h, (struct eg_hash128){h.lo ^ 1, h.hi}));
}

/* ── log ── */

static void log_lines_by_level(void **state)
{
	char got[256] = {0};
	int ends[2], saved = dup(STDERR_FILENO);

	assert_int_equal(pipe(ends), 0);
	(void)dup2(ends[1], STDERR_FILENO);
	eg_log_init("test", EG_LOG_WARNING);
	eg_log(EG_LOG_ERROR, "one %d", 1);
	eg_log(EG_LOG_WARNING, "two");
	eg_log(EG_LOG_INFO, "three");
	(void)dup2(saved, STDERR_FILENO);
	assert_true(read(ends[0], got, sizeof(got) - 1) > 0);
	assert_string_equal(got, "test: error: one 1\ntest: warning: two\n");
	(void)close(saved);
	(void)close(ends[0]);
	(void)close(ends[1]);
}

/* ── the machine ── */

static void a_limit_hides_features(void **state)
{
	assert_true(eg_cpu_has(0));
	eg_cpu_limit(0);
	assert_true(eg_cpu_has(0));
	for (unsigned f = 1; f <= EG_CPU_ALL; f <<= 1)
		assert_false(eg_cpu_has(f));
	eg_cpu_limit(EG_CPU_ALL);
#ifdef __x86_64__
	assert_int_equal(eg_cpu_has(EG_CPU_AVX2),
	    __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi2") != 0);
#endif
}

static void check_pages(struct eg_pages pages, size_t wanted, size_t unit)
{
	assert_non_null(pages.mem);
	assert_true(pages.bytes >= wanted && pages.bytes - wanted < unit);
	assert_int_equal(pages.bytes % unit, 0);
	assert_int_equal(
	    (uintptr_t)pages.mem % (wanted < EG_PAGES_HUGE_BYTES ? 4096 : EG_PAGES_HUGE_BYTES), 0);
	for (size_t at = 0; at < pages.bytes; at += 64)
		assert_int_equal(((uint8_t *)pages.mem)[at], 0);
	memset(pages.mem, 0xff, pages.bytes);
	assert_non_null(eg_pages_kind_name(pages.kind));
	eg_pages_free(&pages);
	assert_null(pages.mem);
	eg_pages_free(&pages);
}

static void pages_are_aligned_zeros(void **state)
{
	static const size_t sizes[] = {1, 4096, 4097, EG_PAGES_HUGE_BYTES - 1, EG_PAGES_HUGE_BYTES,
	    3 * EG_PAGES_HUGE_BYTES, 3 * EG_PAGES_HUGE_BYTES + 1};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		check_pages(eg_pages_alloc(sizes[i]), sizes[i],
		    sizes[i] < EG_PAGES_HUGE_BYTES ? 4096 : EG_PAGES_HUGE_BYTES);
		check_pages(eg_pages_alloc_tight(sizes[i]), sizes[i], 4096);
		assert_int_equal(eg_pages_tight_bytes(sizes[i]) % 4096, 0);
	}
	assert_null(eg_pages_alloc(0).mem);
	assert_null(eg_pages_alloc(SIZE_MAX).mem);
	assert_null(eg_pages_alloc((size_t)1 << 56).mem);
	assert_null(eg_pages_alloc_tight(0).mem);
	assert_null(eg_pages_alloc_tight(SIZE_MAX).mem);
	assert_null(eg_pages_alloc_tight((size_t)1 << 56).mem);
}

/* More than tests find reserved: what the attempt has left of the mapping is of no account. */
static void tight_pages_where_too_few_are_reserved(void **state)
{
	struct eg_pages pages = eg_pages_alloc_tight(((size_t)5 << 30) + 1);

	(void)state;
	if (pages.mem == NULL) /* where memory is not promised beyond what there is */
		return;
	((uint8_t *)pages.mem)[0] = 1;
	((uint8_t *)pages.mem)[pages.bytes - 1] = 1;
	eg_pages_free(&pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(spans_compare_by_bytes),
	    cmocka_unit_test(integers_are_big_endian),
	    cmocka_unit_test(a_reader_reads_to_its_end),
	    cmocka_unit_test(a_reader_never_runs_over),
	    cmocka_unit_test(an_empty_reader_and_writer),
	    cmocka_unit_test(a_writer_stays_in_its_room),
	    cmocka_unit_test(utc_follows_the_monotonic_clock),
	    cmocka_unit_test(a_counters_rate_is_what_passed_in_a_second),
	    cmocka_unit_test(utc_is_never_negative),
	    cmocka_unit_test(a_step_forward_counts_at_once),
	    cmocka_unit_test(a_small_step_back_is_followed),
	    cmocka_unit_test(a_large_step_back_is_held),
	    cmocka_unit_test(the_clocks_run),
	    cmocka_unit_test(errors_carry_code_and_text),
	    cmocka_unit_test(long_errors_are_cut),
	    cmocka_unit_test(hash_is_siphash_128),
	    cmocka_unit_test(log_lines_by_level),
	    cmocka_unit_test(a_limit_hides_features),
	    cmocka_unit_test(pages_are_aligned_zeros),
	    cmocka_unit_test(tight_pages_where_too_few_are_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
