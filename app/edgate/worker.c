/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker.h"

#include "eg_token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

#define TX_TRIES          8u
#define POLLS_BEFORE_IDLE 32u /* empty ones, before the first sleep */
#define DRAIN_TURNS       16u
/* Again soon, for a link that comes up late (RFC 5227: two, 2 s apart); then often enough that a
 * switch which forgets members of multicast groups does not forget us. */
#define ANNOUNCE_SECOND_NS (2 * (uint64_t)EG_NS_PER_S)
#define ANNOUNCE_EVERY_NS  (60 * (uint64_t)EG_NS_PER_S)

static void relax(void)
{
#ifdef __SSE2__
	_mm_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static void send_announcements(struct eg_worker *w)
{
	const struct eg_port_ops *ops = w->port->ops;
	struct eg_packet pkt;

	for (unsigned i = 0; ops->alloc(w->port, w->queue, &pkt, 1); i++) {
		pkt.len =
		    (uint32_t)eg_pipeline_announcement(&w->port->netif, i, pkt.data, pkt.room);
		if (pkt.len == 0 || ops->tx(w->port, w->queue, &pkt, 1) == 0) {
			ops->drop(w->port, w->queue, &pkt, 1);
			return;
		}
		eg_count(&w->stats->counter[EG_COUNTER_announcements], 1);
		eg_count(&w->stats->counter[EG_COUNTER_tx_packets], 1);
		eg_count(&w->stats->counter[EG_COUNTER_tx_bytes], pkt.len);
	}
}

/* A file hears it once, a wire again and again; one queue speaks for its port. */
static void announce(struct eg_worker *w, uint64_t now_ns)
{
	bool first = w->announce_ns == 0;

	w->announce_ns = UINT64_MAX;
	if (w->queue != 0)
		return;
	if (w->dpdk)
		w->announce_ns = now_ns + (first ? ANNOUNCE_SECOND_NS : ANNOUNCE_EVERY_NS);
	send_announcements(w);
	eg_pipeline_stage(w->pipeline, EG_STAGE_house, 0);
}

static void send_out(struct eg_worker *w)
{
	const struct eg_port_ops *ops = w->port->ops;
	struct eg_pipeline_out *out = &w->out;
	unsigned sent = 0;

	for (unsigned i = 0; sent < out->tx_cnt && i < TX_TRIES; i++) {
		if (i != 0)
			relax();
		sent += ops->tx(w->port, w->queue, out->tx + sent, out->tx_cnt - sent);
	}
	if (sent < out->tx_cnt)
		ops->drop(w->port, w->queue, out->tx + sent, out->tx_cnt - sent);
	if (out->drop_cnt != 0)
		ops->drop(w->port, w->queue, out->drop, out->drop_cnt);
	if (out->tx_cnt + out->drop_cnt != 0)
		eg_pipeline_sent(w->pipeline, out, sent);
}

static void run_pipeline(
    struct eg_worker *w, const struct eg_packet rx[], unsigned cnt, uint64_t now_ns)
{
	if (w->file_clock)
		(void)eg_utc_publish(&w->file_utc, now_ns, w->port->ops->utc_ns(w->port, w->queue));
	eg_pipeline_run(w->pipeline, rx, cnt, now_ns, &w->out);
	send_out(w);
}

static bool is_finished(const struct eg_worker *w)
{
	const struct eg_port_ops *ops = w->port->ops;

	return ops->finished != NULL && ops->finished(w->port, w->queue) &&
	       eg_pipeline_in_flight(w->pipeline) == 0;
}

static void idle(struct eg_worker *w)
{
	struct timespec ts = {0, (long)w->idle_sleep_us * 1000};

	w->empty_polls++;
	if (w->idle == EG_IDLE_SLEEP && w->empty_polls >= POLLS_BEFORE_IDLE)
		(void)nanosleep(&ts, NULL);
	else if (w->idle != EG_IDLE_SPIN)
		relax();
	eg_pipeline_stage(w->pipeline, EG_STAGE_idle, 1);
}

static void turn(struct eg_worker *w)
{
	struct eg_packet rx[EG_BURST_MAX];
	unsigned cnt = w->port->ops->rx(w->port, w->queue, rx, EG_BURST_MAX);
	uint64_t now_ns = eg_clock_mono_ns();

	if (now_ns >= w->announce_ns)
		announce(w, now_ns);
	run_pipeline(w, rx, cnt, now_ns);
	if (cnt != 0) {
		w->empty_polls = 0;
		return;
	}
	if (is_finished(w))
		atomic_store_explicit(&w->phase, EG_WORKER_FINISHED, memory_order_release);
	idle(w);
}

static void drain(struct eg_worker *w)
{
	unsigned left;

	for (unsigned i = 0; i < DRAIN_TURNS && eg_pipeline_in_flight(w->pipeline) != 0; i++)
		run_pipeline(w, NULL, 0, eg_clock_mono_ns());
	left = eg_pipeline_in_flight(w->pipeline);
	if (left != 0)
		eg_count(&w->stats->drop[EG_DROP_stopped], left);
}

static void *worker_main(void *arg)
{
	struct eg_worker *w = arg;
	char name[16];

	(void)snprintf(name, sizeof(name), "worker-%u", w->idx);
	(void)pthread_setname_np(pthread_self(), name);
	/* The kernel may add 50 µs to each sleep otherwise. */
	(void)prctl(PR_SET_TIMERSLACK, 1000UL);
	if (w->dpdk)
		eg_port_thread_enter();
	announce(w, eg_clock_mono_ns());
	atomic_store_explicit(&w->phase, EG_WORKER_ANSWERING, memory_order_release);
	/* Relaxed: the flag hands nothing over. */
	while (!atomic_load_explicit(w->stop, memory_order_relaxed))
		turn(w);
	drain(w);
	if (w->dpdk)
		eg_port_thread_leave();
	return NULL;
}

static void *alloc_lines(size_t bytes)
{
	return aligned_alloc(EG_CACHE_LINE_BYTES,
	    (bytes + EG_CACHE_LINE_BYTES - 1) / EG_CACHE_LINE_BYTES * EG_CACHE_LINE_BYTES);
}

/* What a token signs is part of it, or (CWT, PASETO) is built in a struct eg_token_message. */
static bool make_samples(struct eg_worker *w, const struct eg_config *config)
{
	uint32_t msg_max = config->max_datagram_bytes > EG_TOKEN_MESSAGE_BYTES
	                       ? config->max_datagram_bytes
	                       : EG_TOKEN_MESSAGE_BYTES;
	void *mem;

	if (config->sample_every == 0)
		return true;
	mem = alloc_lines(eg_sample_ring_footprint(msg_max));
	if (mem != NULL)
		w->samples = eg_sample_ring_init(mem, msg_max);
	return mem != NULL;
}

/* With keys that nobody else ever has. */
static int make_cache(struct eg_worker *w, uint64_t bytes, struct eg_error *err)
{
	struct eg_vcache_key key;

	if (bytes == 0)
		return 0;
	if (getrandom(&key, sizeof(key), 0) != sizeof(key))
		return eg_error_set(err, EG_EIO, "no random numbers for the verified cache");
	w->vcache = eg_vcache_new(bytes, &key, err);
	explicit_bzero(&key, sizeof(key));
	return w->vcache != NULL ? 0 : err->code;
}

static bool make_trace(struct eg_worker *w, const struct eg_config *config)
{
	uint32_t packet_max = config->max_datagram_bytes + EG_PORT_HEADERS_BYTES;
	void *mem = alloc_lines(eg_trace_footprint(packet_max));

	if (mem != NULL)
		w->trace = eg_trace_init(mem, packet_max);
	return mem != NULL;
}

/* By chance, so that who sends tokens cannot know which one is looked at again. */
static uint32_t sample_phase(uint32_t every)
{
	uint32_t chance = 0;

	if (every == 0 || getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
		return 0;
	return chance % every;
}

static void place_worker(struct eg_worker *w, const struct eg_worker_shared *shared, unsigned idx)
{
	const struct eg_config *config = shared->config;
	const struct eg_config_worker *mine = &config->worker[idx];

	w->idx = idx;
	w->queue = mine->queue;
	w->port = shared->port[mine->port];
	w->stats = &shared->stats->core[idx];
	w->dpdk = config->port[mine->port].kind == EG_PORT_DPDK;
	w->file_clock = config->port[mine->port].file_clock;
	w->idle = config->idle;
	w->idle_sleep_us = config->idle_sleep_us;
	w->stop = shared->stop;
}

/* What the pipeline works with. */
static int make_parts(struct eg_worker *w, const struct eg_config *config, struct eg_error *err)
{
	w->mailbox = alloc_lines(sizeof(*w->mailbox));
	if (w->mailbox == NULL || !make_samples(w, config) || !make_trace(w, config))
		return eg_error_set(err, EG_ENOMEM, "no memory for worker %u", w->idx);
	eg_mailbox_init(w->mailbox);
	if (w->file_clock)
		eg_utc_init(
		    &w->file_utc, eg_clock_mono_ns(), w->port->ops->utc_ns(w->port, w->queue));
	return make_cache(w, config->cache_bytes, err);
}

static int make_pipeline(
    struct eg_worker *w, const struct eg_worker_shared *shared, struct eg_error *err)
{
	const struct eg_config *config = shared->config;
	void *mem = alloc_lines(eg_pipeline_footprint());

	if (mem == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for worker %u", w->idx);
	w->pipeline =
	    eg_pipeline_init(mem, &(struct eg_pipeline_config){
	                              .worker = w->idx,
	                              .worker_cnt = config->worker_cnt,
	                              .max_datagram_bytes = config->max_datagram_bytes,
	                              .signature_deadline_ns = config->signature_deadline_ns,
	                              .netif = &w->port->netif,
	                              .ed25519 = shared->ed25519,
	                              .stats = shared->stats,
	                              .revoke = shared->revoke,
	                              .utc = w->file_clock ? &w->file_utc : shared->utc,
	                              .ticks = eg_clock_ticks,
	                              .vcache = w->vcache,
	                              .samples = w->samples,
	                              .sample_every = config->sample_every,
	                              .sample_phase = sample_phase(config->sample_every),
	                              .mailbox = w->mailbox,
	                              .trace = w->trace,
	                              .snapshot = shared->snapshot,
	                              .epoch = shared->epoch,
	                              .version = EG_VERSION,
	                          });
	return 0;
}

int eg_worker_prepare(
    struct eg_worker *w, const struct eg_worker_shared *shared, unsigned idx, struct eg_error *err)
{
	int rc;

	place_worker(w, shared, idx);
	rc = make_parts(w, shared->config, err);
	return rc == 0 ? make_pipeline(w, shared, err) : rc;
}

int eg_worker_start(struct eg_worker *w, int cpu, const cpu_set_t *otherwise, struct eg_error *err)
{
	cpu_set_t cpus = *otherwise;
	pthread_attr_t attr;
	int rc;

	if (cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)cpu, &cpus);
	}
	(void)pthread_attr_init(&attr);
	rc = pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
	if (rc == 0)
		rc = pthread_create(&w->thread, &attr, worker_main, w);
	(void)pthread_attr_destroy(&attr);
	if (rc == EINVAL && cpu >= 0)
		return eg_error_set(err, EG_EINVAL,
		    "workers[%u]: edgate may not run on CPU %d: `taskset -p $$` shows where it may",
		    w->idx, cpu);
	if (rc != 0)
		return eg_error_set(
		    err, EG_EIO, "workers[%u]: cannot start a thread: %s", w->idx, strerror(rc));
	return 0;
}

void eg_worker_join(struct eg_worker *w)
{
	(void)pthread_join(w->thread, NULL);
}

void eg_worker_free(struct eg_worker *w)
{
	free(w->pipeline);
	free(w->mailbox);
	free(w->samples);
	eg_vcache_free(w->vcache);
	free(w->trace);
}
