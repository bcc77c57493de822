/* SPDX-License-Identifier: BSD-3-Clause */
/* When edgate-load sends, and what: departures, popularity, false signatures, hostile frames. */
#include "eg_test.h"

#include "eg_base64url.h"
#include "eg_egt.h"
#include "forge.h"
#include "frame.h"
#include "hostile.h"
#include "popularity.h"
#include "schedule.h"
#include "shard.h"
#include "steer.h"
#include "values.h"

#include <math.h>

/* ── departures ── */

static struct load_timing timing_of(
    const char *profile, enum load_arrivals arrivals, unsigned burst)
{
	struct load_timing timing = {.arrivals = arrivals, .burst = burst, .seed = 11};

	assert_true(load_profile_parse(&timing.profile, profile));
	return timing;
}

static unsigned count_until(const struct load_timing *timing, uint64_t from_ns, uint64_t to_ns)
{
	struct load_schedule s = load_schedule(timing, 0, 1);
	uint64_t due_ns, last_ns = 0;
	unsigned cnt = 0;

	while (load_schedule_next(&s, &due_ns)) {
		assert_true(due_ns >= last_ns);
		last_ns = due_ns;
		cnt += due_ns >= from_ns && due_ns < to_ns;
	}
	return cnt;
}

#define MS 1000000ull

static void a_constant_rate_is_even(void **state)
{
	struct load_timing timing = timing_of("hold:1000,2", LOAD_CONSTANT, 1);
	struct load_schedule s = load_schedule(&timing, 0, 1);
	uint64_t due_ns;

	(void)state;
	for (uint64_t i = 0; i < 2000; i++) {
		assert_true(load_schedule_next(&s, &due_ns));
		assert_true(due_ns == i * MS);
	}
	assert_false(load_schedule_next(&s, &due_ns));
}

static void cores_share_one_schedule(void **state)
{
	static const enum load_arrivals arrivals[] = {LOAD_CONSTANT, LOAD_BURST};

	(void)state;
	for (unsigned a = 0; a < 2; a++) {
		struct load_timing timing = timing_of("hold:999,1+ramp:100,400,1", arrivals[a], 5);
		struct load_schedule whole = load_schedule(&timing, 0, 1), part[3];
		uint64_t due_ns, due[3];
		bool more[3];

		for (unsigned i = 0; i < 3; i++) {
			part[i] = load_schedule(&timing, i, 3);
			more[i] = load_schedule_next(&part[i], &due[i]);
		}
		while (load_schedule_next(&whole, &due_ns)) {
			unsigned first = 3;

			for (unsigned i = 0; i < 3; i++)
				if (more[i] && (first == 3 || due[i] < due[first]))
					first = i;
			assert_int_not_equal(first, 3);
			assert_true(due[first] == due_ns);
			more[first] = load_schedule_next(&part[first], &due[first]);
		}
		assert_false(more[0] || more[1] || more[2]);
	}
}

static void bursts_leave_together(void **state)
{
	struct load_timing timing = timing_of("hold:1000,1", LOAD_BURST, 10);
	struct load_schedule s = load_schedule(&timing, 0, 1);
	uint64_t due_ns;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		assert_true(load_schedule_next(&s, &due_ns));
		assert_true(due_ns == i / 10 * 10 * MS);
	}
	assert_false(load_schedule_next(&s, &due_ns));
}

/* The area under a ramp from 0 to 1000 in 2 s: a quarter of it lies in the first half. */
static void a_ramp_and_a_spike_have_their_areas(void **state)
{
	struct load_timing timing =
	    timing_of("ramp:0,1000,2+spike:100,1+hold:100,1", LOAD_CONSTANT, 1);

	(void)state;
	assert_int_equal(count_until(&timing, 0, 1000 * MS), 250);
	assert_int_equal(count_until(&timing, 0, 2000 * MS), 1000);
	assert_int_equal(count_until(&timing, 2000 * MS, 3000 * MS), 1000);
	assert_int_equal(count_until(&timing, 3000 * MS, 9000 * MS), 100);
	assert_true(load_profile_rate_max(&timing.profile) == 1000);
	assert_true(load_profile_seconds(&timing.profile) == 4);
	timing = timing_of("ramp:1000,0,2", LOAD_CONSTANT, 1);
	assert_int_equal(count_until(&timing, 0, 1000 * MS), 750);
	assert_int_equal(count_until(&timing, 0, 2000 * MS), 1000);
}

/* Gaps of a Poisson process: mean 1/rate, deviation as large as the mean, 1/e of them above it. */
static void poisson_gaps_are_exponential(void **state)
{
	struct load_timing timing = timing_of("hold:1000,200", LOAD_POISSON, 1);

	(void)state;
	for (unsigned cores = 1; cores <= 4; cores += 3) {
		struct load_schedule s = load_schedule(&timing, 0, cores);
		double sum = 0, squares = 0, above = 0, mean_ns = 1e6 * cores;
		uint64_t due_ns, last_ns = 0;
		unsigned cnt = 0;

		for (; load_schedule_next(&s, &due_ns); cnt++, last_ns = due_ns) {
			double gap = (double)(due_ns - last_ns) / mean_ns;

			sum += gap;
			squares += gap * gap;
			above += gap > 1;
		}
		assert_true(fabs(sum / cnt - 1) < 0.03);
		assert_true(fabs(sqrt(squares / cnt - sum / cnt * sum / cnt) - 1) < 0.04);
		assert_true(fabs(above / cnt - exp(-1)) < 0.02);
	}
}

static void a_bad_profile_is_refused(void **state)
{
	static const char *const bad[] = {"", "hold", "hold:1", "hold:1,2,", "hold:1,2+",
	    "hold:-1,2", "hold:1,-2", "hold:nan,1", "hold:1e10,1", "ramp:1,2", "hold:1,2;hold:1,2",
	    "hold:1,99999", "hold:1,2+rise:1,2"};
	struct load_profile profile;
	char many[65 * 12] = "hold:1,1";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(load_profile_parse(&profile, bad[i]));
	for (unsigned i = 1; i < LOAD_SEGMENTS_MAX; i++)
		strcat(many, "+hold:1,1");
	assert_true(load_profile_parse(&profile, many));
	strcat(many, "+hold:1,1");
	assert_false(load_profile_parse(&profile, many));
}

/* ── popularity ── */

#define REQUESTS 1000u

static void draw(const struct load_popularity *p, unsigned seen[REQUESTS], unsigned bursts)
{
	struct load_picker picker = load_picker(p, 3, 0, 1);

	memset(seen, 0, REQUESTS * sizeof(seen[0]));
	for (unsigned i = 0; i < bursts; i++) {
		uint32_t pick[EG_BURST_MAX];

		load_pick(&picker, pick, EG_BURST_MAX);
		for (unsigned k = 0; k < EG_BURST_MAX; k++) {
			assert_true(pick[k] < REQUESTS);
			seen[pick[k]]++;
		}
	}
}

/* Chi-squared over all requests: 999 degrees of freedom, deviation sqrt(2 · 999) = 44.7. */
static double chi_squared(const unsigned seen[REQUESTS], double s, double draws)
{
	double sum = 0, chi = 0;

	for (unsigned i = 0; i < REQUESTS; i++)
		sum += pow(i + 1, -s);
	for (unsigned i = 0; i < REQUESTS; i++) {
		double expected = draws * pow(i + 1, -s) / sum;

		chi += (seen[i] - expected) * (seen[i] - expected) / expected;
	}
	return chi;
}

static void zipf_is_zipf(void **state)
{
	static const double exponents[] = {0, 0.5, 0.99, 1.5};
	unsigned seen[REQUESTS];
	struct load_popularity p;
	struct eg_error err;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(
		    load_popularity_init(&p, LOAD_ZIPF, exponents[i], REQUESTS, &err), 0);
		draw(&p, seen, 65536);
		assert_true(
		    fabs(chi_squared(seen, exponents[i], 65536.0 * EG_BURST_MAX) - 999) < 6 * 44.7);
		load_popularity_free(&p);
	}
	assert_int_equal(load_popularity_init(&p, LOAD_UNIFORM, 0, REQUESTS, &err), 0);
	draw(&p, seen, 65536);
	assert_true(fabs(chi_squared(seen, 0, 65536.0 * EG_BURST_MAX) - 999) < 6 * 44.7);
}

static void in_turn_each_comes_once_a_round(void **state)
{
	unsigned seen[REQUESTS] = {0};
	struct load_popularity p;
	struct eg_error err;

	(void)state;
	assert_int_equal(load_popularity_init(&p, LOAD_CYCLE, 0, REQUESTS, &err), 0);
	for (unsigned core = 0; core < 4; core++) {
		struct load_picker picker = load_picker(&p, 0, core, 4);
		uint32_t pick[25];

		for (unsigned i = 0; i < 10; i++) {
			load_pick(&picker, pick, 25);
			for (unsigned k = 0; k < 25; k++)
				seen[pick[k]]++;
		}
	}
	for (unsigned i = 0; i < REQUESTS; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(load_popularity_init(&p, LOAD_CYCLE, 0, 1, &err), 0);
	draw(&p, seen, 4); /* one request alone, and more cores than requests */
	assert_int_equal(seen[0], 4 * EG_BURST_MAX);
	assert_int_equal(load_picker(&p, 0, 5, 8).next, 0);
}

static void a_cycle_goes_on_where_it_is_told(void **state)
{
	struct load_popularity p;
	struct load_picker picker;
	struct eg_error err;
	uint32_t pick[3];

	(void)state;
	assert_int_equal(load_popularity_init(&p, LOAD_CYCLE, 0, 4, &err), 0);
	p.first = 3;
	picker = load_picker(&p, 0, 0, 1);
	load_pick(&picker, pick, 3);
	assert_memory_equal(pick, ((uint32_t[]){3, 0, 1}), sizeof(pick));
	assert_int_equal(load_picker(&p, 0, 2, 3).next, 1);
}

/* ── false signatures ── */

/* A token whose signature bytes are 0, 1, … 63, behind something of `lead` characters. */
static size_t make_text(
    char *text, const char *lead, const uint8_t *before, size_t before_len, const char *trail)
{
	uint8_t signature[128];
	size_t len = strlen(lead);

	memcpy(signature, before, before_len);
	for (unsigned i = 0; i < 64; i++)
		signature[before_len + i] = (uint8_t)(i * 3 + 1);
	memcpy(text, lead, len);
	eg_base64url_encode(eg_span(signature, before_len + 64), text + len);
	len += EG_BASE64URL_ENCODED_BYTES(before_len + 64);
	memcpy(text + len, trail, strlen(trail));
	return len + strlen(trail);
}

static void check_forged(const uint8_t *token, size_t len, uint8_t fmt,
    const uint8_t *was_signature,
    bool (*signature_of)(const uint8_t *token, size_t len, uint8_t out[64]))
{
	struct load_token t = {.fmt = fmt, .bytes = eg_span(token, len)};
	struct load_forge_place place = load_forge_place(&t);
	uint8_t copy[512], signature[64], last[64] = {0};

	assert_int_not_equal(place.at, 0);
	for (uint64_t n = 1; n < 2000; n += 7) {
		uint32_t sum = load_frame_sum(0, token, len);

		memcpy(copy, token, len);
		sum = load_forge(copy, token, &place, n * 0x123456789ull, sum);
		assert_true(signature_of(copy, len, signature));
		assert_memory_equal(signature, was_signature, 33); /* R, and the first byte of S */
		assert_memory_not_equal(signature, was_signature, 64);
		assert_memory_not_equal(signature, last, 64);
		assert_int_equal(signature[63], was_signature[63]);
		assert_int_equal(load_frame_sum(sum, copy, 0), load_frame_sum(0, copy, len));
		memcpy(last, signature, sizeof(last));
	}
}

static size_t lead_bytes; /* before the signature in the segment */

static bool signature_in_text(const uint8_t *token, size_t len, uint8_t out[64])
{
	const uint8_t *from = token, *end = token + len;
	uint8_t bytes[192];

	for (unsigned dots = 0; dots < 2; from++)
		dots += *from == '.';
	if (memchr(from, '.', (size_t)(end - from)) != NULL)
		end = memchr(from, '.', (size_t)(end - from));
	if (!eg_base64url_decode(eg_span(from, (size_t)(end - from)), bytes))
		return false;
	memcpy(out, bytes + lead_bytes, 64);
	return true;
}

static bool signature_in_bytes(const uint8_t *token, size_t len, uint8_t out[64])
{
	memcpy(out, token + len - 64, 64);
	return true;
}

static void a_false_signature_is_false_in_s_alone(void **state)
{
	static const char *const trails[] = {"", ".e30"};
	uint8_t signature[64], binary[101];
	char text[512];

	(void)state;
	load_forge_init();
	for (unsigned i = 0; i < 64; i++)
		signature[i] = (uint8_t)(i * 3 + 1);
	for (unsigned odd = 0; odd < 2; odd++) {
		lead_bytes = 0;
		check_forged((const uint8_t *)text,
		    make_text(text, odd != 0 ? "ab.cd." : "abc.cd.", signature, 0, ""),
		    EG_FMT_DETECT, signature, signature_in_text);
	}
	for (lead_bytes = 0; lead_bytes < 6;
	     lead_bytes++) /* every phase of base64, with a footer too */
		for (unsigned i = 0; i < 2; i++)
			check_forged((const uint8_t *)text,
			    make_text(text, "v4.public.", (const uint8_t *)"{ ab}", lead_bytes,
			        trails[i]),
			    EG_FMT_DETECT, signature, signature_in_text);
	memset(binary, 0xd2, sizeof(binary));
	memcpy(binary + 37, signature, 64);
	check_forged(binary, sizeof(binary), EG_FMT_CWT, signature, signature_in_bytes);
	check_forged(binary + 1, sizeof(binary) - 1, EG_FMT_CWT, signature, signature_in_bytes);
}

static void what_has_no_signature_cannot_be_forged(void **state)
{
	static const char *const bad[] = {"", ".", "..", "a.b.c", "abc"};

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct load_token t = {.bytes = eg_span_str(bad[i])};

		assert_int_equal(load_forge_place(&t).at, 0);
		t.fmt = EG_FMT_CWT;
		assert_int_equal(load_forge_place(&t).at, 0);
	}
}

/* ── hostile frames ── */

/* By the rules of the protocol, as lib/proto reads them: dropped, or MALFORMED for one kind. */
static void no_hostile_payload_is_a_good_request(void **state)
{
	struct load_random r = {5};
	uint8_t good[300], payload[300];
	struct eg_writer w = eg_writer(good, sizeof(good));
	uint8_t token[200];
	size_t len;

	(void)state;
	memset(token, 'a', sizeof(token));
	eg_egt_begin_request(&w, EG_EGT_VERIFY, 0, 1, 7, 0);
	eg_egt_put_record(&w, &(struct eg_egt_record){.token = eg_span(token, sizeof(token))});
	len = eg_egt_finish_request(&w, good, 1);
	for (unsigned kind = 0; kind < load_hostile_kinds(); kind++)
		for (unsigned i = 0; i < 2000 && !load_hostile_is_packet(kind); i++) {
			struct eg_egt_request req;
			size_t bad_len;

			memcpy(payload, good, len);
			bad_len = load_hostile_payload(kind, payload, len, &r);
			assert_true(bad_len <= len);
			if (eg_egt_parse_request(eg_span(payload, bad_len), &req) !=
			        EG_DROP_COUNT ||
			    req.bad_version)
				continue;
			assert_string_equal(load_hostile_name(kind), "token of noise");
		}
}

static void hostile_packets_stay_in_their_frame(void **state)
{
	struct load_random r = {6};

	(void)state;
	for (unsigned kind = 0; kind < load_hostile_kinds(); kind++)
		for (unsigned i = 0; i < 500; i++) {
			uint8_t *frame = calloc(1, 78),
			        before[78] = {0}; /* exactly: for sanitizers */

			assert_non_null(frame);
			assert_true(load_hostile_packet(kind, frame, 78, &r) <= 78);
			if (load_hostile_is_packet(kind) && frame[14] != 0)
				assert_memory_not_equal(frame, before, 78);
			free(frame);
		}
}

/* ── steering ── */

/* Microsoft's published examples for IPv4 with TCP ports: "Verifying the RSS hash calculation". */
static void toeplitz_is_microsofts(void **state)
{
	static const struct {
		uint8_t tuple[12];
		uint32_t hash;
	} known[] = {
	    {{66, 9, 149, 187, 161, 142, 100, 80, 2794 >> 8, 2794 & 255, 1766 >> 8, 1766 & 255},
	        0x51ccc178},
	    {{199, 92, 111, 2, 65, 69, 140, 83, 14230 >> 8, 14230 & 255, 4739 >> 8, 4739 & 255},
	        0xc626b0ea},
	    {{24, 19, 198, 95, 12, 22, 207, 184, 12898 >> 8, 12898 & 255, 38024 >> 8, 38024 & 255},
	        0x5c2b394a},
	};

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(
		    load_toeplitz(load_rss_key_default, known[i].tuple, 12), known[i].hash);
}

static void source_ports_hash_to_their_owner(void **state)
{
	static const uint8_t ip[4] = {192, 0, 2, 2}, server[4] = {192, 0, 2, 1};
	struct load_steer_wish wish = {
	    .kind = LOAD_STEER_TOEPLITZ, .workers = 5, .reta_size = 128, .sources = 16};
	struct load_steer steer;
	struct eg_error err;

	(void)state;
	memcpy(wish.rss_key, load_rss_key_default, sizeof(wish.rss_key));
	assert_int_equal(load_steer_init(&steer, &wish, ip, server, 25519, &err), 0);
	for (unsigned owner = 0; owner < 5; owner++)
		for (unsigned i = 0; i < 16; i++) {
			uint8_t tuple[12] = {
			    192, 0, 2, 2, 192, 0, 2, 1, 0, 0, 25519 >> 8, 25519 & 255};

			eg_store_be16(tuple + 8, steer.source[owner][i]);
			assert_int_equal(
			    load_toeplitz(load_rss_key_default, tuple, 12) % 128 % 5, owner);
		}
	assert_int_equal(steer.owner[7], 2);
	assert_int_equal(load_steer_server_port(&steer, 7), 25519);
	steer.kind = LOAD_STEER_PORT;
	assert_int_equal(load_steer_server_port(&steer, 7), 25526);
	wish.reta_size = 2;
	assert_int_equal(load_steer_init(&steer, &wish, ip, server, 25519, &err), -EG_ELIMIT);
}

/* idx 100000 of one-bit entries is in block 3 (32768 a block). */
static void a_listed_token_has_its_blocks_shard(void **state)
{
	static const char payload[] =
	    "{\"iss\":\"i\",\"status\":{\"status_list\":{\"idx\":100000,\"uri\":\"https://l\"}}}";
	char text[256] = "eyJh.";
	struct eg_span token;
	size_t len = 5;

	(void)state;
	eg_base64url_encode(eg_span_str(payload), text + len);
	len += EG_BASE64URL_ENCODED_BYTES(strlen(payload));
	memcpy(text + len, ".c2ln", 5);
	token = eg_span(text, len + 5);
	assert_int_equal(load_shard_of(token, EG_FMT_DETECT, 1),
	    eg_shard_of_block(eg_crc32c(eg_span_str("https://l")), 3));
	assert_int_equal(load_shard_of(token, EG_FMT_DETECT, 8),
	    eg_shard_of_block(eg_crc32c(eg_span_str("https://l")), 24));
	assert_int_equal(load_shard_of(token, EG_FMT_CWT, 1), eg_shard_of_token(token));
	token.len = 20;
	assert_int_equal(load_shard_of(token, EG_FMT_DETECT, 1), eg_shard_of_token(token));
}

/* ── values ── */

static void values_are_whole_or_refused(void **state)
{
	static const char *const bad_cpus[] = {
	    "", ",", "1,1", "3-1", "1-", "-1", "x", "1,2x", "2000"};
	static const char *const bad_hosts[] = {"", "127.0.0.1", "127.0.0.1:", ":5", "::1:5",
	    "127.0.0.1:0", "127.0.0.1:65500", "localhost:25519"};
	unsigned cnt, number;
	uint16_t port;
	uint8_t ip[4];
	double real;
	int cpu[4];

	(void)state;
	assert_true(load_value_cpus("2,4-5", cpu, 4, &cnt));
	assert_int_equal(cnt, 3);
	assert_true(cpu[0] == 2 && cpu[1] == 4 && cpu[2] == 5);
	assert_false(load_value_cpus("0-4", cpu, 4, &cnt));
	for (size_t i = 0; i < sizeof(bad_cpus) / sizeof(bad_cpus[0]); i++)
		assert_false(load_value_cpus(bad_cpus[i], cpu, 4, &cnt));
	assert_true(load_value_host_port("127.0.0.1:25519", ip, &port));
	assert_true(port == 25519 && ip[0] == 127 && ip[3] == 1);
	for (size_t i = 0; i < sizeof(bad_hosts) / sizeof(bad_hosts[0]); i++)
		assert_false(load_value_host_port(bad_hosts[i], ip, &port));
	assert_false(load_value_unsigned("0", 1, 5, &number));
	assert_true(load_value_unsigned("5", 1, 5, &number));
	assert_false(load_value_unsigned("6", 1, 5, &number));
	assert_true(load_value_double("1e3", 0, 1e4, &real) && real == 1000);
	assert_false(load_value_double("1e3x", 0, 1e4, &real));
	assert_false(load_value_double("nan", 0, 1e4, &real));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_constant_rate_is_even),
	    cmocka_unit_test(cores_share_one_schedule),
	    cmocka_unit_test(bursts_leave_together),
	    cmocka_unit_test(a_ramp_and_a_spike_have_their_areas),
	    cmocka_unit_test(poisson_gaps_are_exponential),
	    cmocka_unit_test(a_bad_profile_is_refused),
	    cmocka_unit_test(zipf_is_zipf),
	    cmocka_unit_test(in_turn_each_comes_once_a_round),
	    cmocka_unit_test(a_cycle_goes_on_where_it_is_told),
	    cmocka_unit_test(a_false_signature_is_false_in_s_alone),
	    cmocka_unit_test(what_has_no_signature_cannot_be_forged),
	    cmocka_unit_test(no_hostile_payload_is_a_good_request),
	    cmocka_unit_test(hostile_packets_stay_in_their_frame),
	    cmocka_unit_test(toeplitz_is_microsofts),
	    cmocka_unit_test(source_ports_hash_to_their_owner),
	    cmocka_unit_test(a_listed_token_has_its_blocks_shard),
	    cmocka_unit_test(values_are_whole_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
