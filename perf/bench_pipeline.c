/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The packet path of one core over a virtual port, beside the bare signature engine and beside the
 * same path with an engine that does nothing: what the latter takes is the cost of all but the
 * signature. The same with every token in the verified cache. Then the largest parts, each alone.
 */
#include "bench.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CORPORA         4u
#define TOKENS_IN_FRAME 16u
#define RUNS_MAX        56u
#define PACKETS         2u
#define QUICK_PASSES    16u /* of what takes about a microsecond a record */

struct requests {
	struct bench_corpus corpus;
	struct bench_frames single, sixteen;
};

struct bench {
	const struct eg_ed25519_impl *engine;
	struct bench_state state;
	struct requests requests[CORPORA];
	struct bench_frames ethernet[PACKETS];
	struct eg_vcache *vcache; /* of all that have one: it holds all corpora */
	struct bench_run run[RUNS_MAX];
	unsigned run_cnt;
};

void bench_need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench: failed: %s\n", what);
	exit(1);
}

/* ── what is run ── */

static void add_run(struct bench *b, struct bench_run run)
{
	bench_need(b->run_cnt < RUNS_MAX, "room for a run");
	run.state = &b->state;
	if (run.records == 0)
		run.records = BENCH_TOKENS;
	if (run.passes == 0)
		run.passes = QUICK_PASSES;
	b->run[b->run_cnt++] = run;
}

static void add_pipelines(struct bench *b, const struct bench_corpus *corpus,
    struct bench_frames *frames, uint32_t rx_flags)
{
	struct bench_run run = {
	    .corpus = corpus,
	    .frames = frames,
	    .rx_flags = rx_flags,
	    .pass = bench_pass_pipeline,
	};

	run.part = "pipeline";
	run.passes = 1;
	run.pipeline = bench_pipeline_new(&b->state, b->engine, NULL);
	add_run(b, run);
	run.part = "pipeline, null engine";
	run.passes = QUICK_PASSES;
	run.pipeline = bench_pipeline_new(&b->state, &bench_null_engine, NULL);
	add_run(b, run);
	run.part = "pipeline, all cached";
	run.pipeline = bench_pipeline_new(&b->state, &bench_null_engine, b->vcache);
	add_run(b, run);
}

/* What counting cycles by stage costs, where the rest costs least. */
static void add_unmeasured(struct bench *b, struct requests *r)
{
	add_run(b, (struct bench_run){
	               .part = "the same, cycles not counted",
	               .corpus = &r->corpus,
	               .frames = &r->single,
	               .rx_flags = EG_PACKET_DATAGRAM,
	               .pass = bench_pass_pipeline,
	               .passes = QUICK_PASSES,
	               .pipeline = bench_pipeline_unmeasured(&b->state, &bench_null_engine),
	           });
}

static void add_requests(struct bench *b, struct requests *r)
{
	add_run(b, (struct bench_run){
	               .part = "engine alone",
	               .corpus = &r->corpus,
	               .engine = b->engine,
	               .pass = bench_pass_engine,
	               .passes = 1,
	           });
	bench_frames_init(&r->single, &r->corpus, 1, BENCH_DATAGRAM);
	bench_frames_init(&r->sixteen, &r->corpus, TOKENS_IN_FRAME, BENCH_DATAGRAM);
	add_pipelines(b, &r->corpus, &r->single, EG_PACKET_DATAGRAM);
	add_unmeasured(b, r);
	add_pipelines(b, &r->corpus, &r->sixteen, EG_PACKET_DATAGRAM);
}

static void add_packets(
    struct bench *b, const struct bench_corpus *corpus, struct bench_frames *ethernet)
{
	struct bench_run run = {
	    .part = "packet parse and reply",
	    .corpus = corpus,
	    .frames = ethernet,
	    .netif = &bench_netif,
	    .pass = bench_pass_parse_reply,
	};

	bench_frames_init(ethernet, corpus, 1, BENCH_ETHERNET);
	add_pipelines(b, corpus, ethernet, 0);
	add_run(b, run);
	run.part = "the same, checksums offloaded";
	run.netif = &bench_netif_offload;
	run.rx_flags = EG_PACKET_IP_CKSUM_GOOD | EG_PACKET_L4_CKSUM_GOOD;
	add_run(b, run);
}

static void add_parts(struct bench *b)
{
	for (unsigned i = 0; i < CORPORA; i += 2) {
		add_run(b, (struct bench_run){
		               .part = "eg_jwt_parse",
		               .corpus = &b->requests[i].corpus,
		               .pass = bench_pass_jwt_parse,
		           });
		add_run(b, (struct bench_run){
		               .part = "tag of the verified cache",
		               .corpus = &b->requests[i].corpus,
		               .vcache = b->vcache,
		               .pass = bench_pass_tag,
		           });
	}
	add_run(b, (struct bench_run){.part = "revocation, one hash", .pass = bench_pass_hash});
	add_run(b, (struct bench_run){
	               .part = "revocation, look-up",
	               .records = BENCH_QUERIES,
	               .pass = bench_pass_lookup,
	           });
}

static void add_all(struct bench *b)
{
	static const struct {
		enum bench_size size;
		unsigned issuer_cnt;
	} corpora[CORPORA] = {
	    {BENCH_MINIMAL, 1},
	    {BENCH_MINIMAL, BENCH_ISSUERS_MAX},
	    {BENCH_RFC9068, 1},
	    {BENCH_RFC9068, BENCH_ISSUERS_MAX},
	};

	for (unsigned i = 0; i < CORPORA; i++) {
		struct requests *r = &b->requests[i];

		bench_corpus_init(&r->corpus, &b->state, corpora[i].size, corpora[i].issuer_cnt);
		add_requests(b, r);
	}
	add_packets(b, &b->requests[1].corpus, &b->ethernet[0]);
	add_packets(b, &b->requests[2].corpus, &b->ethernet[1]);
	add_parts(b);
}

/* Of the runs only those that the report's line would name so. */
static void keep_only(struct bench *b, const char *name)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < b->run_cnt; i++) {
		char text[BENCH_NAME_ROOM];

		if (strstr(bench_run_name(&b->run[i], text), name) != NULL)
			b->run[kept++] = b->run[i];
		else
			free(b->run[i].pipeline);
	}
	b->run_cnt = kept;
}

static void remove_all(struct bench *b)
{
	for (unsigned i = 0; i < b->run_cnt; i++)
		free(b->run[i].pipeline);
	for (unsigned i = 0; i < CORPORA; i++) {
		bench_corpus_free(&b->requests[i].corpus);
		bench_frames_free(&b->requests[i].single);
		bench_frames_free(&b->requests[i].sixteen);
	}
	for (unsigned i = 0; i < PACKETS; i++)
		bench_frames_free(&b->ethernet[i]);
	eg_vcache_free(b->vcache);
	bench_state_free(&b->state);
}

/* ── rounds ── */

/* CPU time of this thread: what other programs take of the core does not count. */
static uint64_t cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * (uint64_t)EG_NS_PER_S + (uint64_t)t.tv_nsec;
}

static double measure(struct bench_run *run)
{
	uint64_t ns = 0;

	for (unsigned i = 0; i < run->passes; i++) {
		uint64_t start_ns;

		if (run->frames != NULL)
			bench_frames_receive(run->frames, run->rx_flags);
		start_ns = cpu_ns();
		run->pass(run);
		ns += cpu_ns() - start_ns;
	}
	return (double)ns / run->passes / run->records;
}

/* A B C A B C …, after one round that does not count: what changes on the machine meets all. */
static void measure_all(struct bench *b, unsigned rounds)
{
	for (unsigned i = 0; i < b->run_cnt; i++)
		(void)measure(&b->run[i]);
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < b->run_cnt; i++)
			b->run[i].ns[round] = measure(&b->run[i]);
}

/* ── the command line ── */

static const char usage_text[] =
    "usage: bench_pipeline [--rounds N] [--only TEXT] [--commit ID] [--json FILE]\n"
    "\n"
    "Measures the packet path of one core over a virtual port: CPU time of one thread, medians of\n"
    "interleaved rounds with the lowest and the highest. $EDGATE_ED25519 names the signature\n"
    "engine; without it the best one for this CPU is taken.\n"
    "\n"
    "  --rounds N   1 to 1000 (7)\n"
    "  --only TEXT  the lines that have it in their name: \"all cached; 213 B, 4\", say\n"
    "  --commit ID  what is measured, for the JSON\n"
    "  --json FILE  every round and the host, as JSON\n"
    "  --help       this\n";

static bool read_rounds(const char *text, unsigned *rounds)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*rounds = (unsigned)value;
	return end != text && *end == '\0' && value >= 1 && value <= BENCH_ROUNDS_MAX;
}

/* 0, or what was wrong: the option h (help) or ?. */
static int read_options(int argc, char *argv[], struct bench_report *report, const char **only)
{
	static const struct option options[] = {
	    {"rounds", required_argument, NULL, 'r'},
	    {"only", required_argument, NULL, 'o'},
	    {"commit", required_argument, NULL, 'c'},
	    {"json", required_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h')
			return 'h';
		if (option == 'o')
			*only = optarg;
		if (option == 'c')
			report->commit = optarg;
		if (option == 'j')
			report->json_path = optarg;
		if (option == '?' || (option == 'r' && !read_rounds(optarg, &report->rounds)))
			return '?';
	}
	return optind == argc ? 0 : '?';
}

int main(int argc, char *argv[])
{
	static struct bench bench;
	struct bench_report report = {.rounds = 7};
	const char *only = "";
	int option = read_options(argc, argv, &report, &only);

	if (option != 0) {
		(void)fputs(usage_text, option == 'h' ? stdout : stderr);
		return option == 'h' ? 0 : 2;
	}
	bench.engine = eg_ed25519_select(NULL, NULL);
	bench_need(bench.engine != NULL, "an Ed25519 engine of that name that this CPU supports");
	report.engine = bench.engine->name;
	bench_state_init(&bench.state);
	bench.vcache = bench_vcache_new();
	add_all(&bench);
	keep_only(&bench, only);
	bench_need(bench.run_cnt != 0, "to find a line of that name");
	measure_all(&bench, report.rounds);
	bench_report(&report, bench.run, bench.run_cnt);
	remove_all(&bench);
	return 0;
}
