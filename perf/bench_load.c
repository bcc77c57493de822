/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a request costs edgate-load itself: schedule, choice, copy, patch, flight, and the answer's
 * parse, claim, judgement and latency. The wire is an array in memory that answers at once, so that
 * no driver and no other process is in the figure. CPU time of the thread; the least of the rounds.
 *
 * usage: bench_load CORPUS.tsv [ROUNDS]
 */
#include "core.h"
#include "eg_log.h"
#include "forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SECONDS    0.02
#define RATE       1e8 /* more than it can do: a full burst each turn */
#define SLOT_BYTES 2048u

struct mirror {
	struct load_lane base;
	uint8_t out[EG_BURST_MAX][SLOT_BYTES];
	uint8_t answer[EG_BURST_MAX][EG_EGT_RESPONSE_BYTES(1)];
	unsigned answer_cnt;
	uint8_t status;
};

static struct mirror *mirror(struct load_lane *lane)
{
	return (struct mirror *)lane;
}

static unsigned take_slots(struct load_lane *lane, struct load_slot slot[], unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++) {
		slot[i].pkt = (struct eg_packet){.data = mirror(lane)->out[i]};
		slot[i].payload = slot[i].pkt.data + LOAD_HEADERS_BYTES;
	}
	return cnt;
}

static void address(struct load_lane *lane, struct load_slot *slot, const struct load_address *a,
    size_t bytes, uint32_t payload_sum)
{
	static const struct load_headers headers;

	load_frame_udp(&headers, lane->steer->source[a->owner][a->source], a->server_port, bytes,
	    payload_sum, slot->pkt.data);
}

static unsigned send_slots(struct load_lane *lane, struct load_slot slot[], unsigned cnt)
{
	struct mirror *m = mirror(lane);
	const struct eg_egt_answer answer = {.status = m->status};

	for (unsigned i = 0; i < cnt; i++)
		(void)eg_egt_write_response(m->answer[i], EG_EGT_VERIFY_R,
		    eg_load_be64(slot[i].payload + 8), 1, &answer, 1);
	m->answer_cnt = cnt;
	return cnt;
}

static unsigned receive_payloads(struct load_lane *lane, struct eg_span payload[], unsigned *came)
{
	struct mirror *m = mirror(lane);

	*came = m->answer_cnt;
	for (unsigned i = 0; i < m->answer_cnt; i++)
		payload[i] = eg_span(m->answer[i], sizeof(m->answer[i]));
	m->answer_cnt = 0;
	return *came;
}

static void release(struct load_lane *lane)
{
	(void)lane;
}

static const struct load_lane_ops mirror_ops = {
    .take = take_slots,
    .address = address,
    .send = send_slots,
    .receive = receive_payloads,
    .release = release,
};

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A clock that moves with the turns, so that it costs nothing: each finds a burst due. */
static uint64_t turns_ns(void *clock)
{
	return *(uint64_t *)clock += (uint64_t)(EG_BURST_MAX * 1e9 / RATE);
}

struct mode {
	const char *name;
	enum load_popularity_kind popularity;
	enum load_arrivals arrivals;
	bool forge;
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	eg_log(EG_LOG_ERROR, "%s", what);
	exit(EXIT_FAILURE);
}

/* CPU time of a request. */
static double run_core(struct load_plan *plan, struct load_lane *lane)
{
	struct load_core *core = NULL;
	struct eg_error err;
	uint64_t start_ns;
	double ns;

	plan->core = &core;
	need(load_core_init(&core, plan, lane, 0, &err) == 0, err.text);
	start_ns = cpu_ns();
	load_core_run(core);
	ns = (double)(cpu_ns() - start_ns) / (double)core->counts.answered;
	need(core->counts.answered == core->counts.due && core->judge.wrong == 0,
	    "an answer is missing or wrong");
	load_core_free(core);
	return ns;
}

static double one_round(const struct load_corpus *corpus, const struct mode *mode)
{
	static const struct load_steer steer = {.owners = 1, .sources = 1};
	static struct mirror lane = {
	    .base = {.ops = &mirror_ops, .steer = &steer}, .status = EG_OK};
	struct load_timing timing = {
	    .profile = {1, {{SECONDS, RATE, RATE}}}, .arrivals = mode->arrivals, .burst = 1};
	struct load_popularity popularity;
	uint64_t clock = 0;
	struct load_plan plan = {.corpus = corpus,
	    .popularity = &popularity,
	    .timing = &timing,
	    .patience_ns = UINT64_MAX / 2,
	    .timeout_ns = 1000000,
	    .forge = mode->forge,
	    .spin = true,
	    .core_cnt = 1,
	    .clock_ns = turns_ns,
	    .clock = &clock,
	    .draining = 1};
	struct eg_error err;
	double ns;

	need(load_popularity_init(
	         &popularity, mode->popularity, 0.99, (uint32_t)corpus->request_cnt, &err) == 0,
	    err.text);
	ns = run_core(&plan, &lane.base);
	load_popularity_free(&popularity);
	return ns;
}

int main(int argc, char **argv)
{
	static const struct mode modes[] = {
	    {"in turn", LOAD_CYCLE, LOAD_CONSTANT, false},
	    {"Zipf 0.99", LOAD_ZIPF, LOAD_CONSTANT, false},
	    {"in turn, Poisson arrivals", LOAD_CYCLE, LOAD_POISSON, false},
	    {"forged", LOAD_CYCLE, LOAD_CONSTANT, true},
	};
	const struct load_corpus_wish wish = {
	    .tokens_max = 1, .bytes_max = 1232, .list_bits = 1, .only_valid = true};
	int rounds = argc > 2 ? atoi(argv[2]) : 10;
	struct load_corpus corpus;
	struct eg_error err;

	eg_log_init("bench_load", EG_LOG_INFO);
	load_forge_init();
	if (argc < 2 || load_corpus_read(&corpus, argv[1], &wish, &err) != 0) {
		eg_log(EG_LOG_ERROR, "%s", argc < 2 ? "usage: bench_load CORPUS.tsv" : err.text);
		return EXIT_FAILURE;
	}
	(void)printf("%zu requests of %zu bytes\n", corpus.request_cnt,
	    corpus.request_bytes / corpus.request_cnt);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		double least = one_round(&corpus, &modes[i]);

		for (int n = 1; n < rounds; n++) {
			double ns = one_round(&corpus, &modes[i]);

			least = ns < least ? ns : least;
		}
		(void)printf("%-26s %6.1f ns a request\n", modes[i].name, least);
	}
	load_corpus_free(&corpus);
	return EXIT_SUCCESS;
}
