/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ed25519 verification: every implementation on every number of issuers, length of message and size
 * of batch, each beside libsodium in the same round.
 */
#include "bench_ed25519.h"
#include "eg_ed25519.h"

#include <getopt.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include <sodium.h>

#define SAMPLE_NS     10000000u /* at least: of a case in a round */
#define CHECK_JOBS    256u      /* verifications between two looks at the clock */
#define BUDGET_BYTES  ((size_t)20 << 20)
#define PHASES_PASSES 25u
#define PHASES_MSG    128u
#define PHASES_BATCH  128u
#define IMPLS_MAX     8u
#define ISSUERS_MAX   6u
#define MSGS_MAX      4u
#define BATCHES_MAX   6u
#define CORPORA_MAX   (ISSUERS_MAX * MSGS_MAX)
#define CASES_MAX     (CORPORA_MAX * IMPLS_MAX * BATCHES_MAX)
#define NO_TABLE_KEYS 64u

struct options {
	const char *impl, *json_path, *commit;
	unsigned rounds;
	bool quick;
};

struct bench {
	const struct options *options;
	const struct eg_ed25519_impl *impl[IMPLS_MAX];
	unsigned impl_cnt;
	struct bench_issuers issuers[ISSUERS_MAX];
	unsigned issuers_cnt;
	struct bench_corpus corpus[CORPORA_MAX];
	unsigned corpus_cnt;
	struct bench_case cases[CASES_MAX];
	unsigned case_cnt;
	struct bench_phases phases[ISSUERS_MAX * IMPLS_MAX];
	unsigned phases_cnt;
};

void bench_need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench_ed25519: failed: %s\n", what);
	exit(1);
}

/* ── what is measured ── */

static const struct eg_ed25519_impl openssl = {
    .name = "openssl",
    .lanes = 1,
    .verify = bench_openssl_verify,
};

static void choose_impls(struct bench *b)
{
	struct eg_error err = {0};

	if (b->options->impl != NULL) {
		b->impl[b->impl_cnt++] = eg_ed25519_select(b->options->impl, &err);
		bench_need(b->impl[0] != NULL, err.text);
		return;
	}
	for (unsigned i = 0; eg_ed25519_impls[i] != NULL; i++)
		if (eg_ed25519_impls[i]->supported())
			b->impl[b->impl_cnt++] = eg_ed25519_impls[i];
	b->impl[b->impl_cnt++] = &openssl;
}

/* One after the other: a batch is no matter to them. */
static bool is_serial(const struct eg_ed25519_impl *impl)
{
	return strcmp(impl->name, "sodium") == 0 || strcmp(impl->name, "openssl") == 0;
}

static void add_cases(struct bench *b, const struct bench_corpus *corpus)
{
	static const unsigned batches[BATCHES_MAX] = {8, 16, 32, 64, 128, 512};

	for (unsigned i = 0; i < b->impl_cnt; i++)
		for (unsigned j = 0; j < BATCHES_MAX; j++) {
			bool in_quick = batches[j] == 8 || batches[j] == 128;

			if (is_serial(b->impl[i]) ? batches[j] != 128
			                          : b->options->quick && !in_quick)
				continue;
			bench_need(b->case_cnt < CASES_MAX, "room for a case");
			b->cases[b->case_cnt++] = (struct bench_case){
			    .impl = b->impl[i]->name,
			    .corpus = corpus,
			    .batch = batches[j],
			    .verify = b->impl[i]->verify,
			};
		}
}

static void add_corpora(struct bench *b, const struct bench_issuers *issuers)
{
	static const unsigned msgs[MSGS_MAX] = {47, 128, 256, 511};

	for (unsigned i = 0; i < MSGS_MAX; i++)
		if (!b->options->quick || msgs[i] == PHASES_MSG) {
			struct bench_corpus *corpus = &b->corpus[b->corpus_cnt++];

			bench_corpus_init(corpus, issuers, msgs[i]);
			add_cases(b, corpus);
		}
}

static void add_all(struct bench *b)
{
	static const unsigned issuers[] = {1, 4, 16, 64, 256};

	for (size_t i = 0; i < sizeof(issuers) / sizeof(issuers[0]); i++)
		if (!b->options->quick || issuers[i] == 4 || issuers[i] == 64)
			bench_issuers_init(
			    &b->issuers[b->issuers_cnt++], issuers[i], true, BUDGET_BYTES);
	bench_issuers_init(&b->issuers[b->issuers_cnt++], NO_TABLE_KEYS, false, BUDGET_BYTES);
	for (unsigned i = 0; i < b->issuers_cnt; i++)
		add_corpora(b, &b->issuers[i]);
}

/* ── rounds ── */

/* CPU time of this thread: what other programs take of the core does not count. */
static uint64_t cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The next batch of the corpus. Every signature is good: every verdict must say so. */
static void verify_next(struct bench_case *c)
{
	bool ok[BENCH_JOBS];

	memset(ok, 0, c->batch * sizeof(ok[0]));
	c->verify(&c->corpus->job[c->at], c->batch, ok);
	bench_need(memchr(ok, 0, c->batch) == NULL, "a good signature was refused");
	c->at = (c->at + c->batch) % BENCH_JOBS;
}

/* Nanoseconds a verification. */
static double measure(struct bench_case *c)
{
	uint64_t start_ns = cpu_ns(), ns = 0;
	unsigned cnt = 0;

	while (ns < SAMPLE_NS) {
		for (unsigned next = cnt + CHECK_JOBS; cnt < next; cnt += c->batch)
			verify_next(c);
		ns = cpu_ns() - start_ns;
	}
	return (double)ns / cnt;
}

/* Corpus by corpus: libsodium before each implementation's cases, so that the two of a pair are
 * some 50 ms apart. */
static void measure_round(struct bench *b, unsigned round)
{
	struct bench_case sodium = {.batch = 128, .verify = NULL};
	double sodium_ns = 0;
	struct eg_error err = {0};
	const struct eg_ed25519_impl *impl = eg_ed25519_select("sodium", &err);

	bench_need(impl != NULL, err.text);
	sodium.verify = impl->verify;
	for (unsigned i = 0; i < b->case_cnt; i++) {
		struct bench_case *c = &b->cases[i];

		if (i == 0 || c->corpus != b->cases[i - 1].corpus ||
		    c->verify != b->cases[i - 1].verify) {
			sodium.corpus = c->corpus;
			sodium_ns = measure(&sodium);
		}
		c->sodium_ns[round] = sodium_ns;
		c->ns[round] = measure(c);
	}
}

/* The first round does not count; the second takes its place. */
static void measure_rounds(struct bench *b)
{
	measure_round(b, 0);
	for (unsigned round = 0; round < b->options->rounds; round++)
		measure_round(b, round);
}

/* ── phases ── */

/* One pass; the sum of its ticks. */
static double run_phases(struct bench_case *c, double by_phase[BENCH_PHASE_CNT])
{
	const uint64_t *tsc;
	double sum = 0;

	bench_phases_reset();
	for (unsigned cnt = 0; cnt < BENCH_JOBS; cnt += c->batch)
		verify_next(c);
	tsc = bench_phases_tsc();
	for (unsigned i = 0; i < BENCH_PHASE_CNT; i++) {
		by_phase[i] = (double)tsc[i] / BENCH_JOBS;
		sum += by_phase[i];
	}
	return sum;
}

/* The pass that took least: ticks go on while another program has the core. */
static void measure_phases(
    struct bench *b, const struct eg_ed25519_impl *impl, const struct bench_corpus *corpus)
{
	struct bench_case c = {.corpus = corpus, .batch = PHASES_BATCH, .verify = impl->verify};
	struct bench_phases *p = &b->phases[b->phases_cnt++];
	double pass[BENCH_PHASE_CNT], least = 0;

	*p = (struct bench_phases){.impl = impl->name, .corpus = corpus, .batch = PHASES_BATCH};
	for (unsigned i = 0; i <= PHASES_PASSES; i++) {
		double sum = run_phases(&c, pass);

		if (i == 0 || (i > 1 && sum > least)) /* the first one warms the caches */
			continue;
		least = sum;
		memcpy(p->tsc, pass, sizeof(pass));
	}
}

static void measure_all_phases(struct bench *b)
{
	for (unsigned i = 0; i < b->impl_cnt; i++) {
		const struct eg_ed25519_impl *probed = bench_phases_impl(b->impl[i]->name);

		for (unsigned j = 0; j < b->corpus_cnt && probed != NULL; j++)
			if (b->corpus[j].msg_bytes == PHASES_MSG)
				measure_phases(b, probed, &b->corpus[j]);
	}
}

/* ── the command line ── */

static const char usage_text[] =
    "usage: bench_ed25519 [--impl NAME] [--quick] [--rounds N] [--commit ID] [--json FILE]\n"
    "\n"
    "Verifies good signatures: every implementation that this CPU supports, libsodium and "
    "OpenSSL,\n"
    "by 1 to 256 issuers with tables (20 MiB of them at most) and 64 without, messages of 47 to "
    "511\n"
    "bytes, batches of 8 to 512. CPU time of one thread; the median of the rounds, the lowest, "
    "the\n"
    "highest, and the median of the rounds' ratios to libsodium. Takes some minutes.\n"
    "\n"
    "  --impl NAME  this implementation alone\n"
    "  --quick      4 and 64 issuers and no tables, 128 bytes, batches of 8 and 128\n"
    "  --rounds N   3 to 100 (5)\n"
    "  --commit ID  what is measured, for the JSON\n"
    "  --json FILE  the same as JSON, with the host\n"
    "  --help       this\n";

static bool read_rounds(const char *text, unsigned *rounds)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*rounds = (unsigned)value;
	return end != text && *end == '\0' && value >= 3 && value <= BENCH_ROUNDS_MAX;
}

/* 0, or what was wrong: the option h (help) or ?. */
static int read_options(int argc, char *argv[], struct options *options)
{
	static const struct option names[] = {
	    {"impl", required_argument, NULL, 'i'},
	    {"quick", no_argument, NULL, 'q'},
	    {"rounds", required_argument, NULL, 'r'},
	    {"commit", required_argument, NULL, 'c'},
	    {"json", required_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
		if (option == 'h' || option == '?')
			return option;
		if (option == 'i')
			options->impl = optarg;
		if (option == 'q')
			options->quick = true;
		if (option == 'c')
			options->commit = optarg;
		if (option == 'j')
			options->json_path = optarg;
		if (option == 'r' && !read_rounds(optarg, &options->rounds))
			return '?';
	}
	return optind == argc ? 0 : '?';
}

/* On the core where it started: another one's caches are cold. */
static void stay_on_this_core(void)
{
	cpu_set_t set;
	int cpu = sched_getcpu();

	CPU_ZERO(&set);
	if (cpu >= 0)
		CPU_SET((unsigned)cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static void report(struct bench *b)
{
	struct bench_results results = {
	    .cases = b->cases,
	    .case_cnt = b->case_cnt,
	    .rounds = b->options->rounds,
	    .phases = b->phases,
	    .phases_cnt = b->phases_cnt,
	    .issuers = b->issuers,
	    .issuers_cnt = b->issuers_cnt,
	    .commit = b->options->commit,
	    .json_path = b->options->json_path,
	};

	bench_results_report(&results);
}

int main(int argc, char *argv[])
{
	static struct bench bench;
	struct options options = {.rounds = 5};
	int option = read_options(argc, argv, &options);

	if (option != 0) {
		(void)fputs(usage_text, option == 'h' ? stdout : stderr);
		return option == 'h' ? 0 : 2;
	}
	bench_need(sodium_init() >= 0, "to start libsodium");
	bench.options = &options;
	stay_on_this_core();
	choose_impls(&bench);
	add_all(&bench);
	measure_rounds(&bench);
	measure_all_phases(&bench);
	report(&bench);
	return 0;
}
