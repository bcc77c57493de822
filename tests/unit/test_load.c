/* SPDX-License-Identifier: BSD-3-Clause */
/* The parts of edgate-load that decide whether an answer counts. */
#include "eg_test.h"

#include "corpus.h"
#include "eg_egt.h"
#include "frame.h"
#include "histogram.h"

#include <unistd.h>

/* ── frames ── */

static const struct load_route route = {
    .mac = {2, 0, 0, 0, 0, 2},
    .server_mac = {2, 0, 0, 0, 0, 1},
    .ip = {192, 0, 2, 2},
    .server_ip = {192, 0, 2, 1},
    .server_port = 25519,
};

/* The server's view of the same wire. */
static const struct load_route back = {
    .mac = {2, 0, 0, 0, 0, 1},
    .server_mac = {2, 0, 0, 0, 0, 2},
    .ip = {192, 0, 2, 1},
    .server_ip = {192, 0, 2, 2},
    .server_port = LOAD_SOURCE_PORT + 7,
};

static struct eg_packet packet(uint8_t *frame, uint32_t len)
{
	return (struct eg_packet){.data = frame, .len = len, .room = len};
}

static enum load_frame_kind kind_of(uint8_t *frame, uint32_t len)
{
	struct eg_packet pkt = packet(frame, len);
	struct eg_span payload;

	return load_frame_parse(&route, &pkt, &payload);
}

static uint32_t make_answer(uint8_t *frame, const char *payload)
{
	const struct load_headers headers = load_headers(&back);
	size_t len = strlen(payload);

	memcpy(frame + LOAD_HEADERS_BYTES, payload, len);
	load_frame_udp(&headers, 25519, LOAD_SOURCE_PORT + 7, len,
	    load_frame_sum(0, frame + LOAD_HEADERS_BYTES, len), frame);
	return LOAD_HEADERS_BYTES + (uint32_t)len;
}

static void an_answer_is_read(void **state)
{
	uint8_t frame[128];
	struct eg_packet pkt = packet(frame, make_answer(frame, "hello"));
	struct eg_span payload;

	(void)state;
	assert_int_equal(load_frame_parse(&route, &pkt, &payload), LOAD_FRAME_ANSWER);
	assert_true(eg_span_eq_str(payload, "hello"));
	pkt.len += 13; /* Ethernet padding is not payload */
	assert_int_equal(load_frame_parse(&route, &pkt, &payload), LOAD_FRAME_ANSWER);
	assert_true(eg_span_eq_str(payload, "hello"));
}

/* Independent arithmetic: 192.0.2.1:25519 to 192.0.2.2:40007, payload "hello" (by scapy). */
static void checksums_are_those_of_another_stack(void **state)
{
	uint8_t frame[128];

	(void)state;
	(void)make_answer(frame, "hello");
	assert_int_equal(eg_load_be16(frame + 24), 0xb6c8);
	assert_int_equal(eg_load_be16(frame + 40), 0x3807);
}

/* Every single bit of an answer counts: flipped, it is no longer the same answer. */
static void no_damaged_answer_is_taken(void **state)
{
	uint8_t frame[128];
	uint32_t len = make_answer(frame, "hello!");

	(void)state;
	for (uint32_t bit = 12 * 8; bit < len * 8; bit++) {
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(kind_of(frame, len), LOAD_FRAME_ANSWER);
		frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_int_equal(kind_of(frame, len), LOAD_FRAME_ANSWER);
}

static void no_cut_answer_is_taken(void **state)
{
	uint8_t frame[128];
	uint32_t len = make_answer(frame, "hello");

	(void)state;
	for (uint32_t cut = 0; cut < len; cut++) {
		uint8_t *copy = malloc(cut + 1); /* so that a sanitizer sees a read behind it */

		assert_non_null(copy);
		memcpy(copy, frame, cut);
		assert_int_not_equal(kind_of(copy, cut), LOAD_FRAME_ANSWER);
		free(copy);
	}
}

static void arp_is_asked_and_answered(void **state)
{
	uint8_t frame[LOAD_FRAME_MIN_BYTES];
	struct eg_packet pkt = packet(frame, sizeof(frame));

	(void)state;
	load_frame_arp_request(&back, frame);
	assert_memory_equal(frame, "\xff\xff\xff\xff\xff\xff", 6);
	assert_int_equal(kind_of(frame, sizeof(frame)), LOAD_FRAME_ARP_REQUEST);
	load_frame_arp_answer(&route, frame);
	assert_memory_equal(frame, back.mac, 6);
	assert_int_equal(kind_of(frame, sizeof(frame)), LOAD_FRAME_OTHER); /* it is our own */

	load_frame_arp_request(&route, frame);
	load_frame_arp_answer(&back, frame);
	assert_int_equal(kind_of(frame, sizeof(frame)), LOAD_FRAME_ARP_REPLY);
	assert_memory_equal(load_frame_arp_sender(&pkt), route.server_mac, 6);
	frame[31]++; /* from another than the server */
	assert_int_equal(kind_of(frame, sizeof(frame)), LOAD_FRAME_OTHER);
}

/* ── histogram ── */

static void every_value_keeps_three_digits(void **state)
{
	(void)state;
	for (unsigned shift = 0; shift < LOAD_HISTOGRAM_MAX_BITS; shift++)
		for (int off = -1; off <= 1; off++) {
			static struct load_histogram h;
			uint64_t value = (UINT64_C(1) << shift) + (uint64_t)(int64_t)off, edge;

			memset(&h, 0, sizeof(h));
			load_histogram_add(&h, value);
			edge = load_histogram_edge_ns(load_histogram_index(value));
			assert_true(edge >= value);
			assert_true(edge - value <= value / 1000);
			assert_true(load_histogram_quantile_ns(&h, 0.5) == value);
		}
}

static void what_is_too_long_is_the_longest(void **state)
{
	static struct load_histogram h;

	(void)state;
	load_histogram_add(&h, UINT64_MAX);
	assert_true(h.max_ns == LOAD_HISTOGRAM_MAX_NS);
	assert_true(h.bucket[LOAD_HISTOGRAM_BUCKETS - 1] == 1);
	assert_true(load_histogram_edge_ns(LOAD_HISTOGRAM_BUCKETS - 1) == LOAD_HISTOGRAM_MAX_NS);
}

static void merged_is_as_if_added_to_one(void **state)
{
	static struct load_histogram a, b, both, empty;

	(void)state;
	for (uint64_t i = 0; i < 3000; i++) {
		uint64_t value = i * i * 37 + 5;

		load_histogram_add(i % 3 == 0 ? &a : &b, value);
		load_histogram_add(&both, value);
	}
	load_histogram_merge(&a, &empty);
	load_histogram_merge(&a, &b);
	assert_memory_equal(&a, &both, sizeof(a));
	load_histogram_merge(&empty, &both);
	assert_memory_equal(&empty, &both, sizeof(a));
}

static void quantiles_are_those_of_the_values(void **state)
{
	static struct load_histogram h;

	(void)state;
	assert_true(load_histogram_quantile_ns(&h, 0.99) == 0);
	for (uint64_t i = 1; i <= 100; i++)
		load_histogram_add(&h, i <= 50 ? 10 : i <= 98 ? 20 : 30);
	assert_true(load_histogram_quantile_ns(&h, 0.50) == 10);
	assert_true(load_histogram_quantile_ns(&h, 0.51) == 20);
	assert_true(load_histogram_quantile_ns(&h, 0.98) == 20);
	assert_true(load_histogram_quantile_ns(&h, 0.99) == 30);
	assert_true(load_histogram_quantile_ns(&h, 1.0) == 30);
}

/* ── corpus ── */

static int read_wish(struct load_corpus *corpus, const char *text,
    const struct load_corpus_wish *wish, struct eg_error *err)
{
	char path[] = "/tmp/eg_load.XXXXXX";
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)close(fd);
	rc = load_corpus_read(corpus, path, wish, err);
	(void)unlink(path);
	return rc;
}

static int read_text(struct load_corpus *corpus, const char *text, unsigned tokens_max,
    unsigned bytes_max, struct eg_error *err)
{
	const struct load_corpus_wish wish = {
	    .tokens_max = tokens_max, .bytes_max = bytes_max, .list_bits = 1};

	return read_wish(corpus, text, &wish, err);
}

static void lines_become_requests(void **state)
{
	struct load_corpus c;
	struct eg_error err;

	(void)state;
	assert_int_equal(
	    read_text(&c, "# x\na\tOK\tone\n\nb\tEXPIRED\t\r\nc\tMALFORMED\tthree", 2, 1232, &err),
	    0);
	assert_int_equal(c.token_cnt, 3);
	assert_string_equal(c.token[0].name, "a");
	assert_int_equal(c.token[0].expected, EG_OK);
	assert_int_equal(c.token[1].expected, EG_EXPIRED);
	assert_int_equal(c.token[1].bytes.len, 0);
	assert_true(eg_span_eq_str(c.token[2].bytes, "three"));
	assert_int_equal(c.request_cnt, 2);
	for (size_t i = 0; i < 2; i++) {
		struct eg_egt_request request;
		struct eg_span rest;

		assert_int_equal(eg_egt_parse_request(c.request[i].bytes, &request), EG_DROP_COUNT);
		assert_int_equal(request.count, c.request[i].cnt);
		rest = request.records;
		for (size_t k = 0; k < c.request[i].cnt; k++)
			assert_true(eg_span_eq(eg_egt_next_record(&rest).token,
			    c.token[c.request[i].first + k].bytes));
	}
	load_corpus_free(&c);
}

/* The two other formats have a dot. */
static void hex_is_a_cwt(void **state)
{
	struct load_corpus c;
	struct eg_egt_request request;
	struct eg_egt_record record;
	struct eg_error err;

	(void)state;
	assert_int_equal(read_text(&c, "a\tOK\td284A0\nb\tOK\td28\n", 64, 1232, &err), 0);
	assert_true(eg_span_eq(c.token[0].bytes, eg_span("\xd2\x84\xa0", 3)));
	assert_true(eg_span_eq_str(c.token[1].bytes, "d28"));
	assert_int_equal(eg_egt_parse_request(c.request[0].bytes, &request), EG_DROP_COUNT);
	record = eg_egt_next_record(&request.records);
	assert_int_equal(record.fmt, EG_FMT_CWT);
	assert_true(eg_span_eq(record.token, c.token[0].bytes));
	assert_int_equal(eg_egt_next_record(&request.records).fmt, EG_FMT_DETECT);
	load_corpus_free(&c);
}

/* A CWT that is left out leaves nothing of itself to the next line. */
static void what_is_not_valid_can_be_left_out(void **state)
{
	const struct load_corpus_wish wish = {
	    .tokens_max = 1, .bytes_max = 1232, .list_bits = 1, .only_valid = true, .cnt_max = 2};
	struct load_corpus c;
	struct eg_error err;

	(void)state;
	assert_int_equal(
	    read_wish(&c, "a\tEXPIRED\td284\nb\tOK\tone\nc\tBAD_AUD\tx\nd\tOK\ttwo\ne\tOK\tx\n",
	        &wish, &err),
	    0);
	assert_int_equal(c.token_cnt, 2);
	assert_string_equal(c.token[0].name, "b");
	assert_int_equal(c.token[0].fmt, EG_FMT_DETECT);
	assert_string_equal(c.token[1].name, "d");
	assert_int_equal(c.request[1].expected, EG_OK);
	load_corpus_free(&c);
	assert_int_equal(read_wish(&c, "a\tEXPIRED\tx\n", &wish, &err), -EG_EINVAL);
}

/* 16 bytes of header and 8 of record leave 76 for one token of a request of 100. */
static void a_token_goes_where_it_fits(void **state)
{
	struct load_corpus c;
	struct eg_error err;
	char text[512];

	(void)state;
	(void)snprintf(
	    text, sizeof(text), "fits\tOK\tx%075d\nlong\tTOO_BIG\tx%076d\ns\tOK\tx\n", 1, 1);
	assert_int_equal(read_text(&c, text, 64, 100, &err), 0);
	assert_true(c.token[0].fits);
	assert_false(c.token[1].fits);
	assert_true(c.token[2].fits);
	assert_int_equal(c.request_cnt, 2);
	assert_int_equal(c.request[0].bytes.len, 100);
	assert_int_equal(c.request[1].first, 2);
	load_corpus_free(&c);
}

static void a_bad_line_is_named(void **state)
{
	const struct load_corpus_wish wish = {.tokens_max = 1, .bytes_max = 1232, .list_bits = 1};
	static const char *const bad[] = {"a\tOK\tx\nb\tOK", "a\tOK\tx\nb\tFINE\tx", "a\tOK\tx\nb"};
	struct load_corpus c;
	struct eg_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_text(&c, bad[i], 1, 1232, &err), -EG_EINVAL);
		assert_non_null(strstr(err.text, ":2: "));
	}
	assert_int_equal(read_text(&c, "# nothing\n", 1, 1232, &err), -EG_EINVAL);
	assert_int_equal(load_corpus_read(&c, "/nonexistent", &wish, &err), -EG_EIO);
	assert_non_null(strstr(err.text, "/nonexistent"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_is_read),
	    cmocka_unit_test(checksums_are_those_of_another_stack),
	    cmocka_unit_test(no_damaged_answer_is_taken),
	    cmocka_unit_test(no_cut_answer_is_taken),
	    cmocka_unit_test(arp_is_asked_and_answered),
	    cmocka_unit_test(every_value_keeps_three_digits),
	    cmocka_unit_test(what_is_too_long_is_the_longest),
	    cmocka_unit_test(merged_is_as_if_added_to_one),
	    cmocka_unit_test(quantiles_are_those_of_the_values),
	    cmocka_unit_test(lines_become_requests),
	    cmocka_unit_test(hex_is_a_cwt),
	    cmocka_unit_test(what_is_not_valid_can_be_left_out),
	    cmocka_unit_test(a_token_goes_where_it_fits),
	    cmocka_unit_test(a_bad_line_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
