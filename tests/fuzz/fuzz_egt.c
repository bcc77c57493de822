/* SPDX-License-Identifier: BSD-3-Clause */
/* The parser of EGT requests: input = a UDP payload. */
#include "fuzz.h"

#include "eg_egt.h"

struct outcome {
	enum eg_drop drop;
	struct eg_egt_request req;
};

static struct outcome parse(struct eg_span payload)
{
	struct outcome o = {.req = {0}};

	o.drop = eg_egt_parse_request(payload, &o.req);
	return o;
}

/* Walks the records: as many as counted, gapless, to the end. Writing them gives what was read. */
static void check_records(struct eg_span payload, const struct eg_egt_request *req)
{
	uint8_t *again = malloc(payload.len);
	struct eg_writer w = eg_writer(again, payload.len);
	struct eg_span rest = req->records;

	FUZZ_CHECK(again != NULL);
	eg_egt_begin_request(
	    &w, req->type, req->flags, req->count, req->request_id, req->min_epoch);
	for (unsigned i = 0; i < req->count; i++) {
		struct eg_egt_record record = eg_egt_next_record(&rest);

		FUZZ_CHECK(record.fmt <= EG_FMT_PASETO);
		FUZZ_CHECK(req->type == EG_EGT_VERIFY || record.token.len == 0);
		eg_egt_put_record(&w, &record);
	}
	FUZZ_CHECK(rest.len == 0);
	eg_egt_pad_request(&w, again, payload.len);
	FUZZ_CHECK(eg_egt_finish_request(&w, again, req->count) == payload.len);
	FUZZ_CHECK(memcmp(again, payload.ptr, payload.len) == 0);
	free(again);
}

/* What answers it: never longer, and its parser takes it. */
static void check_answer(size_t room, const struct eg_egt_request *req)
{
	static const struct eg_egt_answer answers[EG_EGT_RECORDS_MAX];
	const struct eg_egt_pong pong = {.ready = 1, .version = eg_span_str("0.1.0")};
	uint8_t *frame = malloc(room);
	struct eg_egt_response resp;
	size_t len;

	FUZZ_CHECK(frame != NULL);
	if (req->type == EG_EGT_PING)
		len = eg_egt_write_pong(frame, room, req->request_id, 7, &pong);
	else
		len = eg_egt_write_response(
		    frame, EG_EGT_VERIFY_R, req->request_id, 7, answers, req->count);
	FUZZ_CHECK(len != 0 && len <= room);
	FUZZ_CHECK(eg_egt_parse_response(eg_span(frame, len), &resp) == 0);
	FUZZ_CHECK(resp.request_id == req->request_id && resp.count == req->count);
	FUZZ_CHECK(eg_egt_parse_request(eg_span(frame, len), &(struct eg_egt_request){0}) !=
	           EG_DROP_COUNT);
	free(frame);
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
	FUZZ_CHECK(a->drop == b->drop);
	if (a->drop != EG_DROP_COUNT)
		return;
	FUZZ_CHECK(a->req.type == b->req.type && a->req.flags == b->req.flags);
	FUZZ_CHECK(a->req.count == b->req.count && a->req.bad_version == b->req.bad_version);
	FUZZ_CHECK(a->req.min_epoch == b->req.min_epoch);
	FUZZ_CHECK(a->req.records.len == b->req.records.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_copy at0 = fuzz_copy(eg_span(data, size), 0);
	struct fuzz_copy at5 = fuzz_copy(eg_span(data, size), 5);
	struct outcome a = parse(at0.span), b = parse(at5.span);

	check_same(&a, &b);
	if (a.drop != EG_DROP_COUNT)
		fuzz_mark("drop", eg_drop_name(a.drop));
	else
		fuzz_mark("request", a.req.bad_version           ? "bad_version"
		                     : a.req.type == EG_EGT_PING ? "ping"
		                                                 : "verify");
	if (a.drop == EG_DROP_COUNT) {
		FUZZ_CHECK(a.req.count >= 1 && a.req.count <= EG_EGT_RECORDS_MAX);
		if (!a.req.bad_version && size <= EG_EGT_DATAGRAM_MAX)
			check_records(at0.span, &a.req);
		check_answer(size, &a.req);
	}
	fuzz_copy_free(&at0);
	fuzz_copy_free(&at5);
	return 0;
}
