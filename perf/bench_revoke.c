/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What revocation costs, at its full size: a status list of 2^30 entries of one bit, all blocks in
 * place, and 10 million denied ids.
 *
 *   in the pipeline   the same tokens, with status lists asked and ignored (null engine)
 *   applying          index revocations at random places, by the owner's mailbox
 *   the table         bursts of 32 look-ups; bytes an entry
 *   under churn       signatures verified while revocations arrive, and while none do
 *
 * Each comparison is made in interleaved pairs in one run, by the CPU time of the thread that does
 * the work: what other programs take from it is not counted, what they do to its caches is. The
 * last part uses two CPUs.
 */
#include "bench.h"
#include "eg_base64url.h"

#include <getopt.h>
#include <jansson.h>
#include <pthread.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define URI          "https://i0.test/statuslists/1"
#define ENTRIES      EG_REVOKE_ENTRIES_MAX
#define ASKED        (1u << 18) /* tokens: their words are 16 MB of cache lines */
#define DENIED       10000000u
#define BURST        32u
#define TABLE_ASKED  (1u << 20)
#define CHURN_TOKENS 128u /* the clock is read after so many: some ms */
#define CHURN_EVENT  4096u
#define WINDOW_MS    41    /* of CPU time: an event at 100 000 a second */
#define WINDOWS      27u   /* with revocations, of a round: the median counts */
#define PIECE        8192u /* tokens of a pass: some ms, so that a pair meets the same host */
#define FIGURES_MAX  16u
#define ROUNDS_MAX   101u

void bench_need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "bench: failed: %s\n", what);
	exit(1);
}

/* ── figures ── */

struct figure {
	const char *name, *unit;
	unsigned cnt;
	double value[ROUNDS_MAX];
};

struct bench {
	unsigned rounds;
	uint64_t churn_per_s;
	const char *json_path, *part; /* NULL: all parts */
	struct figure figure[FIGURES_MAX];
	unsigned figure_cnt;

	struct bench_state state;
	struct eg_bitmap *list;
	struct eg_snapshot *with, *without; /* status lists asked, and ignored */
	uint64_t seed;
};

static struct figure *figure(struct bench *b, const char *name, const char *unit)
{
	for (unsigned i = 0; i < b->figure_cnt; i++)
		if (b->figure[i].name == name)
			return &b->figure[i];
	bench_need(b->figure_cnt < FIGURES_MAX, "room for a figure");
	b->figure[b->figure_cnt] = (struct figure){.name = name, .unit = unit};
	return &b->figure[b->figure_cnt++];
}

static void note(struct bench *b, const char *name, const char *unit, double value)
{
	struct figure *f = figure(b, name, unit);

	f->value[f->cnt++] = value;
}

static int order(const void *pa, const void *pb)
{
	double a = *(const double *)pa, b = *(const double *)pb;

	return (a > b) - (a < b);
}

static json_t *figure_json(struct figure *f)
{
	qsort(f->value, f->cnt, sizeof(f->value[0]), order);
	return json_pack("{s:s, s:s, s:f, s:f, s:f}", "name", f->name, "unit", f->unit, "median",
	    (f->value[(f->cnt - 1) / 2] + f->value[f->cnt / 2]) / 2, "min", f->value[0], "max",
	    f->value[f->cnt - 1]);
}

static void report(struct bench *b)
{
	json_t *results = json_array(), *all;

	(void)printf("%-52s %10s %10s %10s\n", "", "median", "lowest", "highest");
	for (unsigned i = 0; i < b->figure_cnt; i++) {
		json_t *f = figure_json(&b->figure[i]);

		(void)printf("%-52s %10.2f %10.2f %10.2f %s\n", b->figure[i].name,
		    json_real_value(json_object_get(f, "median")),
		    json_real_value(json_object_get(f, "min")),
		    json_real_value(json_object_get(f, "max")), b->figure[i].unit);
		(void)json_array_append_new(results, f);
	}
	all = json_pack("{s:i, s:o}", "rounds", (int)b->rounds, "results", results);
	if (b->json_path != NULL)
		bench_need(json_dump_file(all, b->json_path, JSON_INDENT(2)) == 0, "the JSON file");
	json_decref(all);
}

/* ── time and chance ── */

static uint64_t clock_ns(clockid_t id)
{
	struct timespec t;

	(void)clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * (uint64_t)EG_NS_PER_S + (uint64_t)t.tv_nsec;
}

static uint64_t cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static uint64_t rnd(struct bench *b)
{
	uint64_t z = b->seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Even entries are revoked and odd ones asked for. */
static uint32_t revoked_index(struct bench *b)
{
	return (uint32_t)(rnd(b) % ENTRIES) & ~1u;
}

static uint32_t valid_index(struct bench *b)
{
	return (uint32_t)(rnd(b) % ENTRIES) | 1u;
}

/* ── state ── */

static struct eg_snapshot *make_snapshot(const struct bench *b, enum eg_status_mode mode)
{
	static const struct eg_hash_key hash_key = {{1}};
	struct eg_snapshot *snap = eg_snapshot_new(&hash_key);
	struct eg_list list = {.uri = eg_span_str(URI), .map = b->list};
	struct eg_policy policy;
	char name[64];
	struct eg_span iss = bench_issuer_name(0, name, sizeof(name));
	uint32_t slot;

	bench_need(snap != NULL, "memory for a snapshot");
	eg_policy_init(&policy, 1);
	policy.status = (uint8_t)mode;
	policy.any_audience = true;
	bench_need(eg_keyset_add_issuer(snap->keys, iss, &slot, NULL) == 0 &&
	               eg_keyset_add_key(snap->keys, slot, &b->state.key[0], NULL) == 0 &&
	               eg_policy_add_issuer(&policy, iss, NULL) == 0 &&
	               eg_snapshot_add_policy(snap, &policy, NULL) == 0 &&
	               eg_snapshot_add_list(snap, &list, NULL) == 0 &&
	               eg_snapshot_seal(snap, policy.id, NULL) == 0,
	    "a snapshot");
	return snap;
}

/* Sets one entry in each block, so that every look-up finds its word in memory. */
static void make_list(struct bench *b)
{
	const struct eg_revoke_sink sink = eg_revoke_direct_sink(b->state.revoke);

	b->list = eg_bitmap_new(eg_span_str(URI), 1, ENTRIES);
	bench_need(b->list != NULL, "memory for a status list");
	for (uint64_t idx = 0; idx < ENTRIES; idx += EG_SHARD_BLOCK_BITS)
		bench_need(
		    eg_bitmap_set_range(b->list, (uint32_t)idx, (uint32_t)idx, 1, &sink, NULL) == 0,
		    "an entry of the list");
}

/* ── tokens ── */

static size_t encode(char *at, const char *text, size_t len)
{
	eg_base64url_encode(eg_span(text, len), at);
	return EG_BASE64URL_ENCODED_BYTES(len);
}

/* A JWT of issuer 0 with a status claim; signed where secret is given. */
static size_t write_token(char *at, uint32_t idx, const uint8_t *secret)
{
	static const char header[] = "{\"alg\":\"EdDSA\",\"kid\":\"k\"}";
	char payload[256];
	uint8_t signature[64] = {0};
	int len = snprintf(payload, sizeof(payload),
	    "{\"iss\":\"https://i0.test\",\"sub\":\"u%010u\",\"exp\":1800003600,"
	    "\"status\":{\"status_list\":{\"idx\":%u,\"uri\":\"" URI "\"}}}",
	    idx, idx);
	size_t n = encode(at, header, sizeof(header) - 1);

	at[n++] = '.';
	n += encode(at + n, payload, (size_t)len);
	if (secret != NULL)
		(void)crypto_sign_detached(signature, NULL, (const uint8_t *)at, n, secret);
	at[n++] = '.';
	return n + encode(at + n, (const char *)signature, sizeof(signature));
}

#define REQUEST_BYTES 512u

struct requests {
	unsigned cnt;
	uint8_t *fresh, *port; /* cnt × REQUEST_BYTES */
	struct eg_packet *packet;
	uint32_t *bytes;
};

static void write_request(struct requests *r, unsigned i, uint32_t idx, const uint8_t *secret)
{
	char token[REQUEST_BYTES];
	uint8_t frame[REQUEST_BYTES];
	struct eg_writer writer = eg_writer(frame, sizeof(frame));
	struct eg_egt_record record = {
	    .policy_id = 1, .token = eg_span(token, write_token(token, idx, secret))};

	eg_egt_begin_request(&writer, EG_EGT_VERIFY, 0, 1, i + 1, 0);
	eg_egt_put_record(&writer, &record);
	r->bytes[i] = (uint32_t)eg_egt_finish_request(&writer, frame, 1);
	bench_need(r->bytes[i] != 0, "a request");
	memcpy(r->fresh + (size_t)i * REQUEST_BYTES, frame, r->bytes[i]);
}

static void requests_init(struct bench *b, struct requests *r, unsigned cnt, const uint8_t *secret)
{
	r->cnt = cnt;
	r->fresh = calloc(cnt, REQUEST_BYTES);
	r->port = calloc(cnt, REQUEST_BYTES);
	r->packet = calloc(cnt, sizeof(*r->packet));
	r->bytes = calloc(cnt, sizeof(*r->bytes));
	bench_need(r->fresh && r->port && r->packet && r->bytes, "memory for requests");
	for (unsigned i = 0; i < cnt; i++)
		write_request(r, i, valid_index(b), secret);
}

static void requests_free(struct requests *r)
{
	free(r->fresh);
	free(r->port);
	free(r->packet);
	free(r->bytes);
}

static void receive(struct requests *r, unsigned first, unsigned cnt)
{
	memcpy(r->port + (size_t)first * REQUEST_BYTES, r->fresh + (size_t)first * REQUEST_BYTES,
	    (size_t)cnt * REQUEST_BYTES);
	for (unsigned i = first; i < first + cnt; i++)
		r->packet[i] = (struct eg_packet){
		    .data = r->port + (size_t)i * REQUEST_BYTES,
		    .len = r->bytes[i],
		    .room = REQUEST_BYTES,
		    .flags = EG_PACKET_DATAGRAM,
		};
}

static uint64_t accepted_cnt(const struct bench *b)
{
	return atomic_load_explicit(&b->state.stats.core[0].verdict[EG_OK], memory_order_relaxed);
}

static struct eg_pipeline *new_pipeline(struct bench *b, const struct eg_snapshot *snapshot,
    const struct eg_ed25519_impl *engine, struct eg_mailbox *box)
{
	const struct eg_pipeline_config config = {
	    .worker_cnt = 1,
	    .max_datagram_bytes = EG_EGT_DATAGRAM_MAX,
	    .signature_deadline_ns = EG_PIPELINE_DEADLINE_NS,
	    .netif = &bench_netif,
	    .ed25519 = engine,
	    .stats = &b->state.stats,
	    .revoke = b->state.revoke,
	    .utc = &b->state.utc,
	    .snapshot = snapshot,
	    .mailbox = box,
	    .epoch = EG_EPOCH(1, 1),
	    .version = "bench",
	};
	void *mem = aligned_alloc(EG_CACHE_LINE_BYTES, eg_pipeline_footprint());

	bench_need(mem != NULL, "memory for a pipeline");
	return eg_pipeline_init(mem, &config);
}

static void run_requests(
    struct eg_pipeline *p, const struct requests *r, unsigned first, unsigned cnt, uint64_t *now_ns)
{
	static struct eg_pipeline_out out;

	for (unsigned at = first; at < first + cnt; at += EG_BURST_MAX) {
		*now_ns += 1000;
		eg_pipeline_run(p, r->packet + at, EG_BURST_MAX, *now_ns, &out);
		eg_pipeline_sent(p, &out, out.tx_cnt);
	}
	eg_pipeline_run(p, NULL, 0, *now_ns, &out);
	eg_pipeline_sent(p, &out, out.tx_cnt);
}

/* ── in the pipeline ── */

static double piece_ns(struct bench *b, struct requests *r, struct eg_pipeline *p, unsigned first)
{
	uint64_t before = accepted_cnt(b), now_ns = 0, start_ns;

	receive(r, first, PIECE);
	start_ns = cpu_ns();
	run_requests(p, r, first, PIECE, &now_ns);
	start_ns = cpu_ns() - start_ns;
	bench_need(accepted_cnt(b) - before == PIECE, "an OK for every token");
	return (double)start_ns / PIECE;
}

/* Off and on by turns, in both orders, over all tokens; the median pair of the round counts. */
static void measure_pairs(
    struct bench *b, struct requests *r, struct eg_pipeline *without, struct eg_pipeline *with)
{
	double off[ASKED / PIECE], on[ASKED / PIECE], more[ASKED / PIECE];
	const unsigned cnt = ASKED / PIECE;

	for (unsigned i = 0; i < cnt; i++) {
		if (i % 2 == 0)
			off[i] = piece_ns(b, r, without, i * PIECE);
		on[i] = piece_ns(b, r, with, i * PIECE);
		if (i % 2 != 0)
			off[i] = piece_ns(b, r, without, i * PIECE);
		more[i] = on[i] - off[i];
	}
	qsort(off, cnt, sizeof(off[0]), order);
	qsort(on, cnt, sizeof(on[0]), order);
	qsort(more, cnt, sizeof(more[0]), order);
	note(b, "pipeline without the status list, null engine", "ns", off[cnt / 2]);
	note(b, "pipeline with it, 2^30 entries", "ns", on[cnt / 2]);
	note(b, "difference of a pair: the look-up", "ns", more[cnt / 2]);
	note(b, "difference of the fastest of each", "ns", on[0] - off[0]);
}

static void measure_pipeline(struct bench *b)
{
	struct requests r;
	struct eg_pipeline *with = new_pipeline(b, b->with, &bench_null_engine, NULL);
	struct eg_pipeline *without = new_pipeline(b, b->without, &bench_null_engine, NULL);

	requests_init(b, &r, ASKED, NULL);
	for (unsigned i = 0; i < b->rounds; i++)
		measure_pairs(b, &r, without, with);
	free(with);
	free(without);
	requests_free(&r);
}

/* ── applying ── */

static void mail_op(void *ctx, const struct eg_revoke_op *op)
{
	const struct eg_mail mail = {.kind = EG_MAIL_OP, .op = *op};

	while (!eg_mailbox_put(ctx, &mail))
		(void)sched_yield();
}

static void await_mail(void *ctx)
{
	while (!eg_mailbox_has_passed(ctx, eg_mailbox_sent(ctx)))
		(void)sched_yield();
}

static void revoke_some(struct bench *b, struct eg_mailbox *box, unsigned cnt)
{
	const struct eg_revoke_sink sink = {box, mail_op, await_mail};

	for (unsigned i = 0; i < cnt; i++) {
		uint32_t idx = revoked_index(b);

		bench_need(eg_bitmap_set_range(b->list, idx, idx, 1, &sink, NULL) == 0,
		    "an index revocation");
	}
}

static void measure_applying(struct bench *b)
{
	static struct eg_pipeline_out out;
	struct eg_mailbox *box = aligned_alloc(EG_CACHE_LINE_BYTES, sizeof(*box));
	struct eg_pipeline *p;

	bench_need(box != NULL, "memory for a mailbox");
	eg_mailbox_init(box);
	p = new_pipeline(b, b->with, &bench_null_engine, box);
	for (unsigned i = 0; i < b->rounds; i++) {
		uint64_t ns = 0;

		for (unsigned k = 0; k < 64; k++) {
			uint64_t start_ns;

			revoke_some(b, box, EG_MAILBOX_ENTRIES);
			start_ns = cpu_ns();
			while (!eg_mailbox_is_empty(box))
				eg_pipeline_run(p, NULL, 0, 0, &out);
			ns += cpu_ns() - start_ns;
		}
		note(b, "applying an index revocation, 2^30 entries", "ns",
		    (double)ns / (64.0 * EG_MAILBOX_ENTRIES));
	}
	free(p);
	free(box);
}

/* ── the table ── */

static struct eg_hash128 denied_hash(uint64_t i)
{
	static const struct eg_hash_key key = {{7}};

	return eg_revoke_hash(&key, EG_REVOKE_JTI, eg_span(&i, sizeof(i)));
}

static double bursts_ns(const struct eg_revoke *rv, const struct eg_hash128 hash[], bool expected)
{
	uint64_t start_ns = cpu_ns();
	const void *line[BURST];

	for (unsigned at = 0; at < TABLE_ASKED; at += BURST) {
		for (unsigned i = 0; i < BURST; i++)
			line[i] = eg_revoke_line(rv, hash[at + i]);
		for (unsigned i = 0; i < BURST; i++)
			__builtin_prefetch(line[i]);
		for (unsigned i = 0; i < BURST; i++)
			bench_need(eg_revoke_lookup(rv, hash[at + i], NULL) == expected,
			    "what was put in, and nothing else");
	}
	return (double)(cpu_ns() - start_ns) / TABLE_ASKED;
}

static void measure_table(struct bench *b)
{
	struct eg_revoke *rv = eg_revoke_new();
	struct eg_hash128 *there = calloc(TABLE_ASKED, sizeof(*there));
	struct eg_hash128 *missing = calloc(TABLE_ASKED, sizeof(*missing));
	struct eg_revoke_sink sink = eg_revoke_direct_sink(rv);
	uint64_t start_ns = cpu_ns();

	bench_need(rv && there && missing, "memory for a table");
	for (uint64_t i = 0; i < DENIED; i++)
		bench_need(eg_revoke_set_entry(rv, denied_hash(i), EG_REVOKE_JTI,
		               BENCH_NOW_S + 3600, &sink, NULL) == 0,
		    "a denied id");
	note(b, "denying an id, hash and growth included", "ns",
	    (double)(cpu_ns() - start_ns) / DENIED);
	note(b, "bytes of an entry, of 10 million", "B", (double)eg_revoke_memory(rv) / DENIED);
	for (unsigned i = 0; i < TABLE_ASKED; i++) {
		there[i] = denied_hash(rnd(b) % DENIED);
		missing[i] = denied_hash(DENIED + rnd(b) % DENIED);
	}
	for (unsigned i = 0; i < b->rounds; i++) {
		note(b, "a denied id, in bursts of 32", "ns", bursts_ns(rv, there, true));
		note(b, "an id that is not denied", "ns", bursts_ns(rv, missing, false));
	}
	free(there);
	free(missing);
	eg_revoke_free(rv);
}

/* ── under churn ── */

struct churn {
	struct bench *b;
	struct eg_mailbox *box;
	_Atomic bool stop;
	_Atomic uint64_t worked_ns; /* CPU time of the worker in windows with revocations */
	_Atomic uint64_t sent_cnt;
};

static void pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	bench_need(sched_setaffinity(0, sizeof(set), &set) == 0, "a second CPU");
}

/* Events of 4096 indices, one for so much CPU time of the worker: on a CPU of its own that is the
 * wall clock. */
static void *churn_control(void *arg)
{
	const struct timespec nap = {0, 500000};
	struct churn *c = arg;
	uint64_t every_ns = CHURN_EVENT * (uint64_t)EG_NS_PER_S / c->b->churn_per_s;
	uint64_t next_ns = every_ns / 2;

	pin(1);
	while (!atomic_load(&c->stop)) {
		if (atomic_load(&c->worked_ns) < next_ns) {
			(void)nanosleep(&nap, NULL);
			continue;
		}
		next_ns += every_ns;
		revoke_some(c->b, c->box, CHURN_EVENT);
		atomic_fetch_add(&c->sent_cnt, CHURN_EVENT);
	}
	return NULL;
}

/* Is there something that this window's time has called for, and that is not applied? */
static bool is_owed(struct churn *c)
{
	const uint64_t due = atomic_load(&c->worked_ns) * c->b->churn_per_s / (uint64_t)EG_NS_PER_S;

	/* The first one comes after half its time. */
	return atomic_load(&c->sent_cnt) + CHURN_EVENT / 2 + 1 < due ||
	       !eg_mailbox_is_empty(c->box);
}

struct window {
	double tokens_per_s, revocations_per_s; /* of CPU time */
};

/* A window with revocations ends when those are applied that arrived in it. */
static struct window run_window(struct churn *c, struct requests *r, struct eg_pipeline *p, bool on)
{
	static uint64_t now_ns;
	const uint64_t start_ns = cpu_ns(), tokens = accepted_cnt(c->b);
	const uint64_t revocations = atomic_load(&c->sent_cnt);
	uint64_t ns = 0;

	do {
		uint64_t passed_ns = ns;

		receive(r, 0, r->cnt);
		run_requests(p, r, 0, r->cnt, &now_ns);
		ns = cpu_ns() - start_ns;
		if (on && passed_ns < WINDOW_MS * 1000000ull)
			atomic_fetch_add(&c->worked_ns, ns - passed_ns);
	} while (ns < WINDOW_MS * 1000000ull || (on && is_owed(c)));
	return (struct window){(double)(accepted_cnt(c->b) - tokens) * 1e9 / (double)ns,
	    (double)(atomic_load(&c->sent_cnt) - revocations) * 1e9 / (double)ns};
}

static double median(double value[], unsigned cnt)
{
	qsort(value, cnt, sizeof(value[0]), order);
	return value[cnt / 2];
}

/* Each window with revocations between two without: what drifts slowly falls out. */
static void measure_round(
    struct bench *b, struct churn *c, struct requests *r, struct eg_pipeline *p)
{
	double off[WINDOWS], on[WINDOWS], rate[WINDOWS], lost[WINDOWS];

	for (unsigned i = 0; i < WINDOWS; i++) {
		struct window before = run_window(c, r, p, false);
		struct window with = run_window(c, r, p, true);
		struct window after = run_window(c, r, p, false);

		off[i] = (before.tokens_per_s + after.tokens_per_s) / 2;
		on[i] = with.tokens_per_s;
		rate[i] = with.revocations_per_s;
		lost[i] = (off[i] - on[i]) / off[i] * 100;
	}
	note(b, "tokens a CPU second, no revocations", "/s", median(off, WINDOWS));
	note(b, "tokens a CPU second, revocations arriving", "/s", median(on, WINDOWS));
	note(b, "revocations a CPU second", "/s", median(rate, WINDOWS));
	note(b, "throughput lost under churn", "%", median(lost, WINDOWS));
}

static void measure_windows(struct bench *b, struct churn *c, struct requests *r)
{
	struct eg_pipeline *p = new_pipeline(b, b->with, eg_ed25519_select(NULL, NULL), c->box);

	(void)run_window(c, r, p, false);
	for (unsigned i = 0; i < b->rounds; i++)
		measure_round(b, c, r, p);
	atomic_store(&c->stop, true);
	while (!eg_mailbox_is_empty(c->box))
		(void)run_window(c, r, p, false);
	free(p);
}

static void measure_churn(struct bench *b)
{
	struct requests r;
	struct churn c = {.b = b, .box = aligned_alloc(EG_CACHE_LINE_BYTES, sizeof(*c.box))};
	pthread_t control;

	bench_need(c.box != NULL, "memory for a mailbox");
	eg_mailbox_init(c.box);
	requests_init(b, &r, CHURN_TOKENS, b->state.secret[0]);
	bench_need(pthread_create(&control, NULL, churn_control, &c) == 0, "a thread");
	pin(0);
	measure_windows(b, &c, &r);
	(void)pthread_join(control, NULL);
	requests_free(&r);
	free(c.box);
}

/* ── the command line ── */

static const char usage_text[] =
    "usage: bench_revoke [--part NAME] [--rounds N] [--churn N] [--json FILE]\n"
    "\n"
    "Measures revocation at full size: a list of 2^30 entries and 10 million denied ids. Medians\n"
    "of interleaved rounds with the lowest and the highest. Needs 2 CPUs and 2 GB.\n"
    "$EDGATE_ED25519 names the signature engine of the last part.\n"
    "\n"
    "  --part NAME  only this one: pipeline, applying, table or churn\n"
    "  --rounds N   1 to 101 (7)\n"
    "  --churn N    revocations a second in the last part (100000)\n"
    "  --json FILE  the figures as JSON\n"
    "  --help       this\n";

static const struct {
	const char *name;
	void (*measure)(struct bench *b);
} parts[] = {
    {"pipeline", measure_pipeline},
    {"applying", measure_applying},
    {"table", measure_table},
    {"churn", measure_churn},
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

static bool is_part(const char *name)
{
	for (size_t i = 0; i < PARTS; i++)
		if (strcmp(parts[i].name, name) == 0)
			return true;
	return false;
}

static bool read_number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	*out = strtoul(text, &end, 10);
	return end != text && *end == '\0' && *out >= 1 && *out <= max;
}

/* 0, or the option h (help) or ? (wrong). */
static int read_options(int argc, char *argv[], struct bench *b)
{
	static const struct option options[] = {
	    {"part", required_argument, NULL, 'p'},
	    {"rounds", required_argument, NULL, 'r'},
	    {"churn", required_argument, NULL, 'c'},
	    {"json", required_argument, NULL, 'j'},
	    {"help", no_argument, NULL, 'h'},
	    {0},
	};
	unsigned long rounds = 7, churn = 100000;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'h' || option == '?')
			return option;
		if (option == 'j')
			b->json_path = optarg;
		if (option == 'p')
			b->part = optarg;
		if (option == 'p' && !is_part(optarg))
			return '?';
		if (option == 'r' && !read_number(optarg, ROUNDS_MAX, &rounds))
			return '?';
		if (option == 'c' && !read_number(optarg, 100000000, &churn))
			return '?';
	}
	b->rounds = (unsigned)rounds;
	b->churn_per_s = churn;
	return optind == argc ? 0 : '?';
}

int main(int argc, char *argv[])
{
	static struct bench b = {.seed = 1};
	int option = read_options(argc, argv, &b);

	if (option != 0) {
		(void)fputs(usage_text, option == 'h' ? stdout : stderr);
		return option == 'h' ? 0 : 2;
	}
	bench_state_init(&b.state);
	make_list(&b);
	b.with = make_snapshot(&b, EG_STATUS_OPTIONAL);
	b.without = make_snapshot(&b, EG_STATUS_IGNORE);
	for (size_t i = 0; i < PARTS; i++)
		if (b.part == NULL || strcmp(parts[i].name, b.part) == 0)
			parts[i].measure(&b);
	report(&b);
	eg_snapshot_free(b.with);
	eg_snapshot_free(b.without);
	eg_bitmap_free(b.list);
	bench_state_free(&b.state);
	return 0;
}
