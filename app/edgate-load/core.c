/* SPDX-License-Identifier: BSD-3-Clause */
#include "core.h"

#include "forge.h"
#include "hostile.h"

#include <sched.h>
#include <stdlib.h>

#define REQUEST_ID_AT    8u /* in an EGT header */
#define CORE_SHIFT       48u
#define NUMBER_MASK      ((UINT64_C(1) << CORE_SHIFT) - 1)
#define HOSTILE_CORE     0x8000u /* in the place of the core: an id of a hostile frame */
#define BEHIND_NS        (100 * 1000u)
#define SKIP_AT_ONCE_MAX 4096u /* departures given up in one turn */
#define PROGRESS_EVERY   1024u /* turns */

int load_core_init(struct load_core **core, struct load_plan *plan, struct load_lane *lane,
    unsigned idx, struct eg_error *err)
{
	double rate = plan->timing != NULL ? load_profile_rate_max(&plan->timing->profile) : 0;
	struct load_core *c = aligned_alloc(64, (sizeof(*c) + 63) / 64 * 64);
	int rc;

	if (c == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for core %u", idx);
	memset(c, 0, sizeof(*c));
	c->plan = plan;
	c->lane = lane;
	c->idx = idx;
	c->picker = load_picker(plan->popularity, plan->seed, idx, plan->core_cnt);
	c->random = load_random_of(plan->seed, plan->core_cnt + idx);
	if (plan->timing != NULL)
		c->schedule = load_schedule(plan->timing, idx, plan->core_cnt);
	rc = load_flights_init(&c->flights, rate / plan->core_cnt, plan->window, plan->timeout_ns,
	    plan->core_cnt > 1, err);
	if (rc == 0)
		rc = load_judge_init(&c->judge, plan->corpus, plan->sightings, err);
	if (rc != 0) {
		load_core_free(c);
		return rc;
	}
	*core = c;
	return 0;
}

void load_core_free(struct load_core *core)
{
	if (core == NULL)
		return;
	load_flights_free(&core->flights);
	load_judge_free(&core->judge);
	free(core);
}

static bool measured(const struct load_core *c, uint64_t due_ns)
{
	return due_ns >= c->plan->warmup_ns;
}

/* ── what is due ── */

static void draw(struct load_core *c)
{
	c->scheduled = load_schedule_next(&c->schedule, &c->next_due_ns) &&
	               !atomic_load_explicit(&c->plan->stop, memory_order_relaxed);
}

/* Not sent any more: whose fault was it? */
static void give_up_departure(struct load_core *c, uint64_t due_ns)
{
	if (!measured(c, due_ns))
		return;
	c->counts.due++;
	if (c->blocked)
		c->counts.refused++;
	else
		c->counts.skipped++;
}

static bool is_overdue(const struct load_core *c, uint64_t due_ns)
{
	return c->now_ns > due_ns + c->plan->patience_ns;
}

static void drop_overdue(struct load_core *c)
{
	unsigned gone = 0;

	while (gone < c->due_cnt && is_overdue(c, c->due_ns[gone]))
		give_up_departure(c, c->due_ns[gone++]);
	c->due_cnt -= gone;
	if (gone != 0)
		memmove(c->due_ns, &c->due_ns[gone], c->due_cnt * sizeof(c->due_ns[0]));
	if (c->due_cnt != 0)
		return;
	for (unsigned i = 0; i < SKIP_AT_ONCE_MAX && c->scheduled && is_overdue(c, c->next_due_ns);
	     i++) {
		give_up_departure(c, c->next_due_ns);
		draw(c);
	}
}

static void collect_scheduled(struct load_core *c)
{
	drop_overdue(c);
	while (c->due_cnt < EG_BURST_MAX && c->scheduled && c->next_due_ns <= c->now_ns) {
		c->due_ns[c->due_cnt++] = c->next_due_ns;
		draw(c);
	}
}

/* Each core has its part of the window; the first ones what is left over. */
static unsigned window_of(const struct load_core *c)
{
	const struct load_plan *plan = c->plan;

	return plan->window / plan->core_cnt + (c->idx < plan->window % plan->core_cnt);
}

static void collect_windowed(struct load_core *c)
{
	uint64_t out = load_flights_out(&c->flights);
	unsigned window = window_of(c);

	for (c->due_cnt = 0; c->due_cnt < EG_BURST_MAX && out + c->due_cnt < window; c->due_cnt++)
		c->due_ns[c->due_cnt] = c->now_ns;
}

/* ── out ── */

static void copy(uint8_t *to, const uint8_t *from, size_t len)
{
	for (size_t i = 0; i < len; i += LOAD_COPY_BYTES)
		memcpy(to + i, from + i, LOAD_COPY_BYTES);
}

static uint32_t add_id(uint32_t sum, uint64_t id)
{
	return sum + (uint32_t)(id >> 48) + (uint32_t)(id >> 32 & 0xffff) +
	       (uint32_t)(id >> 16 & 0xffff) + (uint32_t)(id & 0xffff);
}

static uint32_t forge_all(const struct load_core *c, const struct load_request *request,
    uint8_t *payload, uint64_t number)
{
	const struct load_token *token = &c->plan->corpus->token[request->first];
	uint64_t mark = number * c->plan->core_cnt + c->idx + 1;
	uint32_t sum = request->sum;

	for (unsigned i = 0; i < request->cnt; i++)
		sum = load_forge(payload, request->bytes.ptr, &token[i].forge, mark, sum);
	return sum;
}

static struct load_address address_of(const struct load_core *c, const struct load_request *request)
{
	const struct load_steer *steer = c->lane->steer;

	return (struct load_address){
	    .owner = steer->owner[request->shard],
	    .source = c->source,
	    .server_port = load_steer_server_port(steer, request->shard),
	};
}

static void write_request(struct load_core *c, const struct load_request *request, uint64_t number,
    struct load_slot *slot)
{
	uint64_t id = c->plan->id_base + ((uint64_t)c->idx << CORE_SHIFT) + number;
	const struct load_address address = address_of(c, request);
	uint32_t sum = request->sum;

	copy(slot->payload, request->bytes.ptr, request->bytes.len);
	eg_store_be64(slot->payload + REQUEST_ID_AT, id);
	if (c->plan->forge)
		sum = forge_all(c, request, slot->payload, number);
	c->lane->ops->address(c->lane, slot, &address, request->bytes.len, add_id(sum, id));
}

static void prefetch_frame(struct eg_span bytes)
{
	for (size_t at = 0; at < bytes.len; at += 64)
		__builtin_prefetch(bytes.ptr + at);
}

/* The requests after these: of the next burst the frames, of the one behind it the records that say
 * where the frames are. */
static void look_ahead(struct load_core *c)
{
	const struct load_request *request = c->plan->corpus->request;
	unsigned from = c->pick_cnt, ready = from > EG_BURST_MAX ? from - EG_BURST_MAX : 0;

	while (c->pick_cnt < LOAD_PICKS) {
		unsigned room = LOAD_PICKS - c->pick_cnt;

		room = room < EG_BURST_MAX ? room : EG_BURST_MAX;
		load_pick(&c->picker, &c->pick[c->pick_cnt], room);
		c->pick_cnt += room;
	}
	for (unsigned i = from; i < LOAD_PICKS; i++)
		__builtin_prefetch(&request[c->pick[i]]);
	for (unsigned i = ready; i < EG_BURST_MAX; i++)
		prefetch_frame(request[c->pick[i]].bytes);
}

static void shift(struct load_core *c, unsigned sent)
{
	c->due_cnt -= sent;
	c->pick_cnt -= sent;
	memmove(c->due_ns, &c->due_ns[sent], c->due_cnt * sizeof(c->due_ns[0]));
	memmove(c->pick, &c->pick[sent], c->pick_cnt * sizeof(c->pick[0]));
	c->source = c->source + 1 < c->lane->steer->sources ? c->source + 1 : 0;
}

static void count_sent(struct load_core *c, unsigned sent)
{
	for (unsigned i = 0; i < sent; i++) {
		if (!measured(c, c->due_ns[i]))
			continue;
		c->counts.due++;
		c->counts.sent++;
		c->counts.behind += !c->blocked && c->now_ns > c->due_ns[i] + BEHIND_NS;
	}
}

/* More is due than fits a burst. Where the wire was full, it is to blame until all that waited for
 * it has left. */
static bool has_backlog(const struct load_core *c)
{
	return c->scheduled && c->next_due_ns <= c->now_ns;
}

/* Flights are opened before the send: another core may have the answer before this one goes on. */
static unsigned send_due(struct load_core *c)
{
	const struct load_request *request = c->plan->corpus->request;
	struct load_slot slot[EG_BURST_MAX];
	unsigned cnt, sent;

	cnt = c->lane->ops->take(c->lane, slot, c->due_cnt);
	for (unsigned i = 0; i < cnt; i++) {
		uint64_t number = load_flights_open(&c->flights, c->due_ns[i], c->pick[i],
		    measured(c, c->due_ns[i]), &c->counts.lost);

		write_request(c, &request[c->pick[i]], number, &slot[i]);
	}
	sent = c->lane->ops->send(c->lane, slot, cnt);
	load_flights_cancel(&c->flights, cnt - sent);
	count_sent(c, sent);
	c->blocked = sent < c->due_cnt || (c->blocked && has_backlog(c));
	c->last_send_ns = c->now_ns;
	shift(c, sent);
	look_ahead(c);
	return sent;
}

/* ── hostile frames ── */

static void spoil(struct load_core *c, struct load_slot *slot, const struct load_request *request)
{
	unsigned kind = load_random_below(&c->random, load_hostile_kinds());
	uint64_t id =
	    c->plan->id_base + ((uint64_t)HOSTILE_CORE << CORE_SHIFT) + c->counts.hostile_sent;
	const struct load_address address = address_of(c, request);
	size_t bytes;

	while (load_hostile_is_packet(kind) && !c->lane->whole_frames)
		kind = load_random_below(&c->random, load_hostile_kinds());
	copy(slot->payload, request->bytes.ptr, request->bytes.len);
	eg_store_be64(slot->payload + REQUEST_ID_AT, id);
	bytes = load_hostile_payload(kind, slot->payload, request->bytes.len, &c->random);
	c->lane->ops->address(
	    c->lane, slot, &address, bytes, load_frame_sum(0, slot->payload, bytes));
	slot->pkt.len =
	    (uint32_t)load_hostile_packet(kind, slot->pkt.data, slot->pkt.len, &c->random);
}

static void send_hostile(struct load_core *c, unsigned cnt)
{
	const struct load_corpus *corpus = c->plan->corpus;

	while (cnt != 0) {
		struct load_slot slot[EG_BURST_MAX];
		unsigned burst = cnt < EG_BURST_MAX ? cnt : EG_BURST_MAX;
		unsigned taken = c->lane->ops->take(c->lane, slot, burst);

		for (unsigned i = 0; i < taken; i++)
			spoil(c, &slot[i],
			    &corpus->request[load_random_below(&c->random, corpus->request_cnt)]);
		c->counts.hostile_sent += c->lane->ops->send(c->lane, slot, taken);
		cnt -= burst;
	}
}

/* ── in ── */

static void take_hostile(struct load_core *c, const struct eg_egt_response *resp)
{
	static const struct load_token hostile = {.name = "a hostile frame"};

	c->counts.hostile_answered++;
	for (unsigned i = 0; resp->type == EG_EGT_VERIFY_R && i < resp->count; i++)
		if (eg_egt_answer_at(resp, i).status == EG_OK) {
			c->counts.hostile_accepted++;
			load_judge_note_wrong(&c->judge, &hostile, EG_OK, 1);
			return;
		}
}

static void take_answer(struct load_core *c, struct load_core *owner, uint64_t number,
    const struct eg_egt_response *resp, bool counts)
{
	const struct load_flight *flight = load_flight_at(&owner->flights, number);
	const struct load_request *request = &c->plan->corpus->request[flight->request];
	uint64_t due_ns = flight->due_ns;
	bool final = load_judge_response(&c->judge, c->plan->corpus, request, resp, counts);

	c->last_answer_ns = c->now_ns;
	if (!counts)
		return;
	c->counts.answered++;
	if (final)
		load_histogram_add(&c->latency, c->now_ns > due_ns ? c->now_ns - due_ns : 0);
}

static void take_response(struct load_core *c, const struct eg_egt_response *resp)
{
	uint64_t id = resp->request_id - c->plan->id_base, number = id & NUMBER_MASK;
	unsigned idx = (unsigned)(id >> CORE_SHIFT);
	enum load_claim claim = LOAD_FOREIGN;
	bool counts = false;

	if (idx == HOSTILE_CORE) {
		take_hostile(c, resp);
		return;
	}
	if (idx < c->plan->core_cnt)
		claim = load_flights_claim(
		    &c->plan->core[idx]->flights, number, idx == c->idx, &counts);
	if (claim == LOAD_CLAIMED)
		take_answer(c, c->plan->core[idx], number, resp, counts);
	c->counts.late += claim == LOAD_LATE;
	c->counts.duplicate += claim == LOAD_DUPLICATE;
	c->counts.foreign += claim == LOAD_FOREIGN;
}

/* First all are parsed and their flights asked for, then each is judged. */
static unsigned receive(struct load_core *c)
{
	struct eg_span payload[EG_BURST_MAX];
	struct eg_egt_response resp[EG_BURST_MAX];
	unsigned came, cnt = c->lane->ops->receive(c->lane, payload, &came), parsed = 0;

	for (unsigned i = 0; i < cnt; i++) {
		if (eg_egt_parse_response(payload[i], &resp[parsed]) != 0) {
			c->counts.foreign++;
			continue;
		}
		__builtin_prefetch(load_flight_at(
		    &c->flights, (resp[parsed++].request_id - c->plan->id_base) & NUMBER_MASK));
	}
	for (unsigned i = 0; i < parsed; i++)
		take_response(c, &resp[i]);
	c->lane->ops->release(c->lane);
	return came;
}

/* ── the loop ── */

static void show_progress(struct load_core *c)
{
	atomic_store_explicit(&c->progress.sent, c->counts.sent, memory_order_relaxed);
	atomic_store_explicit(&c->progress.answered, c->counts.answered, memory_order_relaxed);
	atomic_store_explicit(&c->progress.wrong, c->judge.wrong, memory_order_relaxed);
}

static void read_clock(struct load_core *c)
{
	uint64_t now_ns = c->plan->clock_ns(c->plan->clock);

	c->now_ns = now_ns > c->plan->start_ns ? now_ns - c->plan->start_ns : 0;
}

static bool is_over(const struct load_core *c)
{
	if (atomic_load_explicit(&c->plan->stop, memory_order_relaxed))
		return true;
	return c->plan->timing != NULL ? !c->scheduled && c->due_cnt == 0
	                               : c->now_ns >= c->plan->end_ns;
}

static void pause_cpu(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static void idle(const struct load_core *c)
{
	if (c->plan->spin)
		pause_cpu();
	else
		(void)sched_yield(); /* the edgate may share this CPU */
}

static unsigned send_turn(struct load_core *c)
{
	unsigned sent;

	if (c->plan->timing != NULL)
		collect_scheduled(c);
	else
		collect_windowed(c);
	if (c->due_cnt == 0)
		return 0;
	sent = send_due(c);
	if (c->plan->hostile != 0)
		send_hostile(c, sent * c->plan->hostile);
	return sent;
}

/* Until its own requests are answered or lost, and then until the others' are: an answer to them
 * may come here. */
static void drain(struct load_core *c)
{
	bool mine = true;

	for (;;) {
		if (mine && load_flights_out(&c->flights) == 0) {
			mine = false;
			(void)atomic_fetch_sub(&c->plan->draining, 1);
		}
		if (!mine && atomic_load(&c->plan->draining) == 0)
			return;
		read_clock(c);
		if (receive(c) == 0)
			idle(c);
		c->counts.lost += load_flights_give_up(&c->flights, c->now_ns);
	}
}

void load_core_run(struct load_core *c)
{
	if (c->plan->timing != NULL)
		draw(c);
	look_ahead(c);
	read_clock(c);
	for (unsigned turn = 0; !is_over(c); turn++) {
		unsigned sent = c->now_ns != 0 ? send_turn(c) : 0;
		unsigned came;

		read_clock(c);
		came = receive(c);
		c->counts.lost += load_flights_give_up(&c->flights, c->now_ns);
		if (sent == 0 && came == 0)
			idle(c);
		if (turn % PROGRESS_EVERY == 0)
			show_progress(c);
	}
	drain(c);
	show_progress(c);
}
