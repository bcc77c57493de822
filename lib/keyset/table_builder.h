/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builds one comb table at a time beside everything else: a thread of the lowest priority, on the
 * CPUs of the thread that starts it. Private to lib/keyset.
 *
 *   control ── job ──▶ builder thread ── the same job, done ──▶ control
 *
 * No lock: a thread of that priority may be put aside for long, and control must not wait for it.
 */
#ifndef EG_TABLE_BUILDER_H
#define EG_TABLE_BUILDER_H

#include "eg_keytables.h"

struct eg_table_job {
	uint32_t slot; /* whose table, for who asked */
	uint8_t public[EG_ED25519_PUBLIC_BYTES];
	unsigned window_bits;
	struct eg_ed25519_table *table; /* memory of that size; its content does not matter */
	int rc;                         /* when it is done: 0, or why there is no table */
	struct eg_error err;
};

struct eg_table_builder;

/* Without a thread a job is done when it is asked for. NULL with the reason in err. [control] */
struct eg_table_builder *eg_table_builder_start(
    eg_keytables_build build, bool with_thread, struct eg_error *err);
/* No job is under way, nor done and not taken back. [control] */
bool eg_table_builder_is_idle(const struct eg_table_builder *b);
/* The builder must be idle. [control] */
void eg_table_builder_ask(struct eg_table_builder *b, const struct eg_table_job *job);
/* Takes back the job that is done; false where there is none. [control] */
bool eg_table_builder_done(struct eg_table_builder *b, struct eg_table_job *job);
/* Waits for the job under way. True where there was one that was not taken back: its memory is the
 * caller's again. [control] */
bool eg_table_builder_stop(struct eg_table_builder *b, struct eg_table_job *job);

#endif
