/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"
#include "parse_impl.h"

#define LINE    ((size_t)EG_CACHE_LINE_BYTES)
#define SLOT(i) ((i) & (EG_TRACE_ENTRIES - 1))

_Static_assert((EG_TRACE_ENTRIES & (EG_TRACE_ENTRIES - 1)) == 0, "a power of two");
_Static_assert(EG_EGT_RESPONSE_BYTES(EG_EGT_RECORDS_MAX) + 128 <= EG_TRACE_REPLY_BYTES,
    "the longest answer with its headers is kept");
_Static_assert(EG_VERDICT_SLOTS <= UINT8_MAX && EG_DROP_COUNT <= UINT8_MAX, "a number is a byte");

enum watch_state { WATCH_FREE, WATCH_OPEN, WATCH_LEAVING };

struct watch {
	enum watch_state state;
	const void *handle; /* the port's, of the packet: what it is known by */
	uint64_t first_poll;
	uint64_t cycles[EG_STAGE_COUNT]; /* before its burst */
	struct eg_trace_entry entry;
};

struct eg_trace {
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint64_t order; /* control stores, the worker loads */
	/* the worker's own */
	_Alignas(EG_CACHE_LINE_BYTES) uint32_t packet_max;
	struct watch watch[EG_TRACE_OPEN];
	/* tail: the worker release-stores after the entry, control acquire-loads.
	 * head: control release-stores after reading, the worker acquire-loads. */
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint32_t tail;
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint32_t head;
	_Alignas(EG_CACHE_LINE_BYTES) struct eg_trace_entry entry[EG_TRACE_ENTRIES];
	_Alignas(EG_CACHE_LINE_BYTES) uint8_t bytes[];
};

static size_t bytes_of_one(uint32_t packet_max)
{
	return ((size_t)packet_max + EG_TRACE_REPLY_BYTES + LINE - 1) / LINE * LINE;
}

size_t eg_trace_footprint(uint32_t packet_max)
{
	return sizeof(struct eg_trace) +
	       (EG_TRACE_OPEN + EG_TRACE_ENTRIES) * bytes_of_one(packet_max);
}

static void give_bytes(struct eg_trace *trace, struct eg_trace_entry *entry, size_t i)
{
	entry->request = trace->bytes + i * bytes_of_one(trace->packet_max);
	entry->reply = entry->request + trace->packet_max;
}

struct eg_trace *eg_trace_init(void *mem, uint32_t packet_max)
{
	struct eg_trace *trace = mem;

	memset(trace, 0, sizeof(*trace));
	trace->packet_max = packet_max;
	for (size_t i = 0; i < EG_TRACE_OPEN; i++)
		give_bytes(trace, &trace->watch[i].entry, i);
	for (size_t i = 0; i < EG_TRACE_ENTRIES; i++)
		give_bytes(trace, &trace->entry[i], EG_TRACE_OPEN + i);
	return trace;
}

/* ── the order: session in the low half, then kind and number ── */

void eg_trace_start(struct eg_trace *trace, uint32_t session, struct eg_trace_filter filter)
{
	uint64_t order = session | (uint64_t)filter.kind << 32 | (uint64_t)filter.number << 40;

	atomic_store_explicit(&trace->order, order, memory_order_relaxed);
}

void eg_trace_stop(struct eg_trace *trace)
{
	atomic_store_explicit(&trace->order, 0, memory_order_relaxed);
}

const _Atomic uint64_t *eg_trace_order(const struct eg_trace *trace)
{
	return &trace->order;
}

static bool has_verdict(const struct eg_trace_entry *entry, uint8_t verdict)
{
	const uint8_t *payload = entry->reply + entry->reply_payload_off;
	const uint8_t *answer = payload + EG_EGT_RESPONSE_BYTES(0);

	if (entry->dropped || entry->number != EG_ANSWER_answered_verify)
		return false;
	for (unsigned i = 0; i < payload[5]; i++)
		if (answer[i * EG_EGT_ANSWER_BYTES] == verdict)
			return true;
	return false;
}

static bool is_wanted(const struct eg_trace_entry *entry, uint64_t order)
{
	const uint8_t number = (uint8_t)(order >> 40);

	switch ((enum eg_trace_kind)(order >> 32 & 0xff)) {
	case EG_TRACE_ANY:
		return true;
	case EG_TRACE_VERDICT:
		return has_verdict(entry, number);
	case EG_TRACE_DROP:
		return entry->dropped && entry->number == number;
	}
	return false;
}

/* ── packets that are watched ── */

static struct watch *find_free(struct eg_trace *trace)
{
	for (unsigned i = 0; i < EG_TRACE_OPEN; i++)
		if (trace->watch[i].state == WATCH_FREE)
			return &trace->watch[i];
	return NULL;
}

static struct watch *find(struct eg_trace *trace, const struct eg_packet *pkt)
{
	for (unsigned i = 0; i < EG_TRACE_OPEN; i++)
		if (trace->watch[i].state != WATCH_FREE && trace->watch[i].handle == pkt->handle)
			return &trace->watch[i];
	return NULL;
}

static uint32_t keep(uint8_t *to, const struct eg_packet *pkt, uint32_t max)
{
	uint32_t kept = pkt->len < max ? pkt->len : max;

	memcpy(to, pkt->data, kept);
	return kept;
}

void eg_trace_switch(struct eg_pipeline *p, uint64_t order)
{
	struct eg_trace *trace = p->config.trace;

	for (unsigned i = 0; i < EG_TRACE_OPEN; i++)
		trace->watch[i].state = WATCH_FREE;
	p->trace_order = order;
}

static void open_watch(
    struct eg_pipeline *p, struct watch *watch, const struct eg_packet *pkt, uint64_t utc_ns)
{
	struct eg_trace_entry *entry = &watch->entry;

	watch->state = WATCH_OPEN;
	watch->handle = pkt->handle;
	watch->first_poll = eg_count_read(&p->stats->counter[EG_COUNTER_rx_polls]);
	entry->session = (uint32_t)p->trace_order;
	entry->flags = pkt->flags;
	entry->utc_ns = utc_ns;
	entry->request_bytes = pkt->len;
	entry->request_kept = keep(entry->request, pkt, p->config.trace->packet_max);
	entry->reply_bytes = entry->reply_kept = 0;
}

void eg_trace_arrive(
    struct eg_pipeline *p, const struct eg_packet rx[], unsigned cnt, uint64_t rx_cycles)
{
	const uint64_t utc_ns = eg_utc_now_ns(p->config.utc, p->now_ns);
	uint64_t cycles[EG_STAGE_COUNT];

	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		cycles[i] = eg_count_read(&p->stats->stage[i].cycles);
	cycles[EG_STAGE_rx] -= rx_cycles;
	for (unsigned i = 0; i < cnt; i++) {
		struct watch *watch = find_free(p->config.trace);

		if (watch == NULL) {
			eg_pipeline_count(p, EG_COUNTER_trace_lost, cnt - i);
			return;
		}
		memcpy(watch->cycles, cycles, sizeof(cycles));
		open_watch(p, watch, &rx[i], utc_ns);
		watch->entry.burst = cnt;
	}
}

static void note_end(struct watch *watch, const struct eg_packet *pkt, bool dropped)
{
	struct eg_trace_entry *entry = &watch->entry;

	watch->state = WATCH_LEAVING;
	entry->dropped = dropped;
	entry->number = pkt->answer;
	if (dropped)
		return;
	entry->reply_payload_off = (pkt->flags & EG_PACKET_DATAGRAM) != 0
	                               ? 0
	                               : (uint16_t)(pkt->l2_bytes + pkt->l3_bytes + EG_UDP_BYTES);
	entry->reply_bytes = pkt->len;
	entry->reply_kept = keep(entry->reply, pkt, EG_TRACE_REPLY_BYTES);
}

void eg_trace_depart(struct eg_pipeline *p)
{
	const struct eg_pipeline_out *out = p->out;

	for (unsigned i = 0; i < out->tx_cnt + out->drop_cnt; i++) {
		const bool dropped = i >= out->tx_cnt;
		const struct eg_packet *pkt = dropped ? &out->drop[i - out->tx_cnt] : &out->tx[i];
		struct watch *watch = find(p->config.trace, pkt);

		if (watch != NULL)
			note_end(watch, pkt, dropped);
	}
	(void)eg_stage_end(&p->clock, EG_STAGE_house, 0);
}

/* ── the ring ── */

static bool put(struct eg_trace *trace, const struct eg_trace_entry *from)
{
	uint32_t tail = atomic_load_explicit(&trace->tail, memory_order_relaxed);
	/* Pairs with the release in eg_trace_drop: control has read what stood in the slot. */
	uint32_t head = atomic_load_explicit(&trace->head, memory_order_acquire);
	struct eg_trace_entry *to = &trace->entry[SLOT(tail)];
	uint8_t *request = to->request, *reply = to->reply;

	if (tail - head == EG_TRACE_ENTRIES)
		return false;
	*to = *from;
	to->request = request;
	to->reply = reply;
	memcpy(request, from->request, from->request_kept);
	memcpy(reply, from->reply, from->reply_kept);
	/* Pairs with the acquire in eg_trace_peek. */
	atomic_store_explicit(&trace->tail, tail + 1, memory_order_release);
	return true;
}

struct eg_trace_entry *eg_trace_peek(struct eg_trace *trace)
{
	uint32_t head = atomic_load_explicit(&trace->head, memory_order_relaxed);
	/* Pairs with the release in put: the entry is whole. */
	uint32_t tail = atomic_load_explicit(&trace->tail, memory_order_acquire);

	return tail != head ? &trace->entry[SLOT(head)] : NULL;
}

void eg_trace_drop(struct eg_trace *trace)
{
	uint32_t head = atomic_load_explicit(&trace->head, memory_order_relaxed);

	/* Pairs with the acquire in put. */
	atomic_store_explicit(&trace->head, head + 1, memory_order_release);
}

static void hand_over(struct eg_pipeline *p, struct watch *watch)
{
	struct eg_trace_entry *entry = &watch->entry;

	watch->state = WATCH_FREE;
	if (!is_wanted(entry, p->trace_order))
		return;
	for (unsigned i = 0; i < EG_STAGE_COUNT; i++)
		entry->cycles[i] = eg_count_read(&p->stats->stage[i].cycles) - watch->cycles[i];
	entry->turns =
	    (uint32_t)(eg_count_read(&p->stats->counter[EG_COUNTER_rx_polls]) - watch->first_poll);
	eg_pipeline_count(
	    p, put(p->config.trace, entry) ? EG_COUNTER_traced : EG_COUNTER_trace_lost, 1);
}

void eg_trace_left(struct eg_pipeline *p, const struct eg_pipeline_out *out, unsigned sent_cnt)
{
	struct eg_trace *trace = p->config.trace;

	for (unsigned i = sent_cnt; i < out->tx_cnt; i++) {
		struct watch *watch = find(trace, &out->tx[i]);

		if (watch == NULL)
			continue;
		watch->entry.dropped = true;
		watch->entry.number = EG_DROP_tx_full;
		watch->entry.reply_bytes = watch->entry.reply_kept = 0;
	}
	for (unsigned i = 0; i < EG_TRACE_OPEN; i++)
		if (trace->watch[i].state == WATCH_LEAVING)
			hand_over(p, &trace->watch[i]);
	(void)eg_stage_end(&p->clock, EG_STAGE_house, 0);
}
