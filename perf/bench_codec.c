/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What decoding costs: base64url, JSON, whole tokens with their cheap claim checks, each beside the
 * same with jansson and a table-driven base64 decoder; with --shapes, tokens of 4096 bytes that an
 * attacker would choose.
 */
#include "bench_codec.h"

#include "eg_cpu.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS_MAX  64u
#define ROUND_NS  4000000.0 /* about what a run takes of a round */
#define BENCH_SET "JWT 570, RFC 9068"

struct bench {
	struct codec_run run[RUNS_MAX];
	unsigned run_cnt, rounds;
	const char *json_path, *only; /* may be NULL */
	bool shapes;
};

void codec_need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench_codec: failed: %s\n", what);
	exit(1);
}

/* ── what is run ── */

static void add_run(struct bench *b, struct codec_run run)
{
	if (b->only != NULL && strstr(run.set->name, b->only) == NULL &&
	    strstr(run.what, b->only) == NULL)
		return;
	codec_need(b->run_cnt < RUNS_MAX, "room for a run");
	if (run.bytes == 0)
		run.bytes = run.set->bytes;
	b->run[b->run_cnt++] = run;
}

static size_t sum(const struct codec_set *set, size_t offset)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < CODEC_TOKENS; i++)
		bytes +=
		    ((const struct eg_span *)(const void *)((const char *)&set->token[i] + offset))
		        ->len;
	return bytes;
}

static void add_parts(struct bench *b, const struct codec_set *set)
{
	struct codec_run run = {
	    .set = set, .bytes = sum(set, offsetof(struct codec_token, payload))};

	for (unsigned i = 0; (run.impl = eg_codec_supported(i)) != NULL; i++) {
		run.what = run.impl->name;
		run.pass = codec_pass_base64url;
		add_run(b, run);
	}
	run.what = "base64 by table";
	run.pass = codec_pass_base64url_table;
	add_run(b, run);
	run.what = "JSON, listing";
	run.pass = codec_pass_json_list;
	run.bytes = sum(set, offsetof(struct codec_token, json));
	add_run(b, run);
}

static void add_typical(struct bench *b)
{
	const struct codec_set *set;

	for (unsigned i = 0; (set = codec_typical_set(i)) != NULL; i++) {
		if (strcmp(set->name, BENCH_SET) == 0)
			add_parts(b, set);
		add_run(b, (struct codec_run){"edgate", set, codec_pass_token, .bytes = 0});
		add_run(b, (struct codec_run){"jansson", set, codec_pass_jansson, .bytes = 0});
	}
}

static void add_shapes(struct bench *b)
{
	const struct codec_set *set;

	for (unsigned i = 0; (set = codec_shape_set(i)) != NULL; i++)
		add_run(b, (struct codec_run){"edgate", set, codec_pass_token, .bytes = 0});
}

/* ── rounds ── */

/* CPU time of this thread: what other programs take of the core does not count. */
static double cpu_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ns per token. */
static double measure(const struct codec_run *run)
{
	const double start_ns = cpu_ns();
	unsigned passes = 0;
	double ns;

	do {
		run->pass(run);
		passes++;
		ns = cpu_ns() - start_ns;
	} while (ns < ROUND_NS);
	return ns / passes / CODEC_TOKENS;
}

/* A B C A B C …, after one round that does not count: what changes on the machine meets all. */
static void measure_all(struct bench *b)
{
	for (unsigned i = 0; i < b->run_cnt; i++)
		(void)measure(&b->run[i]);
	for (unsigned round = 0; round < b->rounds; round++)
		for (unsigned i = 0; i < b->run_cnt; i++)
			b->run[i].ns[round] = measure(&b->run[i]);
}

/* ── the report ── */

static int order(const void *pa, const void *pb)
{
	const double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

static double median(const struct codec_run *run, unsigned rounds)
{
	return (run->ns[(rounds - 1) / 2] + run->ns[rounds / 2]) / 2;
}

static double bytes_per_token(const struct codec_run *run)
{
	return (double)run->bytes / CODEC_TOKENS;
}

static json_t *run_json(const struct codec_run *run, unsigned rounds)
{
	return json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:f}", "what", run->what, "tokens",
	    run->set->name, "bytes", bytes_per_token(run), "median_ns", median(run, rounds),
	    "min_ns", run->ns[0], "max_ns", run->ns[rounds - 1], "median_ns_per_byte",
	    median(run, rounds) / bytes_per_token(run));
}

static void write_json(const struct bench *b)
{
	json_t *list = json_array(), *all;

	for (unsigned i = 0; i < b->run_cnt; i++)
		(void)json_array_append_new(list, run_json(&b->run[i], b->rounds));
	all = json_pack("{s:s, s:s, s:s, s:s, s:i, s:o}", "bench", "codec", "impl",
	    eg_codec_best()->name, "clock", "CLOCK_THREAD_CPUTIME_ID", "compiler", __VERSION__,
	    "rounds", (int)b->rounds, "runs", list);
	codec_need(all != NULL && json_dump_file(all, b->json_path,
	                              JSON_INDENT(2) | JSON_REAL_PRECISION(6)) == 0,
	    "to write the JSON");
	json_decref(all);
}

static void report(struct bench *b)
{
	(void)printf("variant %s, %u rounds, CPU time of one thread, ns per token\n\n%-34s %-16s "
	             "%7s %9s %9s %9s %8s\n",
	    eg_codec_best()->name, b->rounds, "", "", "bytes", "median", "lowest", "highest",
	    "per byte");
	for (unsigned i = 0; i < b->run_cnt; i++) {
		struct codec_run *run = &b->run[i];

		qsort(run->ns, b->rounds, sizeof(run->ns[0]), order);
		(void)printf("%-34s %-16s %7.0f %9.1f %9.1f %9.1f %8.3f\n", run->set->name,
		    run->what, bytes_per_token(run), median(run, b->rounds), run->ns[0],
		    run->ns[b->rounds - 1], median(run, b->rounds) / bytes_per_token(run));
	}
	if (b->json_path != NULL)
		write_json(b);
}

/* ── the command line ── */

static const char usage_text[] =
    "usage: bench_codec [--shapes] [--rounds N] [--limit SET] [--only TEXT] [--json FILE]\n"
    "\n"
    "Measures decoding with the cheap claim checks, without signatures: CPU time of one thread,\n"
    "medians of interleaved rounds with the lowest and the highest.\n"
    "\n"
    "  --shapes     tokens of 4096 bytes that cost more than their size says\n"
    "  --rounds N   1 to 1000 (7)\n"
    "  --limit SET  as if the CPU had nothing beyond scalar or avx2\n"
    "  --only TEXT  what has the text in its name\n"
    "  --json FILE  the figures as JSON\n"
    "  --help       this\n";

static bool read_rounds(const char *text, unsigned *rounds)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	*rounds = (unsigned)value;
	return end != text && *end == '\0' && value >= 1 && value <= CODEC_ROUNDS_MAX;
}

static bool limit_cpu(const char *name)
{
	if (strcmp(name, "scalar") == 0)
		eg_cpu_limit(0);
	else if (strcmp(name, "avx2") == 0)
		eg_cpu_limit(EG_CPU_SSE42 | EG_CPU_AVX2);
	else
		return false;
	return true;
}

/* 0, or what was wrong: the option h (help) or ?. */
static int read_options(int argc, char *argv[], struct bench *b)
{
	static const struct option options[] = {
	    {"shapes", no_argument, NULL, 's'},
	    {"rounds", required_argument, NULL, 'r'},
	    {"limit", required_argument, NULL, 'l'},
	    {"only", required_argument, NULL, 'o'},
	    {"json", required_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h')
			return 'h';
		if (option == 's')
			b->shapes = true;
		if (option == 'o')
			b->only = optarg;
		if (option == 'j')
			b->json_path = optarg;
		if (option == '?' || (option == 'r' && !read_rounds(optarg, &b->rounds)) ||
		    (option == 'l' && !limit_cpu(optarg)))
			return '?';
	}
	return optind == argc ? 0 : '?';
}

int main(int argc, char *argv[])
{
	static struct bench bench = {.rounds = 7};
	const int option = read_options(argc, argv, &bench);

	if (option != 0) {
		(void)fputs(usage_text, option == 'h' ? stdout : stderr);
		return option == 'h' ? 0 : 2;
	}
	codec_pass_init();
	if (bench.shapes)
		add_shapes(&bench);
	else
		add_typical(&bench);
	measure_all(&bench);
	report(&bench);
	return 0;
}
