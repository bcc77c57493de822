/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <inttypes.h>
#include <jansson.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define FLIGHTS  (1u << 18)
#define LOST_NS  (1000 * 1000 * 1000ull)
#define NS_PER_S 1e9

struct flight {
	uint64_t counted_from_ns, sent_ns;
	uint32_t request;
	bool live;
};

struct run {
	struct load_link *link;
	const struct load_corpus *corpus;
	const struct load_options *options;
	struct load_result *result;
	struct flight *flight; /* FLIGHTS; request number n is at n mod FLIGHTS */
	uint64_t id_base;      /* request number n has the id id_base + n */
	uint64_t head, tail;   /* numbers of the next to send and of the oldest not yet judged */
	uint64_t start_ns, now_ns, last_answer_ns;
};

static uint64_t in_flight(const struct run *r)
{
	return r->result->sent - r->result->answered - r->result->lost;
}

static struct flight *flight_at(const struct run *r, uint64_t number)
{
	return &r->flight[number % FLIGHTS];
}

static uint32_t request_at(const struct run *r, uint64_t number)
{
	return (uint32_t)(number % r->corpus->request_cnt);
}

/* ── answers ── */

static void note_wrong(struct load_result *result, const struct load_token *token, uint8_t status)
{
	struct load_wrong *wrong = result->wrong_first;

	result->wrong++;
	for (unsigned i = 0; i < result->wrong_shown; i++, wrong++)
		if (wrong->token == token && wrong->status == status) {
			wrong->cnt++;
			return;
		}
	if (result->wrong_shown < LOAD_WRONG_SHOWN)
		result->wrong_first[result->wrong_shown++] = (struct load_wrong){token, status, 1};
}

static void check_token(struct load_result *result, const struct load_token *token, uint8_t status)
{
	result->tokens++;
	if (status != token->expected)
		note_wrong(result, token, status);
}

/* An answer of another shape than its request has every token wrong. */
static void check_answers(
    struct run *r, const struct load_request *request, const struct eg_egt_response *resp)
{
	bool whole = resp->type == EG_EGT_VERIFY_R && resp->count == request->cnt;

	for (unsigned i = 0; i < request->cnt; i++)
		check_token(r->result, &r->corpus->token[request->first + i],
		    whole ? eg_egt_answer_at(resp, i).status : EG_VERDICT_NONE);
}

static void on_datagram(void *ctx, struct eg_span payload)
{
	struct run *r = ctx;
	struct eg_egt_response resp;
	struct flight *flight;
	uint64_t number;

	if (eg_egt_parse_response(payload, &resp) != 0) {
		r->result->stray++;
		return;
	}
	number = resp.request_id - r->id_base;
	flight = flight_at(r, number);
	if (number < r->tail || number >= r->head || !flight->live) {
		r->result->stray++;
		return;
	}
	flight->live = false;
	r->result->answered++;
	r->last_answer_ns = r->now_ns;
	load_histogram_add(&r->result->latency,
	    r->now_ns > flight->counted_from_ns ? r->now_ns - flight->counted_from_ns : 0);
	check_answers(r, &r->corpus->request[flight->request], &resp);
}

static void give_up_old(struct run *r)
{
	for (; r->tail < r->head; r->tail++) {
		struct flight *flight = flight_at(r, r->tail);

		if (flight->live && r->now_ns - flight->sent_ns < LOST_NS)
			return;
		r->result->lost += flight->live;
		flight->live = false;
	}
}

/* ── requests ── */

static uint64_t due_ns(const struct run *r, uint64_t number)
{
	return r->start_ns + (uint64_t)((double)number * NS_PER_S / r->options->rate);
}

/* How many may leave now. */
static unsigned allowed(const struct run *r)
{
	uint64_t room = FLIGHTS - (r->head - r->tail);
	unsigned cnt = 0;

	if (r->options->rate > 0) {
		while (cnt < EG_BURST_MAX && due_ns(r, r->head + cnt) <= r->now_ns)
			cnt++;
	} else if (in_flight(r) < r->options->window) {
		uint64_t left = r->options->window - in_flight(r);

		cnt = left < EG_BURST_MAX ? (unsigned)left : EG_BURST_MAX;
	}
	return cnt < room ? cnt : (unsigned)room;
}

static unsigned send_some(struct run *r)
{
	struct load_datagram datagrams[EG_BURST_MAX];
	unsigned cnt = allowed(r);

	for (unsigned i = 0; i < cnt; i++)
		datagrams[i] = (struct load_datagram){
		    r->corpus->request[request_at(r, r->head + i)].bytes, r->id_base + r->head + i};
	cnt = cnt != 0 ? load_link_send(r->link, datagrams, cnt) : 0;
	for (unsigned i = 0; i < cnt; i++, r->head++)
		*flight_at(r, r->head) = (struct flight){
		    .counted_from_ns = r->options->rate > 0 ? due_ns(r, r->head) : r->now_ns,
		    .sent_ns = r->now_ns,
		    .request = request_at(r, r->head),
		    .live = true,
		};
	r->result->sent += cnt;
	return cnt;
}

/* A wire that is full pushes back, and then the loop was not open: that must show. */
static void count_unsent(struct run *r)
{
	double due = (double)(r->now_ns - r->start_ns) * r->options->rate / NS_PER_S;

	if (due > (double)r->head + EG_BURST_MAX)
		r->result->unsent = (uint64_t)due - r->head;
}

static void loop(struct run *r, const volatile sig_atomic_t *stop)
{
	const struct load_sink sink = {r, on_datagram};
	uint64_t end_ns = r->start_ns + (uint64_t)(r->options->seconds * NS_PER_S);
	bool sending = true;

	while (sending || in_flight(r) != 0) {
		unsigned sent = sending ? send_some(r) : 0;
		unsigned came;

		r->now_ns = eg_clock_mono_ns();
		came = load_link_poll(r->link, &sink);
		give_up_old(r);
		if (sent == 0 && came == 0)
			(void)sched_yield(); /* the edgate may share this CPU */
		if (sending && (r->now_ns >= end_ns || *stop)) {
			sending = false;
			count_unsent(r);
		}
	}
}

int load_run(struct load_link *link, const struct load_corpus *corpus,
    const struct load_options *options, const volatile sig_atomic_t *stop,
    struct load_result *result, struct eg_error *err)
{
	struct run r = {.link = link, .corpus = corpus, .options = options, .result = result};

	if (corpus->request_cnt == 0)
		return eg_error_set(err, EG_EINVAL, "no token of the corpus fits %u bytes",
		    options->datagram_bytes);
	r.flight = calloc(FLIGHTS, sizeof(*r.flight));
	if (r.flight == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for requests in flight");
	randombytes_buf(&r.id_base, sizeof(r.id_base));
	r.start_ns = r.now_ns = r.last_answer_ns = eg_clock_mono_ns();
	loop(&r, stop);
	result->elapsed_ns = r.last_answer_ns - r.start_ns;
	free(r.flight);
	return 0;
}

/* ── report ── */

bool load_result_is_good(const struct load_result *result)
{
	return result->answered != 0 && result->wrong == 0;
}

static double per_second(const struct load_result *result, uint64_t cnt)
{
	return result->elapsed_ns != 0 ? (double)cnt * NS_PER_S / (double)result->elapsed_ns : 0;
}

static double quantile_us(const struct load_result *result, double fraction)
{
	return (double)load_histogram_quantile_ns(&result->latency, fraction) / 1e3;
}

static const char *status_name(unsigned status)
{
	const char *name = eg_verdict_name(status);

	return name != NULL ? name : "none";
}

static void print_wrong(const struct load_result *result)
{
	uint64_t rest = result->wrong;

	for (unsigned i = 0; i < result->wrong_shown; i++) {
		const struct load_wrong *wrong = &result->wrong_first[i];

		(void)fprintf(stderr, "wrong: %s: expected %s, answered %s (%" PRIu64 " times)\n",
		    wrong->token->name, status_name(wrong->token->expected),
		    status_name(wrong->status), wrong->cnt);
		rest -= wrong->cnt;
	}
	if (rest != 0)
		(void)fprintf(stderr, "wrong: others (%" PRIu64 " times)\n", rest);
}

static void print_json(const struct load_result *result, const struct load_link *link)
{
	json_t *root = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:f,s:f,s:f,s:f,s:f}", "sent",
	    (json_int_t)result->sent, "answered", (json_int_t)result->answered, "lost",
	    (json_int_t)result->lost, "unsent", (json_int_t)result->unsent, "stray",
	    (json_int_t)result->stray, "bad_frames", (json_int_t)link->bad_frames, "tokens",
	    (json_int_t)result->tokens, "wrong", (json_int_t)result->wrong, "seconds",
	    (double)result->elapsed_ns / NS_PER_S, "answers_per_s",
	    per_second(result, result->answered), "tokens_per_s",
	    per_second(result, result->tokens), "p50_us", quantile_us(result, 0.5), "p99_us",
	    quantile_us(result, 0.99));

	(void)json_dumpf(root, stdout, JSON_REAL_PRECISION(9));
	(void)putchar('\n');
	json_decref(root);
}

static void print_text(const struct load_result *result, const struct load_link *link)
{
	(void)printf("requests  sent %" PRIu64 ", answered %" PRIu64 ", lost %" PRIu64
	             ", unsent %" PRIu64 ", stray %" PRIu64 ", bad frames %" PRIu64 "\n",
	    result->sent, result->answered, result->lost, result->unsent, result->stray,
	    link->bad_frames);
	(void)printf(
	    "tokens    answered %" PRIu64 ", wrong %" PRIu64 "\n", result->tokens, result->wrong);
	(void)printf("rate      %.0f answers/s, %.0f tokens/s over %.2f s\n",
	    per_second(result, result->answered), per_second(result, result->tokens),
	    (double)result->elapsed_ns / NS_PER_S);
	(void)printf("latency   p50 %.1f us, p99 %.1f us\n", quantile_us(result, 0.5),
	    quantile_us(result, 0.99));
}

void load_result_print(const struct load_result *result, const struct load_link *link, bool json)
{
	if (json)
		print_json(result, link);
	else
		print_text(result, link);
	print_wrong(result);
}
