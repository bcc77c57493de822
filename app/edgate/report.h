/* SPDX-License-Identifier: BSD-3-Clause */
/* What edgate says about itself: one line when it is ready, the counters at the end. [control] */
#ifndef EDGATE_REPORT_H
#define EDGATE_REPORT_H

#include "eg_config.h"
#include "eg_keytables.h"
#include "eg_stats.h"

void eg_report_ready(const struct eg_config *config, const char *ed25519, uint64_t epoch);

/* On stdout, for --check: the memory that tables and caches may take. */
void eg_report_need(const struct eg_config *config);

/* One line: how many keys have tables, and on which pages they lie. */
void eg_report_tables(const struct eg_keytables_summary *sum, uint64_t budget_bytes);

/* On stdout: "name number" for every total that is not zero, and the two balances. */
void eg_report_final(const struct eg_stats *stats, uint64_t run_ns);

#endif
