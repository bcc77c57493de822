/* SPDX-License-Identifier: BSD-3-Clause */
#include "table_builder.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum phase { IDLE, ASKED, DONE, STOP };

struct eg_table_builder {
	eg_keytables_build build;
	bool with_thread;
	/* control release-stores ASKED and STOP, the thread acquire-loads them after `wake`; the
	 * thread release-stores DONE, control acquire-loads it. Who sees its phase owns `job`. */
	_Atomic enum phase phase;
	struct eg_table_job job;
	sem_t wake;
	pthread_t thread;
};

static void work(struct eg_table_builder *b)
{
	struct eg_table_job *job = &b->job;

	/* Here, not on control: the first touch of a page is what takes time. */
	memset(job->table, 0, eg_ed25519_table_bytes(job->window_bits));
	job->rc = b->build(job->table, job->public, job->window_bits, &job->err);
}

static void *builder_main(void *arg)
{
	struct eg_table_builder *b = arg;
	enum phase phase;

	(void)pthread_setname_np(pthread_self(), "tables");
	/* Whatever else wants the CPU goes first; where this is refused it is only less kind. */
	(void)sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0});
	do {
		while (sem_wait(&b->wake) != 0)
			;
		phase = atomic_load_explicit(&b->phase, memory_order_acquire);
		if (phase != ASKED)
			continue;
		work(b);
		/* Not over a STOP that came meanwhile. */
		phase = ASKED;
		(void)atomic_compare_exchange_strong_explicit(
		    &b->phase, &phase, DONE, memory_order_release, memory_order_acquire);
	} while (phase != STOP);
	return NULL;
}

struct eg_table_builder *eg_table_builder_start(
    eg_keytables_build build, bool with_thread, struct eg_error *err)
{
	struct eg_table_builder *b = calloc(1, sizeof(*b));
	int rc = 0;

	if (b == NULL) {
		(void)eg_error_set(err, EG_ENOMEM, "no memory for the builder of tables");
		return NULL;
	}
	b->build = build;
	b->with_thread = with_thread;
	atomic_init(&b->phase, IDLE);
	(void)sem_init(&b->wake, 0, 0);
	if (with_thread)
		rc = pthread_create(&b->thread, NULL, builder_main, b);
	if (rc == 0)
		return b;
	(void)eg_error_set(err, EG_EIO, "cannot start the builder of tables: %s", strerror(rc));
	free(b);
	return NULL;
}

bool eg_table_builder_is_idle(const struct eg_table_builder *b)
{
	return atomic_load_explicit(&b->phase, memory_order_relaxed) == IDLE;
}

void eg_table_builder_ask(struct eg_table_builder *b, const struct eg_table_job *job)
{
	assert(eg_table_builder_is_idle(b));
	b->job = *job;
	if (!b->with_thread) {
		work(b);
		atomic_store_explicit(&b->phase, DONE, memory_order_relaxed);
		return;
	}
	atomic_store_explicit(&b->phase, ASKED, memory_order_release);
	(void)sem_post(&b->wake);
}

bool eg_table_builder_done(struct eg_table_builder *b, struct eg_table_job *job)
{
	if (atomic_load_explicit(&b->phase, memory_order_acquire) != DONE)
		return false;
	*job = b->job;
	atomic_store_explicit(&b->phase, IDLE, memory_order_relaxed);
	return true;
}

bool eg_table_builder_stop(struct eg_table_builder *b, struct eg_table_job *job)
{
	bool had_job = atomic_exchange_explicit(&b->phase, STOP, memory_order_release) != IDLE;

	if (b->with_thread) {
		(void)sem_post(&b->wake);
		(void)pthread_join(b->thread, NULL);
	}
	*job = b->job;
	(void)sem_destroy(&b->wake);
	free(b);
	return had_job;
}
