/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The comb tables of the keys that are served: who gets one by how much it is used, built beside
 * everything else, shared by all key sets that name the key.
 *
 *   new key set ──attach──▶ slot and table of each key ──▶ published, read by workers
 *                             ▲                                 │ counts by slot
 *        tables, on huge pages│                                 ▼
 *   builder thread ◀── plan (eg_ed25519_budget) ◀── heat ◀── eg_keytables_turn ──▶ "publish a copy"
 *                                                                │
 *   old key set ──detach, after every worker has passed it──▶ what nobody names any more is freed
 *
 * A key without a table is verified the generic way, so that nothing waits for one: keys start
 * without, and a set with new tables is published when they are built. Threads: [control], but for
 * the builder, which is inside. Allocates.
 */
#ifndef EG_KEYTABLES_H
#define EG_KEYTABLES_H

#include "eg_ed25519_table.h"
#include "eg_keyset.h"
#include "eg_pages.h"
#include "eg_stats.h"

/* eg_ed25519_table_build, or what a test puts in its place. */
typedef int (*eg_keytables_build)(struct eg_ed25519_table *mem,
    const uint8_t public[EG_ED25519_PUBLIC_BYTES], unsigned window_bits, struct eg_error *err);

struct eg_keytables_config {
	struct eg_stats *stats; /* counts by slot come from it, rows of keys go there */
	size_t budget_bytes; /* of all tables in use; while they are exchanged the old ones stay */
	size_t base_bytes;   /* of it for the base point */
	eg_keytables_build build;
	bool with_thread; /* false: tables are built within eg_keytables_turn */
};

struct eg_keytables;

/* Starts the builder on the CPUs of the caller. config is copied. NULL with the reason in err. */
struct eg_keytables *eg_keytables_new(
    const struct eg_keytables_config *config, struct eg_error *err);
/* Waits for the builder; frees all tables: no set that is attached is read any more. NULL is fine.
 */
void eg_keytables_free(struct eg_keytables *kt);

/* Gives each key of a set its slot and the table that it has today. Before the set is published,
 * once; it is the newest now, and only keys of the newest get tables. Without memory or with no
 * slot left a key shares slot 0 and gets no table. */
void eg_keytables_attach(struct eg_keytables *kt, struct eg_keyset *set);
/* Before an attached set is freed, which nobody reads any more. */
void eg_keytables_detach(struct eg_keytables *kt, const struct eg_keyset *set);

/* One round: takes what is built, looks at the counts once a second, plans, asks for the next
 * table. True: there are tables that the newest set does not name: publish a copy of it. Cost: some
 * µs, and once a second a sort of all keys. */
bool eg_keytables_turn(struct eg_keytables *kt, uint64_t now_ns);

/* What it has come to, for a log line. */
struct eg_keytables_summary {
	uint32_t keys, tables;
	size_t table_bytes;                    /* in use, the base point's included */
	uint32_t on_pages[EG_PAGES_PLAIN + 1]; /* tables by enum eg_pages_kind */
	bool settled;                          /* nothing is being built */
};
struct eg_keytables_summary eg_keytables_summary(const struct eg_keytables *kt);

#endif
