/* SPDX-License-Identifier: BSD-3-Clause */
/* Traces: what a worker notes of packets, what control tells of it, and how that travels. */
#include "eg_test.h"

#include "eg_trace_wire.h"
#include "world.h"

#include <pthread.h>
#include <sched.h>

#define SESSION       7u
#define RX_CYCLES     70u
#define ENGINE_CYCLES 1000u
#define NEVER_NS      UINT64_MAX
#define PACKET_MAX    4096u
#define RACE_PACKETS  20000u
/* version, kind, worker, lost, ticks_hz, utc_ns, dropped */
#define MESSAGE_DATAGRAM_AT (1 + 1 + 4 + 8 + 8 + 8 + 1)

static const struct eg_trace_filter any = {EG_TRACE_ANY, 0};
static const struct eg_trace_filter expired = {EG_TRACE_VERDICT, EG_EXPIRED};
static const struct eg_netif netif = {
    .mac = {2, 0, 0, 0, 0, 1},
    .base_port = EG_EGT_PORT,
    .ip4_cnt = 1,
    .ip4 = {{.addr = {10, 0, 0, 1}, .prefix_bits = 24}},
};

static uint64_t counter;

static uint64_t read_counter(void)
{
	return ++counter;
}

static void verify(const struct eg_ed25519_job jobs[], unsigned cnt, bool ok[])
{
	(void)jobs;
	memset(ok, true, cnt);
	counter += (uint64_t)cnt * ENGINE_CYCLES;
}

static const struct eg_ed25519_impl engine = {.name = "fake", .lanes = 4, .verify = verify};

static void adjust(struct world *w)
{
	w->ticks = read_counter;
	w->traced = true;
}

static struct world *new_world(void)
{
	counter = 1000;
	return world_new(1, &engine, NEVER_NS, adjust);
}

static struct eg_trace *trace_of(struct world *w)
{
	return w->cores[0].trace;
}

static struct world_token expired_token(const struct world *w)
{
	char payload[256];

	(void)snprintf(payload, sizeof(payload),
	    "{\"iss\":\"" WORLD_ISS "\",\"aud\":\"" WORLD_AUD "\",\"exp\":%llu}", WORLD_NOW_S - 1);
	return world_sign(w, 0, "{\"alg\":\"EdDSA\",\"kid\":\"k1\"}", payload);
}

static void send(struct world *w, const struct world_token *token, uint32_t policy_id)
{
	struct eg_egt_record record = world_record(token, policy_id);

	(void)world_send(w, 0, 0, &record, 1);
}

static void ask(struct world *w, const struct world_token *token)
{
	send(w, token, 0);
	world_turn(w);
	world_idle(w);
}

static unsigned drain(struct world *w)
{
	unsigned cnt = 0;

	for (; eg_trace_peek(trace_of(w)) != NULL; cnt++)
		eg_trace_drop(trace_of(w));
	return cnt;
}

static uint64_t sum_of(const uint64_t cycles[EG_STAGE_COUNT])
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		sum += cycles[i];
	return sum;
}

/* ── what is noted ── */

static void nothing_while_none_is_ordered(void **state)
{
	struct world *w = new_world();
	struct world_token good = world_good(w, "");

	ask(w, &good);
	assert_null(eg_trace_peek(trace_of(w)));
	eg_trace_start(trace_of(w), SESSION, any);
	ask(w, &good);
	eg_trace_stop(trace_of(w));
	ask(w, &good);
	ask(w, &good);
	assert_int_equal(drain(w), 1);
	assert_int_equal(world_counter(w, EG_COUNTER_traced), 1);
	assert_int_equal(world_counter(w, EG_COUNTER_trace_lost), 0);
	world_free(w);
}

static void times_add_up_from_rx_to_tx(void **state)
{
	struct world *w = new_world();
	struct world_token good = world_good(w, "");
	const struct eg_trace_entry *entry;
	uint64_t before;

	eg_trace_start(trace_of(w), SESSION, any);
	world_idle(w);
	before = counter;
	send(w, &good, 0);
	counter += RX_CYCLES;
	world_turn(w); /* into the queue */
	send(w, &good, 0);
	world_turn(w); /* another joins it */
	world_idle(w); /* the queue is run dry */
	entry = eg_trace_peek(trace_of(w));
	assert_non_null(entry);
	assert_int_equal(entry->session, SESSION);
	assert_int_equal(entry->turns, 3);
	assert_int_equal(
	    sum_of(entry->cycles), counter - before - 1); /* what the trace took then */
	assert_int_equal(entry->cycles[EG_STAGE_rx], RX_CYCLES + 1 + 1);
	assert_int_equal(entry->cycles[EG_STAGE_signature], 2 * ENGINE_CYCLES + 1);
	eg_trace_drop(trace_of(w));
	entry = eg_trace_peek(trace_of(w));
	assert_int_equal(entry->turns, 2);
	assert_int_equal(entry->cycles[EG_STAGE_rx], 1);
	assert_int_equal(entry->utc_ns, WORLD_NOW_S * EG_NS_PER_S);
	world_free(w);
}

static void only_what_passes_the_filter(void **state)
{
	struct world *w = new_world();
	struct world_token good = world_good(w, ""), old = expired_token(w);
	struct eg_packet junk;

	eg_trace_start(trace_of(w), SESSION, expired);
	for (unsigned i = 0; i < 6; i++) {
		ask(w, &good);
		ask(w, &old);
	}
	assert_int_equal(drain(w), 6);
	eg_trace_start(
	    trace_of(w), SESSION + 1, (struct eg_trace_filter){EG_TRACE_DROP, EG_DROP_egt_short});
	ask(w, &old);
	junk = world_packet(w, 3);
	world_deliver(w, junk);
	world_turn(w);
	assert_true(eg_trace_peek(trace_of(w))->dropped);
	assert_int_equal(eg_trace_peek(trace_of(w))->number, EG_DROP_egt_short);
	assert_int_equal(eg_trace_peek(trace_of(w))->reply_kept, 0);
	assert_int_equal(drain(w), 1);
	world_free(w);
}

static void one_record_of_a_frame_is_enough(void **state)
{
	struct world *w = new_world();
	struct world_token good = world_good(w, ""), old = expired_token(w);
	struct eg_egt_record records[] = {world_record(&good, 0), world_record(&good, 0),
	    world_record(&old, 0), world_record(&good, 0)};

	eg_trace_start(trace_of(w), SESSION, expired);
	(void)world_send(w, 0, 0, records, 4);
	(void)world_send(w, 0, 0, records, 2);
	world_turn(w);
	world_idle(w);
	assert_int_equal(drain(w), 1);
	world_free(w);
}

static void what_the_port_refuses_is_a_drop(void **state)
{
	struct world *w = new_world();
	struct world_token good = world_good(w, "");

	eg_trace_start(
	    trace_of(w), SESSION, (struct eg_trace_filter){EG_TRACE_DROP, EG_DROP_tx_full});
	for (unsigned i = 0; i < 3; i++)
		send(w, &good, 0);
	world_turn(w);
	w->tx_max = 1;
	world_idle(w);
	assert_int_equal(drain(w), 2);
	world_free(w);
}

static void more_than_there_is_room_for_is_counted(void **state)
{
	struct world *w = new_world();
	struct world_token good = world_good(w, "");

	eg_trace_start(trace_of(w), SESSION, any);
	for (unsigned i = 0; i < 3 * EG_BURST_MAX; i++) {
		send(w, &good, 0);
		if (i % EG_BURST_MAX == EG_BURST_MAX - 1)
			world_turn(w);
	}
	world_idle(w);
	assert_int_equal(world_counter(w, EG_COUNTER_traced), EG_TRACE_ENTRIES);
	assert_int_equal(
	    world_counter(w, EG_COUNTER_trace_lost), 3 * EG_BURST_MAX - EG_TRACE_ENTRIES);
	assert_int_equal(drain(w), EG_TRACE_ENTRIES);
	ask(w, &good);
	assert_int_equal(drain(w), 1);
	world_free(w);
}

static void a_new_order_forgets_what_was_watched(void **state)
{
	struct world *w = new_world();
	struct world_token good = world_good(w, "");

	eg_trace_start(trace_of(w), SESSION, any);
	send(w, &good, 0);
	world_turn(w);
	eg_trace_start(trace_of(w), SESSION + 1, any);
	world_idle(w);
	assert_null(eg_trace_peek(trace_of(w)));
	ask(w, &good);
	assert_int_equal(eg_trace_peek(trace_of(w))->session, SESSION + 1);
	world_free(w);
}

/* ── what is told ── */

static struct eg_traced read_next(struct world *w, bool with_tokens)
{
	struct eg_traced traced;

	assert_non_null(eg_trace_peek(trace_of(w)));
	eg_trace_read(eg_trace_peek(trace_of(w)), &netif, WORLD_ROOM, with_tokens, &traced);
	return traced;
}

static bool contains(struct eg_span in, const char *text, size_t len)
{
	for (size_t i = 0; i + len <= in.len; i++)
		if (memcmp(in.ptr + i, text, len) == 0)
			return true;
	return false;
}

/* No piece of the token of 12 characters. */
static void assert_hidden(struct eg_span in, const struct world_token *token)
{
	for (size_t i = 0; i + 12 <= token->len; i++)
		assert_false(contains(in, token->text + i, 12));
}

static void records_are_told_and_tokens_are_not(void **state)
{
	struct world *w = new_world();
	struct world_token good = world_good(w, ""), old = expired_token(w);
	struct eg_egt_record records[] = {world_record(&good, WORLD_STRICT), world_record(&old, 0)};
	struct eg_traced t;

	eg_trace_start(trace_of(w), SESSION, any);
	(void)world_send(w, 0, 0, records, 2);
	world_turn(w);
	world_idle(w);
	t = read_next(w, true);
	assert_true(
	    contains(t.request, good.text, good.len) && contains(t.request, old.text, old.len));
	t = read_next(w, false);
	assert_hidden(t.request, &good);
	assert_hidden(t.request, &old);
	assert_int_equal(t.request.len, t.request_bytes);
	assert_int_equal(t.reply.len, EG_EGT_RESPONSE_BYTES(2));
	assert_true(!t.dropped && t.datagram && t.number == EG_ANSWER_answered_verify);
	assert_int_equal(t.record_cnt, 2);
	assert_int_equal(t.record[0].status, EG_OK);
	assert_int_equal(t.record[0].policy_id, WORLD_STRICT);
	assert_int_equal(t.record[0].fmt, EG_FMT_JWT);
	assert_int_equal(t.record[0].token_bytes, good.len);
	assert_true(t.record[0].rflags & EG_RFLAG_SIG_CHECKED);
	assert_int_equal(t.record[1].status, EG_EXPIRED);
	assert_int_equal(t.record[1].token_bytes, old.len);
	world_free(w);
}

/* A drop may hold a token anywhere: of a frame that is right but for one byte. */
static void what_was_dropped_is_hidden_too(void **state)
{
	struct world *w = new_world();
	struct world_token good = world_good(w, "");
	struct eg_egt_record record = world_record(&good, 0);
	struct eg_traced t;

	eg_trace_start(trace_of(w), SESSION, any);
	(void)world_send(w, 0, 0, &record, 1);
	w->cores[0].rx[0].data[4] ^= 0x80; /* an unknown flag */
	world_turn(w);
	t = read_next(w, false);
	assert_true(t.dropped && t.number == EG_DROP_egt_flags && t.record_cnt == 0);
	assert_hidden(t.request, &good);
	assert_int_equal(t.request.ptr[0], 0xe6);
	eg_trace_drop(trace_of(w));
	world_deliver(w, world_packet(w, good.len)); /* the token alone, by somebody who errs */
	memcpy(w->cores[0].rx[0].data, good.text, good.len);
	world_turn(w);
	t = read_next(w, false);
	assert_true(t.dropped && t.number == EG_DROP_egt_magic);
	assert_int_equal(t.request.ptr[0], 'x');
	assert_hidden(t.request, &good);
	world_free(w);
}

static struct eg_packet ethernet(struct world *w, const struct world_token *token, size_t padding)
{
	struct eg_packet pkt = world_packet(w, 0);
	uint8_t *ip = pkt.data + 14, *udp = ip + 20;
	struct eg_writer writer = eg_writer(udp + 8, WORLD_ROOM - 42);
	struct eg_egt_record record = world_record(token, 0);
	size_t bytes;

	eg_egt_begin_request(&writer, EG_EGT_VERIFY, 0, 1, 77, 0);
	eg_egt_put_record(&writer, &record);
	bytes = eg_egt_finish_request(&writer, udp + 8, 1);
	memset(pkt.data, 0, 42);
	memcpy(pkt.data, netif.mac, 6);
	pkt.data[6] = 2, pkt.data[12] = 8;
	ip[0] = 0x45;
	eg_store_be16(ip + 2, (uint16_t)(28 + bytes));
	ip[8] = 64, ip[9] = 17;
	memcpy(ip + 12, (uint8_t[]){10, 0, 0, 2, 10, 0, 0, 1}, 8);
	eg_store_be16(udp, 5000);
	eg_store_be16(udp + 2, EG_EGT_PORT);
	eg_store_be16(udp + 4, (uint16_t)(8 + bytes));
	memcpy(udp + 8 + bytes, token->text, padding);
	pkt.len = (uint32_t)(42 + bytes + padding);
	pkt.flags = EG_PACKET_IP_CKSUM_GOOD | EG_PACKET_L4_CKSUM_GOOD;
	((struct world_buffer *)pkt.handle)->request_bytes = pkt.len;
	return pkt;
}

static void frames_are_read_with_their_headers(void **state)
{
	struct world *w = new_world();
	struct world_token good = world_good(w, "");
	struct eg_packet pkt;
	struct eg_traced t;

	eg_trace_start(trace_of(w), SESSION, (struct eg_trace_filter){EG_TRACE_VERDICT, EG_OK});
	world_deliver(w, ethernet(w, &good, 0));
	world_deliver(w, ethernet(w, &good, 40)); /* more of it behind the datagram */
	world_turn(w);
	world_idle(w);
	for (unsigned i = 0; i < 2; i++) {
		t = read_next(w, false);
		assert_false(t.datagram);
		assert_int_equal(t.record_cnt, 1);
		assert_int_equal(t.record[0].status, EG_OK);
		assert_int_equal(t.reply.len, 42 + EG_EGT_RESPONSE_BYTES(1));
		assert_hidden(t.request, &good);
		eg_trace_drop(trace_of(w));
	}
	eg_trace_start(trace_of(w), SESSION, any);
	pkt = ethernet(w, &good, 0);
	pkt.data[14 + 8] = 0; /* TTL: the checksum is wrong now */
	pkt.flags = EG_PACKET_IP_CKSUM_BAD;
	world_deliver(w, pkt);
	world_turn(w);
	t = read_next(w, false);
	assert_true(t.dropped && t.number == EG_DROP_ip4_checksum);
	assert_hidden(t.request, &good);
	world_free(w);
}

/* ── how it travels ── */

static void an_ask_is_read_back(void **state)
{
	const struct eg_trace_ask asks[] = {{0, any}, {EG_TRACE_WITH_PACKETS, expired},
	    {EG_TRACE_WITH_PACKETS | EG_TRACE_WITH_TOKENS, {EG_TRACE_DROP, EG_DROP_COUNT - 1}}};
	uint8_t bytes[EG_TRACE_ASK_BYTES + 1];
	struct eg_trace_ask ask;

	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		eg_trace_write_ask(bytes, &asks[i]);
		assert_true(eg_trace_parse_ask(eg_span(bytes, EG_TRACE_ASK_BYTES), &ask));
		assert_memory_equal(&ask, &asks[i], sizeof(ask));
		assert_false(eg_trace_parse_ask(eg_span(bytes, EG_TRACE_ASK_BYTES - 1), &ask));
		assert_false(eg_trace_parse_ask(eg_span(bytes, EG_TRACE_ASK_BYTES + 1), &ask));
	}
}

static void what_is_no_ask_is_refused(void **state)
{
	static const uint8_t wrong[][EG_TRACE_ASK_BYTES] = {
	    {'E', 'G', 'T', 'X', 1, 0, 0, 0},
	    {'E', 'G', 'T', 'R', 2, 0, 0, 0},
	    {'E', 'G', 'T', 'R', 1, 4, 0, 0},
	    {'E', 'G', 'T', 'R', 1, 0, 3, 0},
	    {'E', 'G', 'T', 'R', 1, 0, EG_TRACE_ANY, 1},
	    {'E', 'G', 'T', 'R', 1, 0, EG_TRACE_VERDICT, 0},
	    {'E', 'G', 'T', 'R', 1, 0, EG_TRACE_VERDICT, 63},
	    {'E', 'G', 'T', 'R', 1, 0, EG_TRACE_DROP, EG_DROP_COUNT},
	};
	struct eg_trace_ask ask;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(eg_trace_parse_ask(eg_span(wrong[i], EG_TRACE_ASK_BYTES), &ask));
	assert_false(eg_trace_parse_ask(eg_span_str("poke"), &ask));
	assert_false(eg_trace_parse_ask(eg_span(NULL, 0), &ask));
}

static struct eg_trace_message some_packet(void)
{
	struct eg_trace_message m = {.kind = EG_TRACE_PACKET};
	struct eg_traced *t = &m.packet;

	*t = (struct eg_traced){.worker = 3,
	    .lost = 1ull << 40,
	    .ticks_hz = 3000000000u,
	    .utc_ns = WORLD_NOW_S * EG_NS_PER_S,
	    .datagram = true,
	    .number = EG_ANSWER_answered_verify,
	    .base_port = EG_EGT_PORT,
	    .burst = 32,
	    .turns = 5,
	    .request_bytes = 9000,
	    .reply_bytes = 60,
	    .request = eg_span_str("request"),
	    .reply = eg_span_str("reply"),
	    .record_cnt = 2,
	    .record = {
	        {213, EG_FMT_JWT, EG_OK, 0, 1, 0}, {99, EG_FMT_CWT, EG_REVOKED, 8, 0x81, 70000}}};
	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		t->cycles[i] = 1000u << i;
	return m;
}

static void a_message_is_read_back(void **state)
{
	struct eg_trace_message out = some_packet(), in;
	uint8_t bytes[EG_TRACE_MESSAGE_BYTES(64)];
	size_t len = eg_trace_write_message(bytes, sizeof(bytes), &out);

	assert_true(len > 0);
	assert_true(eg_trace_parse_message(eg_span(bytes, len), &in));
	assert_true(eg_span_eq(in.packet.request, out.packet.request));
	assert_true(eg_span_eq(in.packet.reply, out.packet.reply));
	assert_memory_equal(in.packet.cycles, out.packet.cycles, sizeof(in.packet.cycles));
	assert_int_equal(in.packet.lost, out.packet.lost);
	assert_int_equal(in.packet.turns, 5);
	assert_int_equal(in.packet.record_cnt, 2);
	assert_int_equal(in.packet.record[1].policy_id, 70000);
	assert_int_equal(in.packet.record[1].rflags, 0x81);
	for (size_t cut = 0; cut < len; cut++) {
		assert_false(eg_trace_parse_message(eg_span(bytes, cut), &in));
		assert_int_equal(eg_trace_write_message(bytes, cut, &out), 0);
	}
	out = (struct eg_trace_message){.kind = EG_TRACE_REFUSED, .text = eg_span_str("no")};
	len = eg_trace_write_message(bytes, sizeof(bytes), &out);
	assert_true(eg_trace_parse_message(eg_span(bytes, len), &in));
	assert_true(in.kind == EG_TRACE_REFUSED && eg_span_eq_str(in.text, "no"));
}

static void what_is_no_message_is_refused(void **state)
{
	struct eg_trace_message out = some_packet(), in;
	uint8_t bytes[EG_TRACE_MESSAGE_BYTES(64)];
	size_t len;

	out.packet.number = EG_ANSWER_COUNT;
	len = eg_trace_write_message(bytes, sizeof(bytes), &out);
	assert_false(eg_trace_parse_message(eg_span(bytes, len), &in));
	out.packet.number = EG_ANSWER_answered_verify;
	len = eg_trace_write_message(bytes, sizeof(bytes), &out);
	bytes[MESSAGE_DATAGRAM_AT] = 2;
	assert_false(eg_trace_parse_message(eg_span(bytes, len), &in));
	bytes[MESSAGE_DATAGRAM_AT] = 1;
	assert_true(eg_trace_parse_message(eg_span(bytes, len), &in));
	assert_false(eg_trace_parse_message(eg_span("\1\0", 2), &in));
	assert_false(eg_trace_parse_message(eg_span("\1\4", 2), &in));
	assert_false(eg_trace_parse_message(eg_span("\2\1", 2), &in));
	assert_false(eg_trace_parse_message(eg_span("\1\1\0", 3), &in));
	assert_true(eg_trace_parse_message(eg_span("\1\1", 2), &in));
}

static void the_longest_message_fits(void **state)
{
	static uint8_t packet[PACKET_MAX + EG_TRACE_REPLY_BYTES];
	static uint8_t bytes[EG_TRACE_MESSAGE_BYTES(PACKET_MAX)];
	struct eg_trace_message out = some_packet();

	out.packet.request = eg_span(packet, PACKET_MAX);
	out.packet.reply = eg_span(packet, EG_TRACE_REPLY_BYTES);
	out.packet.record_cnt = EG_EGT_RECORDS_MAX;
	assert_true(eg_trace_write_message(bytes, sizeof(bytes), &out) > 0);
}

/* ── a worker and control at once ── */

static atomic_bool over;

static void *serve(void *arg)
{
	struct world *w = arg;
	struct world_token good = world_good(w, ""), old = expired_token(w);

	for (unsigned i = 0; i < RACE_PACKETS && w->last_id + 2 < WORLD_REPLIES; i++) {
		send(w, i % 2 ? &good : &old, 0);
		world_turn(w);
		if (i % 16 == 0)
			sched_yield();
	}
	world_idle(w);
	atomic_store(&over, true);
	return NULL;
}

/* Entries are whole, of the filter, and of the newest session or older. */
static void a_worker_and_control_race(void **state)
{
	struct world *w = new_world();
	struct eg_trace *trace = trace_of(w);
	unsigned seen = 0;
	pthread_t worker;

	atomic_store(&over, false);
	eg_trace_start(trace, 1, expired);
	assert_int_equal(pthread_create(&worker, NULL, serve, w), 0);
	for (uint32_t session = 1; !atomic_load(&over) || eg_trace_peek(trace) != NULL;) {
		struct eg_trace_entry *entry = eg_trace_peek(trace);
		struct eg_traced traced;

		if (entry == NULL) {
			sched_yield();
			continue;
		}
		assert_in_range(entry->session, 1, session);
		eg_trace_read(entry, &netif, WORLD_ROOM, false, &traced);
		assert_int_equal(traced.record_cnt, 1);
		assert_int_equal(traced.record[0].status, EG_EXPIRED);
		eg_trace_drop(trace);
		if (++seen % 50 == 0)
			eg_trace_start(trace, ++session, expired);
	}
	assert_int_equal(pthread_join(worker, NULL), 0);
	assert_int_equal(seen, world_counter(w, EG_COUNTER_traced));
	assert_true(seen > 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(nothing_while_none_is_ordered),
	    cmocka_unit_test(times_add_up_from_rx_to_tx),
	    cmocka_unit_test(only_what_passes_the_filter),
	    cmocka_unit_test(one_record_of_a_frame_is_enough),
	    cmocka_unit_test(what_the_port_refuses_is_a_drop),
	    cmocka_unit_test(more_than_there_is_room_for_is_counted),
	    cmocka_unit_test(a_new_order_forgets_what_was_watched),
	    cmocka_unit_test(records_are_told_and_tokens_are_not),
	    cmocka_unit_test(what_was_dropped_is_hidden_too),
	    cmocka_unit_test(frames_are_read_with_their_headers),
	    cmocka_unit_test(an_ask_is_read_back),
	    cmocka_unit_test(what_is_no_ask_is_refused),
	    cmocka_unit_test(a_message_is_read_back),
	    cmocka_unit_test(what_is_no_message_is_refused),
	    cmocka_unit_test(the_longest_message_fits),
	    cmocka_unit_test(a_worker_and_control_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
