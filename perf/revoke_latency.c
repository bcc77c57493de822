/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How soon a revocation is in force, seen from outside. For perf/revoke_latency.py, which starts
 * the edgate, pins us and makes the tokens.
 *
 *   main     holds the store open: revoke index i ─▶ on disk (acknowledged) ─▶ doorbell
 *   client   asks about token i at 1 kHz over UDP, all the time
 *
 * What counts: from the acknowledgement to the moment when the first REVOKED has arrived. So the
 * millisecond between two questions and the round trip are in it. Prints two figures a line, in
 * nanoseconds: that time, and how long threads of edgate and of ours were runnable but had no CPU
 * meanwhile (from before the change on), which tells what the host did to it.
 *
 * usage: revoke_latency STATE RUN HOST:PORT URI TOKENS PID    (TOKENS: a file, line i has index i)
 */
#include "edgate_client.h"
#include "eg_clock.h"
#include "eg_state.h"

#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TOKENS_MAX    100000u
#define TOKEN_BYTES   4096u
#define PERIOD_NS     1000000u /* 1 kHz */
#define REST_NS       2000000u /* between two revocations, and a part of PERIOD_NS more each time */
#define REST_STEP_NS  137000u
#define GIVE_UP_NS    5000000000u
#define GIVE_UP_LOOKS 5000u /* one in each PERIOD_NS */
#define OK            1u
#define REVOKED       15u

struct run {
	struct edgate_client *client;
	char *token[TOKENS_MAX];
	unsigned cnt;
	atomic_uint asked;  /* index that the client asks about */
	atomic_uint served; /* one more than the index that was answered OK last */
	_Atomic uint64_t revoked_ns[TOKENS_MAX]; /* when the first REVOKED came; 0: not yet */
	_Atomic uint64_t epoch;                  /* of the last answer */
	atomic_uint answer_cnt;
	atomic_bool stop;
};

struct sample {
	int64_t took_ns;
	uint64_t waited_ns;
};

static void need(bool ok, const char *what, const char *why)
{
	if (ok)
		return;
	(void)fprintf(stderr, "revoke_latency: %s: %s\n", what, why);
	exit(1);
}

static void sleep_until(uint64_t ns)
{
	const struct timespec at = {
	    (time_t)(ns / (uint64_t)EG_NS_PER_S), (long)(ns % (uint64_t)EG_NS_PER_S)};

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* ── client ── */

static void ask_once(struct run *r)
{
	unsigned i = atomic_load(&r->asked);
	const struct edgate_token token = {.bytes = r->token[i], .len = strlen(r->token[i])};
	struct edgate_answer answer;
	uint64_t epoch = 0;

	need(edgate_client_verify(r->client, &token, 1, 0, &answer, &epoch) == 0, "no answer",
	    edgate_client_error(r->client));
	need(answer.status == OK || answer.status == REVOKED, "unexpected status",
	    edgate_status_name(answer.status));
	atomic_store(&r->epoch, epoch);
	atomic_fetch_add(&r->answer_cnt, 1);
	if (answer.status == OK)
		atomic_store(&r->served, i + 1);
	else if (atomic_load(&r->revoked_ns[i]) == 0)
		atomic_store(&r->revoked_ns[i], eg_clock_mono_ns());
}

static void *ask_all_the_time(void *ctx)
{
	struct run *r = ctx;
	uint64_t next_ns = eg_clock_mono_ns();

	while (!atomic_load(&r->stop)) {
		ask_once(r);
		next_ns += PERIOD_NS;
		sleep_until(next_ns);
	}
	return NULL;
}

/* ── what the host takes ── */

/* Time that the threads of a process have waited for a CPU, since they began. */
static uint64_t waited_ns(const char *pid)
{
	unsigned long long ran, waited;
	uint64_t sum = 0;
	char pattern[64];
	glob_t found = {0};

	(void)snprintf(pattern, sizeof(pattern), "/proc/%s/task/*/schedstat", pid);
	(void)glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		FILE *file = fopen(found.gl_pathv[i], "re");

		if (file == NULL)
			continue;
		if (fscanf(file, "%llu %llu", &ran, &waited) == 2)
			sum += waited;
		(void)fclose(file);
	}
	globfree(&found);
	return sum;
}

/* ── writer ── */

static void ring(int fd, const char *run_dir)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s/ctl.sock", run_dir);
	(void)sendto(fd, "poke", 4, 0, (const struct sockaddr *)&to, sizeof(to));
}

static void wait_served(const struct run *r, unsigned i)
{
	uint64_t end_ns = eg_clock_mono_ns() + GIVE_UP_NS;

	while (atomic_load(&r->served) != i + 1) {
		need(eg_clock_mono_ns() < end_ns, "token", "was never OK");
		sleep_until(eg_clock_mono_ns() + PERIOD_NS);
	}
}

static void give_up(const struct run *r, unsigned answers, uint64_t epoch)
{
	char why[128];

	(void)snprintf(why, sizeof(why),
	    "was never REVOKED: %u answers since, the last under epoch %llx, not %llx", answers,
	    (unsigned long long)atomic_load(&r->epoch), (unsigned long long)epoch);
	need(false, "token", why);
}

/* When the first REVOKED came. It counts its own looks, since a host that stands still for seconds
 * is no answer. */
static uint64_t wait_revoked(const struct run *r, unsigned i, uint64_t epoch)
{
	unsigned before = atomic_load(&r->answer_cnt), looks = 0;
	uint64_t turned_ns;

	while ((turned_ns = atomic_load(&r->revoked_ns[i])) == 0) {
		if (looks++ == GIVE_UP_LOOKS)
			give_up(r, atomic_load(&r->answer_cnt) - before, epoch);
		sleep_until(eg_clock_mono_ns() + PERIOD_NS);
	}
	return turned_ns;
}

static struct sample measure(struct run *r, struct eg_state *st, unsigned i, const char *argv[])
{
	const struct eg_index_range one = {i, i};
	uint64_t epoch, acked_ns, turned_ns, waited;
	struct eg_error err = {0};
	static int bell = -1;

	if (bell < 0)
		bell = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	atomic_store(&r->asked, i);
	wait_served(r, i);
	sleep_until(eg_clock_mono_ns() + REST_NS + i * (uint64_t)REST_STEP_NS % PERIOD_NS);
	waited = waited_ns("self") + waited_ns(argv[6]);
	need(eg_state_set_index(st, eg_span_str(argv[4]), EG_INDEX_REVOKED, &one, 1,
	         eg_clock_utc_ns(), &epoch, &err) == 0,
	    "revoke", err.text);
	acked_ns = eg_clock_mono_ns();
	ring(bell, argv[2]);
	turned_ns = wait_revoked(r, i, epoch);
	return (struct sample){
	    (int64_t)(turned_ns - acked_ns), waited_ns("self") + waited_ns(argv[6]) - waited};
}

static void read_tokens(struct run *r, const char *path)
{
	FILE *file = fopen(path, "re");
	char line[TOKEN_BYTES + 2];

	need(file != NULL, path, "cannot be opened");
	while (r->cnt < TOKENS_MAX && fgets(line, sizeof(line), file) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		r->token[r->cnt] = strdup(line);
		need(r->token[r->cnt++] != NULL, path, "no memory");
	}
	(void)fclose(file);
}

int main(int argc, const char *argv[])
{
	static struct run r;
	struct eg_error err = {0};
	struct eg_state *st;
	char why[256] = "";
	pthread_t client;

	need(argc == 7, "usage", "revoke_latency STATE RUN HOST:PORT URI TOKENS PID");
	read_tokens(&r, argv[5]);
	need(eg_state_open(&st, argv[1], EG_STATE_WRITE, &err) == 0, argv[1], err.text);
	r.client = edgate_client_open(argv[3], NULL, why, sizeof(why));
	need(r.client != NULL, argv[3], why);
	need(pthread_create(&client, NULL, ask_all_the_time, &r) == 0, "client", "cannot start");
	for (unsigned i = 0; i < r.cnt; i++) {
		struct sample s = measure(&r, st, i, argv);

		(void)printf("%lld %llu\n", (long long)s.took_ns, (unsigned long long)s.waited_ns);
	}
	atomic_store(&r.stop, true);
	(void)pthread_join(client, NULL);
	edgate_client_close(r.client);
	eg_state_close(st);
	return 0;
}
