/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole way of packets, Ethernet to reply. Input: a byte of set-up, then steps, each an opcode
 * and its operands: packets of several makes, turns, steps of the clock, changes by mail.
 *
 * The input is run twice, with its packets at other addresses and with other bytes around them: the
 * answers must be the same. fuzz_world.c checks what must hold in every turn.
 */
#include "fuzz_mint.h"

#include "fuzz_frames.h"
#include "parse.h"

#include <sodium.h>
#include <stdio.h>

#define STEPS_MAX   96u
#define RECORDS_MAX 8u
#define FRAME_MAX   2048u
#define DENIABLE    "d1" /* jti of a token of the pool that steps may deny */

enum step {
	STEP_FRAME,    /* u8 fix, u8 flags, bytes: a frame */
	STEP_DATAGRAM, /* u8 flags, bytes: a UDP payload alone */
	STEP_UDP,      /* u8 make, bytes: a UDP payload behind headers that are right */
	STEP_VERIFY,   /* u8 make, u8 EGT flags, records: a request that is right */
	STEP_TURN,     /* u8: how many answers the port takes */
	STEP_IDLE,     /* turns until nothing is in flight */
	STEP_CLOCK,    /* u8 n, u8 shift: n << shift µs forward */
	STEP_UTC,      /* u8: the host's clock is set by -128 … 127 s */
	STEP_DENY,     /* u8: the deniable token, or one of that name, is denied */
	STEP_SNAPSHOT, /* the snapshot by mail */
	STEP_ENGINE,   /* another engine by mail */
	STEP_CNT
};

/* Payloads of the pool: what a request that is right may carry without being spelled out. */
static const char *const pool_claims[] = {
    "",
    ",\"jti\":\"" DENIABLE "\"",
    ",\"jti\":\"denied\"",
    ",\"sub\":\"cut\",\"iat\":1799999990",
    ",\"status\":{\"status_list\":{\"idx\":1,\"uri\":\"" FUZZ_LIST "\"}}",
    ",\"status\":{\"status_list\":{\"idx\":2,\"uri\":\"" FUZZ_LIST "\"}}",
    ",\"cnf\":{\"jkt\":\"denied\"}",
    ",\"nbf\":1800000300",
};
#define POOL_CNT (sizeof(pool_claims) / sizeof(pool_claims[0]))

struct run {
	struct fuzz_world *w;
	size_t shift;
	unsigned tags;
	bool offload;
	uint32_t room; /* behind each packet: where less, an answer may have to be shorter */
	uint64_t epoch, deniable_from; /* epoch at which the deniable token is denied, or none */
	crypto_generichash_state digest;
};

static struct fuzz_token pool[POOL_CNT];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct eg_span header = eg_span_str("{\"alg\":\"EdDSA\",\"kid\":\"k1\"}");

	(void)argc;
	(void)argv;
	for (size_t i = 0; i < POOL_CNT; i++) {
		char claims[512];
		int n = snprintf(claims, sizeof(claims),
		    "{\"iss\":\"" FUZZ_ISS "\",\"aud\":\"" FUZZ_AUD "\",\"exp\":1800000200%s}",
		    pool_claims[i]);

		FUZZ_CHECK(fuzz_mint_jwt(
		    fuzz_world(), FUZZ_K1, header, eg_span(claims, (size_t)n), &pool[i]));
	}
	return 0;
}

/* ── answers ── */

static bool had_signature(const struct eg_egt_answer *a)
{
	return (a->rflags & (EG_RFLAG_SIG_CHECKED | EG_RFLAG_CACHED)) != 0;
}

static void check_record(const struct run *run, const struct eg_egt_record *record,
    const struct eg_egt_answer *a, uint64_t epoch)
{
	const struct eg_span deniable = eg_span(pool[1].bytes, pool[1].len);

	FUZZ_CHECK(eg_verdict_name(a->status) != NULL && a->status != EG_VERDICT_NONE);
	FUZZ_CHECK(eg_detail_name(a->detail) != NULL);
	if (a->status == EG_OK || a->status == EG_REVOKED || a->status == EG_SUSPENDED)
		FUZZ_CHECK(had_signature(a) && fuzz_is_minted(run->w, record->token));
	if (a->status == EG_MALFORMED || a->status == EG_UNKNOWN_KEY || a->status == EG_STALE)
		FUZZ_CHECK(!had_signature(a));
	if (run->deniable_from != 0 && epoch >= run->deniable_from &&
	    eg_span_eq(record->token, deniable))
		FUZZ_CHECK(a->status != EG_OK);
	fuzz_mark("verdict", eg_verdict_name(a->status));
}

static void check_response(struct run *run, struct eg_span asked, struct eg_span answer)
{
	struct eg_egt_response resp;
	struct eg_egt_request req;
	struct eg_span rest;

	FUZZ_CHECK(eg_egt_parse_request(asked, &req) == EG_DROP_COUNT);
	FUZZ_CHECK(answer.len <= asked.len);
	FUZZ_CHECK(eg_egt_parse_response(answer, &resp) == 0);
	FUZZ_CHECK(resp.request_id == req.request_id && resp.count == req.count);
	FUZZ_CHECK(resp.epoch <= run->epoch);
	FUZZ_CHECK(eg_egt_parse_request(answer, &(struct eg_egt_request){0}) != EG_DROP_COUNT);
	if (req.type == EG_EGT_PING || req.bad_version)
		return;
	FUZZ_CHECK(resp.type == EG_EGT_VERIFY_R);
	rest = req.records;
	for (unsigned i = 0; i < req.count; i++) {
		struct eg_egt_record record = eg_egt_next_record(&rest);
		struct eg_egt_answer a = eg_egt_answer_at(&resp, i);

		check_record(run, &record, &a, resp.epoch);
	}
}

/* The UDP payload that the pipeline found in what was asked. */
static struct eg_span payload_of(const struct run *run, const struct fuzz_lent *lent)
{
	struct fuzz_copy copy = fuzz_copy(lent->asked.span, 0);
	struct eg_packet pkt = {.data = copy.mem,
	    .len = (uint32_t)copy.span.len,
	    .room = (uint32_t)copy.span.len,
	    .flags = lent->asked_flags};
	struct eg_parsed parsed;

	eg_parse_packet(&run->w->netif, EG_EGT_DATAGRAM_MAX, &pkt, &parsed);
	fuzz_copy_free(&copy);
	FUZZ_CHECK(parsed.outcome == EG_PARSE_PAYLOAD);
	return eg_span(lent->asked.span.ptr + parsed.payload_off, parsed.payload_bytes);
}

static void answered(void *ctx, const struct eg_packet *pkt, const struct fuzz_lent *lent)
{
	struct run *run = ctx;
	const bool datagram = (lent->asked_flags & EG_PACKET_DATAGRAM) != 0;
	const size_t headers = datagram ? 0 : (size_t)pkt->l2_bytes + pkt->l3_bytes + 8;
	const uint32_t number = (uint32_t)(lent - run->w->lent);

	fuzz_mark("answer", eg_answer_name(pkt->answer));
	if (!datagram)
		FUZZ_CHECK(fuzz_frame_is_sound(eg_span(pkt->data, pkt->len), run->offload));
	if (pkt->answer == EG_ANSWER_answered_verify || pkt->answer == EG_ANSWER_answered_ping) {
		struct eg_span asked = payload_of(run, lent);
		struct eg_span answer = eg_span(pkt->data + headers, pkt->len - headers);

		if (!datagram) /* padding to the smallest frame follows */
			answer.len = eg_load_be16(answer.ptr - 4) - 8u;
		check_response(run, asked, answer);
	}
	(void)crypto_generichash_update(&run->digest, (const uint8_t *)&number, sizeof(number));
	(void)crypto_generichash_update(&run->digest, pkt->data, pkt->len);
}

/* ── steps ── */

static void deliver(struct run *run, struct eg_span bytes, uint32_t flags)
{
	fuzz_world_deliver(run->w, bytes, flags, run->room, run->shift);
}

static void step_frame(struct run *run, struct eg_reader *r)
{
	const unsigned fix = eg_read_u8(r);
	const uint32_t flags = eg_read_u8(r) & 0xfeu;
	struct fuzz_copy frame = fuzz_copy(fuzz_take16(r), 0);

	fuzz_fix_frame(frame.mem, frame.span.len, fix);
	deliver(run, frame.span, flags);
	fuzz_copy_free(&frame);
}

/* make: bit 0 with headers, bit 1 IPv6, bit 2 followed by padding. */
static void deliver_payload(struct run *run, uint8_t make, struct eg_span payload)
{
	uint8_t *frame;
	size_t len;

	if ((make & 1) == 0) {
		deliver(run, payload, EG_PACKET_DATAGRAM);
		return;
	}
	frame = calloc(1, payload.len + FUZZ_HEADERS_MAX + 64);
	FUZZ_CHECK(frame != NULL);
	len = fuzz_put_udp(frame, (make & 2) != 0, run->tags, payload);
	deliver(run, eg_span(frame, len + ((make & 4) != 0 ? 64 : 0)), 0);
	free(frame);
}

/* u8 kind: a token of the pool, the same with one byte changed, one minted of a payload, bytes. */
static void put_record(struct run *run, struct eg_reader *r, struct eg_writer *w)
{
	const uint8_t kind = eg_read_u8(r), policy = eg_read_u8(r);
	struct fuzz_token token = pool[kind / 8 % POOL_CNT];
	struct eg_egt_record record = {.fmt = kind & 3, .policy_id = policy % (FUZZ_POLICIES + 2u)};

	record.token = eg_span(token.bytes, token.len);
	if ((kind & 0xc4) == 0x44)
		token.bytes[eg_read_be16(r) % token.len] ^= eg_read_u8(r);
	else if ((kind & 0xc4) == 0x84 &&
	         fuzz_mint_jwt(run->w, kind / 8 % FUZZ_KEYS,
	             eg_span_str("{\"alg\":\"EdDSA\",\"kid\":\"k1\"}"), fuzz_take16(r), &token))
		record.token = eg_span(token.bytes, token.len);
	else if ((kind & 0xc4) == 0xc4)
		record.token = fuzz_take16(r);
	eg_egt_put_record(w, &record);
}

static void step_verify(struct run *run, struct eg_reader *r)
{
	static uint8_t frame[EG_EGT_DATAGRAM_MAX];
	struct eg_writer w = eg_writer(frame, sizeof(frame));
	const uint8_t make = eg_read_u8(r), flags = eg_read_u8(r);
	const uint8_t count = make / 16 % RECORDS_MAX + 1;
	uint64_t min_epoch = flags & EG_EGT_MIN_EPOCH ? FUZZ_EPOCH + eg_read_u8(r) : 0;
	size_t len;

	eg_egt_begin_request(&w, EG_EGT_VERIFY, flags & 0x1e, count, r->left, min_epoch);
	for (uint8_t i = 0; i < count; i++)
		put_record(run, r, &w);
	len = eg_egt_finish_request(&w, frame, count);
	if (len != 0)
		deliver_payload(run, make, eg_span(frame, len));
}

static void step_clock(struct run *run, struct eg_reader *r)
{
	const uint64_t n = eg_read_u8(r);

	run->w->now_ns += (n << eg_read_u8(r) % 24) * 1000;
}

static void step_utc(struct run *run, struct eg_reader *r)
{
	const int64_t step_s = (int8_t)eg_read_u8(r);

	(void)eg_utc_publish(&run->w->utc, run->w->now_ns,
	    (int64_t)run->w->now_ns + atomic_load(&run->w->utc.offset_ns) + step_s * EG_NS_PER_S);
}

static void step_deny(struct run *run, struct eg_reader *r)
{
	const uint8_t which = eg_read_u8(r);
	const struct eg_span jti = which % 2 == 0 ? eg_span_str(DENIABLE) : fuzz_take8(r);

	fuzz_world_deny(run->w, jti, ++run->epoch);
	if (run->deniable_from == 0 && eg_span_eq_str(jti, DENIABLE))
		run->deniable_from = run->epoch;
}

static void mail_snapshot(struct run *run)
{
	const struct eg_mail mail = {.kind = EG_MAIL_SNAPSHOT, .snapshot = run->w->snapshot};

	fuzz_world_mail(run->w, &mail);
}

static void take_step(struct run *run, struct eg_reader *r)
{
	uint32_t flags;

	switch ((enum step)(eg_read_u8(r) % STEP_CNT)) {
	case STEP_FRAME:
		step_frame(run, r);
		return;
	case STEP_DATAGRAM:
		flags = eg_read_u8(r) | EG_PACKET_DATAGRAM;
		deliver(run, fuzz_take16(r), flags);
		return;
	case STEP_UDP:
		flags = eg_read_u8(r);
		deliver_payload(run, (uint8_t)flags, fuzz_take16(r));
		return;
	case STEP_VERIFY:
		step_verify(run, r);
		return;
	case STEP_TURN:
		fuzz_world_turn(run->w, eg_read_u8(r));
		return;
	case STEP_IDLE:
		fuzz_world_turn(run->w, UINT32_MAX);
		fuzz_world_turn(run->w, UINT32_MAX);
		return;
	case STEP_CLOCK:
		step_clock(run, r);
		return;
	case STEP_UTC:
		step_utc(run, r);
		return;
	case STEP_DENY:
		step_deny(run, r);
		return;
	case STEP_SNAPSHOT:
		mail_snapshot(run);
		return;
	case STEP_ENGINE:
		fuzz_world_fall_back(run->w);
		return;
	case STEP_CNT:
		return;
	}
}

static void mark_drops(const struct fuzz_world *w)
{
	for (unsigned i = 0; i < EG_DROP_COUNT; i++)
		if (eg_count_read(&w->stats.core->drop[i]) != 0)
			fuzz_mark("drop", eg_drop_name(i));
	for (unsigned i = 0; i < EG_COUNTER_COUNT; i++)
		if (eg_count_read(&w->stats.core->counter[i]) != 0)
			fuzz_mark("counter", eg_counter_name(i));
}

/* The answers, in order, and every counter, as one value. */
static void run_once(struct eg_span input, size_t shift, uint8_t out[crypto_generichash_BYTES])
{
	struct eg_reader r = eg_reader(input);
	const uint8_t b = eg_read_u8(&r);
	const struct fuzz_setup setup = {.tagged = b & 1,
	    .qinq = b & 2,
	    .offload = b & 4,
	    .no_snapshot = (b & 0xf8) == 0xf8,
	    .not_ready = (b & 0xf8) == 0xf0,
	    .sampled = b & 4,
	    .cached = true,
	    .lanes = 1u << (b >> 3 & 3),
	    .deadline_ns = b & 0x20 ? 20000 : 0,
	    .datagram_max = b & 0x40 ? EG_EGT_DATAGRAM_BYTES : 0};
	struct run run = {.w = fuzz_world(),
	    .shift = shift,
	    .tags = (b & 1) == 0   ? 0
	            : (b & 2) == 0 ? 1
	                           : 2,
	    .offload = b & 4,
	    .room = b & 0x80 ? 8 : 0,
	    .epoch = FUZZ_EPOCH};

	(void)crypto_generichash_init(&run.digest, NULL, 0, crypto_generichash_BYTES);
	run.w->answered = answered;
	run.w->ctx = &run;
	fuzz_world_start(run.w, &setup);
	for (unsigned i = 0; i < STEPS_MAX && r.left > 0; i++)
		take_step(&run, &r);
	fuzz_world_stop(run.w);
	mark_drops(run.w);
	(void)crypto_generichash_update(
	    &run.digest, (const uint8_t *)run.w->stats.core, sizeof(*run.w->stats.core));
	(void)crypto_generichash_final(&run.digest, out, crypto_generichash_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t a[crypto_generichash_BYTES], b[crypto_generichash_BYTES];

	run_once(eg_span(data, size), 0, a);
	run_once(eg_span(data, size), 3, b);
	FUZZ_CHECK(memcmp(a, b, sizeof(a)) == 0);
	return 0;
}
