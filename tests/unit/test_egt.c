/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_test.h"

#include "eg_egt.h"
#include "eg_err.h"

#define ID    0x0123456789abcdefULL
#define EPOCH 0x0001000000000007ULL

struct frame {
	uint8_t bytes[EG_EGT_DATAGRAM_MAX];
	size_t len;
};

static struct frame the_frame;

static struct eg_span span_of(const struct frame *f)
{
	return eg_span(f->bytes, f->len);
}

/* count records with tokens of token_bytes 'a', 'b', …, padded by pad zeros beyond the minimum. */
static struct frame *build(uint8_t flags, uint8_t count, size_t token_bytes, size_t pad)
{
	struct frame *f = &the_frame;
	struct eg_writer w = eg_writer(f->bytes, sizeof(f->bytes));
	uint8_t token[2048];

	eg_egt_begin_request(
	    &w, EG_EGT_VERIFY, flags, count, ID, (flags & EG_EGT_MIN_EPOCH) != 0 ? EPOCH : 0);
	for (unsigned i = 0; i < count; i++) {
		memset(token, 'a' + (int)(i % 26), token_bytes);
		eg_egt_put_record(&w, &(struct eg_egt_record){.fmt = (uint8_t)(i % 4),
		                          .policy_id = i,
		                          .token = eg_span(token, token_bytes)});
	}
	if (pad != 0)
		eg_egt_pad_request(&w, f->bytes, (size_t)(w.ptr - f->bytes) + pad);
	f->len = eg_egt_finish_request(&w, f->bytes, count);
	assert_int_not_equal(f->len, 0);
	return f;
}

static struct frame *build_ping(size_t bytes)
{
	struct frame *f = &the_frame;
	struct eg_writer w = eg_writer(f->bytes, sizeof(f->bytes));

	eg_egt_begin_request(&w, EG_EGT_PING, 0, 1, ID, 0);
	eg_egt_put_record(&w, &(struct eg_egt_record){0});
	eg_egt_pad_request(&w, f->bytes, bytes);
	f->len = eg_egt_finish_request(&w, f->bytes, 1);
	assert_int_not_equal(f->len, 0);
	return f;
}

static enum eg_drop drop_of(const struct frame *f)
{
	struct eg_egt_request req;

	return eg_egt_parse_request(span_of(f), &req);
}

static void set_length(struct frame *f, size_t len)
{
	f->len = len;
	eg_store_be16(f->bytes + 6, (uint16_t)len);
}

static void header_is_laid_out_as_documented(void **state)
{
	static const uint8_t expect[] = {0xe6, 0xa7, 1, 1, 0x14, 1, 0, 42, 1, 0x23, 0x45, 0x67,
	    0x89, 0xab, 0xcd, 0xef, 0, 1, 0, 0, 0, 0, 0, 7, 0, 10, 0, 0, 0, 0, 0, 0};
	struct frame *f = build(EG_EGT_NO_CACHE | EG_EGT_MIN_EPOCH, 1, 10, 0);

	assert_int_equal(f->len, 42);
	assert_memory_equal(f->bytes, expect, sizeof(expect));
}

static void requests_round_trip(void **state)
{
	static const uint8_t flag_sets[] = {
	    0, EG_EGT_MIN_EPOCH, EG_EGT_WANT_CLAIMS | EG_EGT_NO_CACHE | EG_EGT_STRICT_ORDER, 0x1e};
	struct eg_egt_request req;

	for (size_t s = 0; s < sizeof(flag_sets); s++)
		for (uint8_t count = 1; count <= EG_EGT_RECORDS_MAX; count++) {
			struct frame *f = build(flag_sets[s], count, count * 13u, count % 3);
			struct eg_span rest;

			assert_int_equal(eg_egt_parse_request(span_of(f), &req), EG_DROP_COUNT);
			assert_int_equal(req.type, EG_EGT_VERIFY);
			assert_int_equal(req.flags, flag_sets[s]);
			assert_int_equal(req.count, count);
			assert_false(req.bad_version);
			assert_true(req.request_id == ID);
			assert_true(
			    req.min_epoch == ((flag_sets[s] & EG_EGT_MIN_EPOCH) != 0 ? EPOCH : 0));
			rest = req.records;
			for (unsigned i = 0; i < count; i++) {
				struct eg_egt_record r = eg_egt_next_record(&rest);

				assert_int_equal(r.fmt, i % 4);
				assert_int_equal(r.policy_id, i);
				assert_int_equal(r.token.len, count * 13u);
				assert_int_equal(r.token.ptr[0], 'a' + i % 26);
			}
			assert_int_equal(rest.len, 0);
		}
}

static void every_named_drop_is_reached(void **state)
{
	struct frame *f = build(0, 1, 100, 0);

	for (size_t len = 0; len < 16; len++) {
		f->len = len;
		assert_int_equal(drop_of(f), EG_DROP_egt_short);
	}
	f->len = 16;
	assert_int_equal(drop_of(f), EG_DROP_egt_length);
	build(0, 1, 100, 0)->bytes[0] ^= 1;
	assert_int_equal(drop_of(f), EG_DROP_egt_magic);
	for (unsigned type = 0; type < 256; type++) {
		build(0, 1, 100, 0)->bytes[3] = (uint8_t)type;
		assert_int_equal(drop_of(f), type == 1   ? EG_DROP_COUNT
		                             : type == 3 ? EG_DROP_egt_record
		                                         : EG_DROP_egt_type);
	}
	for (unsigned count = 0; count < 256; count++) {
		build(0, 1, 2000, 0)->bytes[5] = (uint8_t)count;
		assert_int_equal(drop_of(f), count == 1                  ? EG_DROP_COUNT
		                             : count == 0 || count > 64u ? EG_DROP_egt_count
		                                                         : EG_DROP_egt_record);
	}
	build(0, 1, 100, 0)->bytes[16 + 3] = 1;
	assert_int_equal(drop_of(f), EG_DROP_egt_record);
	build(0, 1, 100, 0)->bytes[16 + 2] = 4;
	assert_int_equal(drop_of(f), EG_DROP_egt_record);
	build(0, 1, 100, 0)->bytes[16 + 1] = 101;
	assert_int_equal(drop_of(f), EG_DROP_egt_record);
	build(0, 1, 100, 0)->bytes[16 + 1] = 99;
	assert_int_equal(drop_of(f), EG_DROP_egt_padding);
	build(0, 1, 100, 5)->bytes[f->len - 1] = 1;
	assert_int_equal(drop_of(f), EG_DROP_egt_padding);
}

static void flags_are_checked_by_type(void **state)
{
	for (unsigned flags = 0; flags < 256; flags++) {
		struct frame *f = build(0, 1, 100, 0);

		f->bytes[4] = (uint8_t)flags;
		if (flags >= 0x20)
			assert_int_equal(drop_of(f), EG_DROP_egt_flags);
		else if ((flags & EG_EGT_SEALED) != 0)
			assert_int_equal(drop_of(f), EG_DROP_egt_sealed);
		else if ((flags & EG_EGT_MIN_EPOCH) == 0)
			assert_int_equal(drop_of(f), EG_DROP_COUNT);

		f = build_ping(100);
		f->bytes[4] = (uint8_t)flags;
		assert_int_equal(drop_of(f), flags == 0               ? EG_DROP_COUNT
		                             : flags == EG_EGT_SEALED ? EG_DROP_egt_sealed
		                                                      : EG_DROP_egt_flags);
	}
}

static void length_must_be_the_payloads(void **state)
{
	struct frame *f = build(0, 1, 100, 0);

	for (unsigned len = 0; len < 300; len++) {
		eg_store_be16(f->bytes + 6, (uint16_t)len);
		assert_int_equal(drop_of(f), len == f->len ? EG_DROP_COUNT : EG_DROP_egt_length);
	}
	f->len++;
	assert_int_equal(drop_of(f), EG_DROP_egt_length);
}

static void short_requests_would_amplify(void **state)
{
	for (uint8_t count = 1; count <= EG_EGT_RECORDS_MAX; count++) {
		struct frame *f = build(0, count, 0, 0);

		assert_int_equal(f->len, 24u + 12u * count);
		assert_int_equal(drop_of(f), EG_DROP_COUNT);
		set_length(f, f->len - 1);
		assert_int_equal(drop_of(f), EG_DROP_egt_amplification);
	}
}

static void min_epoch_needs_its_bytes(void **state)
{
	struct eg_egt_request req;
	struct frame *f = build(EG_EGT_MIN_EPOCH, 1, 4, 0);

	assert_int_equal(f->len, 36); /* 16 + 8 + 8 + 4: exactly full */
	assert_int_equal(eg_egt_parse_request(span_of(f), &req), EG_DROP_COUNT);
	assert_true(req.min_epoch == EPOCH);
	f->bytes[16 + 8 + 1] = 5;
	assert_int_equal(drop_of(f), EG_DROP_egt_record);
}

static void ping_holds_one_empty_record(void **state)
{
	struct eg_egt_request req;
	struct frame *f = build_ping(0);

	assert_int_equal(f->len, EG_EGT_PONG_BYTES);
	assert_int_equal(eg_egt_parse_request(span_of(f), &req), EG_DROP_COUNT);
	assert_int_equal(req.type, EG_EGT_PING);
	set_length(f, f->len - 1);
	assert_int_equal(drop_of(f), EG_DROP_egt_amplification);
	build_ping(100)->bytes[5] = 2;
	assert_int_equal(drop_of(f), EG_DROP_egt_count);
	build_ping(100)->bytes[17] = 1;
	assert_int_equal(drop_of(f), EG_DROP_egt_record);
}

static void other_versions_get_one_record(void **state)
{
	struct eg_egt_request req;

	for (unsigned version = 0; version < 256; version++)
		for (unsigned type = 0; type < 8; type++) {
			struct frame *f = build(0, 1, 8, 0);

			if (version == EG_EGT_VERSION)
				continue;
			memset(f->bytes + 16, 0xff, f->len - 16);
			f->bytes[2] = (uint8_t)version;
			f->bytes[3] = (uint8_t)type;
			f->bytes[5] = 200;
			if (type % 2 == 0) {
				assert_int_equal(drop_of(f), EG_DROP_egt_type);
				continue;
			}
			assert_int_equal(eg_egt_parse_request(span_of(f), &req), EG_DROP_COUNT);
			assert_true(req.bad_version);
			assert_int_equal(req.type, EG_EGT_VERIFY);
			assert_int_equal(req.count, 1);
			assert_true(req.request_id == ID);
			f->len = 35;
			assert_int_equal(drop_of(f), EG_DROP_egt_amplification);
		}
}

/* What was accepted is written again, byte for byte, and its answer fits. */
static void check_accepted(const struct frame *f, const struct eg_egt_request *req)
{
	static uint8_t again[EG_EGT_DATAGRAM_MAX];
	struct eg_egt_answer answers[EG_EGT_RECORDS_MAX] = {{0}};
	struct eg_writer w = eg_writer(again, sizeof(again));
	struct eg_span rest = req->records;

	assert_true(
	    eg_egt_write_response(again, EG_EGT_VERIFY_R, 1, 1, answers, req->count) <= f->len);
	if (req->bad_version)
		return;
	eg_egt_begin_request(&w, (enum eg_egt_type)req->type, req->flags, req->count,
	    req->request_id, req->min_epoch);
	for (unsigned i = 0; i < req->count; i++) {
		struct eg_egt_record r = eg_egt_next_record(&rest);

		assert_true(
		    r.token.len == 0 ||
		    (r.token.ptr >= f->bytes && r.token.ptr + r.token.len <= f->bytes + f->len));
		eg_egt_put_record(&w, &r);
	}
	eg_egt_pad_request(&w, again, f->len);
	assert_int_equal(eg_egt_finish_request(&w, again, req->count), f->len);
	assert_memory_equal(again, f->bytes, f->len);
}

static void any_byte_may_be_anything(void **state)
{
	static struct frame origin, mutant;
	size_t accepted = 0, refused = 0;

	for (unsigned kind = 0; kind < 3; kind++) {
		origin = *(kind == 0   ? build(0, 3, 20, 4)
		           : kind == 1 ? build(EG_EGT_MIN_EPOCH, 2, 30, 0)
		                       : build_ping(60));
		for (size_t at = 0; at < origin.len; at++)
			for (unsigned value = 0; value < 256; value++) {
				struct eg_egt_request req;

				mutant = origin;
				mutant.bytes[at] = (uint8_t)value;
				if (eg_egt_parse_request(span_of(&mutant), &req) == EG_DROP_COUNT) {
					check_accepted(&mutant, &req);
					accepted++;
				} else {
					refused++;
				}
			}
	}
	assert_true(accepted > 1000 && refused > 1000);
}

/* Each prefix in a heap block of its own: a read past the end is seen by the sanitizer. */
static void any_prefix_is_read_within_its_bounds(void **state)
{
	const struct frame *f = build(EG_EGT_MIN_EPOCH, 5, 30, 3);

	for (size_t len = 0; len < f->len; len++) {
		uint8_t *copy = malloc(len + 1);
		struct eg_egt_request req;

		assert_non_null(copy);
		memmove(copy + 1, f->bytes, len);
		if (len >= 8)
			eg_store_be16(copy + 1 + 6, (uint16_t)len);
		(void)eg_egt_parse_request(eg_span(copy + 1, len), &req);
		free(copy);
	}
}

static void responses_round_trip(void **state)
{
	struct eg_egt_answer answers[EG_EGT_RECORDS_MAX];
	uint8_t frame[EG_EGT_RESPONSE_BYTES(EG_EGT_RECORDS_MAX)];
	struct eg_egt_response resp;

	for (unsigned i = 0; i < EG_EGT_RECORDS_MAX; i++)
		answers[i] = (struct eg_egt_answer){.status = (uint8_t)(i + 1),
		    .detail = (uint8_t)(i * 3),
		    .rflags = (uint16_t)(i & 0x7f),
		    .exp = 0xfffffff0u + i % 16,
		    .cache_for = 0x01020304u + i};
	for (uint8_t count = 1; count <= EG_EGT_RECORDS_MAX; count++) {
		size_t len =
		    eg_egt_write_response(frame, EG_EGT_VERIFY_R, ID, EPOCH, answers, count);

		assert_int_equal(len, 24u + 12u * count);
		assert_int_equal(eg_egt_parse_response(eg_span(frame, len), &resp), 0);
		assert_int_equal(resp.type, EG_EGT_VERIFY_R);
		assert_int_equal(resp.count, count);
		assert_true(resp.request_id == ID && resp.epoch == EPOCH);
		for (unsigned i = 0; i < count; i++) {
			struct eg_egt_answer a = eg_egt_answer_at(&resp, i);

			assert_memory_equal(&a, &answers[i], sizeof(a));
		}
		for (size_t cut = 0; cut < len; cut++)
			assert_int_equal(
			    eg_egt_parse_response(eg_span(frame, cut), &resp), -EG_EINVAL);
	}
}

static void responses_with_claims_are_checked(void **state)
{
	struct eg_egt_answer answers[2] = {{.rflags = EG_RFLAG_CLAIMS}, {.rflags = 0}};
	uint8_t frame[128] = {0};
	struct eg_egt_response resp;
	size_t len = eg_egt_write_response(frame, EG_EGT_VERIFY_R, ID, EPOCH, answers, 2);

	assert_int_equal(eg_egt_parse_response(eg_span(frame, len), &resp), -EG_EINVAL);
	eg_store_be16(frame + len, 5);
	eg_store_be16(frame + 6, (uint16_t)(len + 7));
	assert_int_equal(eg_egt_parse_response(eg_span(frame, len + 7), &resp), 0);
	assert_int_equal(resp.body.len, 24);
	eg_store_be16(frame + len, 4);
	assert_int_equal(eg_egt_parse_response(eg_span(frame, len + 7), &resp), -EG_EINVAL);
	eg_store_be16(frame + len, 6);
	assert_int_equal(eg_egt_parse_response(eg_span(frame, len + 7), &resp), -EG_EINVAL);
}

/* A request is never taken for a response, nor a response for a request. */
static void directions_do_not_mix(void **state)
{
	struct eg_egt_answer answer = {.status = 1};
	struct eg_egt_response resp;
	struct frame *f = build(0, 1, 100, 0);

	assert_int_equal(eg_egt_parse_response(span_of(f), &resp), -EG_EINVAL);
	f->len = eg_egt_write_response(f->bytes, EG_EGT_VERIFY_R, ID, 0, &answer, 1);
	assert_int_equal(drop_of(f), EG_DROP_egt_type);
	for (unsigned flags = 1; flags < 256; flags++) {
		f->bytes[4] = (uint8_t)flags;
		assert_int_equal(eg_egt_parse_response(span_of(f), &resp), -EG_EINVAL);
	}
}

static void pong_round_trips_in_any_room(void **state)
{
	struct eg_egt_pong pong = {.ready = 1,
	    .steering = 1,
	    .shards = 64,
	    .base_port = 25519,
	    .utc_s = 1700000000,
	    .version = eg_span_str("0.1.0")};
	uint8_t frame[256];

	for (size_t room = 0; room <= sizeof(frame); room++) {
		size_t len = eg_egt_write_pong(frame, room, ID, EPOCH, &pong);
		struct eg_egt_response resp;
		struct eg_egt_pong got;

		assert_int_equal(len, room < 40 ? 0 : room < 47 ? 40 : 47);
		if (len == 0)
			continue;
		assert_int_equal(eg_egt_parse_response(eg_span(frame, len), &resp), 0);
		assert_int_equal(eg_egt_parse_pong(&resp, &got), 0);
		assert_int_equal(got.ready, 1);
		assert_int_equal(got.steering, 1);
		assert_int_equal(got.shards, 64);
		assert_int_equal(got.base_port, 25519);
		assert_true(got.utc_s == 1700000000);
		assert_true(eg_span_eq_str(got.version, len == 47 ? "0.1.0" : ""));
	}
}

static void pong_skips_unknown_fields_and_refuses_broken_ones(void **state)
{
	struct eg_egt_pong pong = {.ready = 1}, got;
	struct eg_egt_response resp;
	uint8_t frame[256];
	size_t len = eg_egt_write_pong(frame, 40, ID, EPOCH, &pong);
	static const uint8_t tlvs[] = {77, 2, 9, 9, 1, 1, 'x'};

	memcpy(frame + len, tlvs, sizeof(tlvs));
	for (size_t n = 0; n <= sizeof(tlvs); n++) {
		bool whole = n == 0 || n == 4 || n == 7;

		eg_store_be16(frame + 6, (uint16_t)(len + n));
		assert_int_equal(eg_egt_parse_response(eg_span(frame, len + n), &resp), 0);
		assert_int_equal(eg_egt_parse_pong(&resp, &got), whole ? 0 : -EG_EINVAL);
	}
	assert_true(eg_span_eq_str(got.version, "x"));
	frame[len + 4] = 1;
	frame[len + 5] = 64; /* a version of 64 bytes: one too many */
	memset(frame + len + 6, 'v', 64);
	eg_store_be16(frame + 6, (uint16_t)(len + 70));
	assert_int_equal(eg_egt_parse_response(eg_span(frame, len + 70), &resp), 0);
	assert_int_equal(eg_egt_parse_pong(&resp, &got), -EG_EINVAL);
}

static void writer_refuses_what_does_not_fit(void **state)
{
	uint8_t small[64];
	struct eg_writer w = eg_writer(small, sizeof(small));
	struct eg_egt_record r = {.token = eg_span(the_frame.bytes, 41)};

	eg_egt_begin_request(&w, EG_EGT_VERIFY, 0, 1, ID, 0);
	eg_egt_put_record(&w, &r);
	assert_int_equal(eg_egt_finish_request(&w, small, 1), 0);

	w = eg_writer(small, sizeof(small));
	eg_egt_begin_request(&w, EG_EGT_VERIFY, 0, 1, ID, 0);
	r.token.len = 40;
	eg_egt_put_record(&w, &r);
	assert_int_equal(eg_egt_finish_request(&w, small, 1), 64);

	w = eg_writer(small, 35); /* one byte short of the padding */
	eg_egt_begin_request(&w, EG_EGT_VERIFY, 0, 1, ID, 0);
	r.token.len = 0;
	eg_egt_put_record(&w, &r);
	assert_int_equal(eg_egt_finish_request(&w, small, 1), 0);

	w = eg_writer(the_frame.bytes, sizeof(the_frame.bytes));
	r.token.len = 65536; /* does not go into its length field */
	eg_egt_put_record(&w, &r);
	assert_true(w.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(header_is_laid_out_as_documented),
	    cmocka_unit_test(requests_round_trip),
	    cmocka_unit_test(every_named_drop_is_reached),
	    cmocka_unit_test(flags_are_checked_by_type),
	    cmocka_unit_test(length_must_be_the_payloads),
	    cmocka_unit_test(short_requests_would_amplify),
	    cmocka_unit_test(min_epoch_needs_its_bytes),
	    cmocka_unit_test(ping_holds_one_empty_record),
	    cmocka_unit_test(other_versions_get_one_record),
	    cmocka_unit_test(any_byte_may_be_anything),
	    cmocka_unit_test(any_prefix_is_read_within_its_bounds),
	    cmocka_unit_test(responses_round_trip),
	    cmocka_unit_test(responses_with_claims_are_checked),
	    cmocka_unit_test(directions_do_not_mix),
	    cmocka_unit_test(pong_round_trips_in_any_room),
	    cmocka_unit_test(pong_skips_unknown_fields_and_refuses_broken_ones),
	    cmocka_unit_test(writer_refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
