/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine.h"

#include "eg_ed25519_selftest.h"
#include "eg_log.h"
#include "eg_recheck.h"

#define BASE_WINDOW_BITS 12u /* of the base point's table (lib/ed25519/comb.h) */
/* A verification of libsodium takes about 50 µs: less than 1 ms of a turn of 10 ms. */
#define RECHECKS_A_TURN 16u

int eg_engine_check(const struct eg_config *config, bool *uses_tables, struct eg_error *err)
{
	*uses_tables = true;
	if (config->ed25519 == NULL)
		return 0;
	for (unsigned i = 0; eg_ed25519_impls[i] != NULL; i++)
		if (strcmp(eg_ed25519_impls[i]->name, config->ed25519) == 0) {
			*uses_tables = eg_ed25519_impls[i]->uses_tables;
			return 0;
		}
	return eg_error_set(
	    err, EG_EINVAL, "ed25519: there is no implementation '%s'", config->ed25519);
}

int eg_engine_choose(struct eg_engine *engine, const struct eg_config *config, struct eg_error *err)
{
	int rc;

	*engine = (struct eg_engine){.impl = eg_ed25519_select(config->ed25519, err)};
	if (engine->impl == NULL)
		return err->code;
	engine->fallback = eg_ed25519_select("sodium", err);
	if (engine->fallback == NULL)
		return err->code;
	rc = eg_ed25519_selftest(engine->impl, err);
	if (rc != 0)
		return eg_error_prefix(err, "this CPU fails the self-test; see edgatectl selftest");
	return 0;
}

struct eg_keytables *eg_engine_start_tables(const struct eg_engine *engine,
    const struct eg_config *config, struct eg_stats *stats, struct eg_error *err)
{
	const struct eg_keytables_config with = {
	    .stats = stats,
	    .budget_bytes = engine->impl->uses_tables ? config->table_budget_bytes : 0,
	    .base_bytes = engine->impl->uses_tables ? eg_ed25519_table_bytes(BASE_WINDOW_BITS) : 0,
	    .build = eg_ed25519_table_build,
	    .with_thread = true,
	};

	stats->header->table_budget_bytes = with.budget_bytes;
	return eg_keytables_new(&with, err);
}

static void count(_Atomic uint64_t *word)
{
	atomic_fetch_add_explicit(word, 1, memory_order_relaxed);
}

static void fall_back(struct eg_engine *engine, struct eg_feed *feed, unsigned worker,
    const struct eg_evidence *evidence)
{
	char text[EG_EVIDENCE_TEXT_BYTES];

	count(&feed->stats->header->signature_disagreements);
	if (engine->has_fallen[worker])
		return; /* a sample from before the switch */
	engine->has_fallen[worker] = true;
	eg_feed_set_engine(feed, worker, engine->fallback);
	eg_evidence_text(evidence, text);
	eg_log(EG_LOG_ERROR,
	    "ALARM: worker %u gave a wrong verdict and is switched to libsodium: Ed25519 '%s' %s",
	    worker, engine->impl->name, text);
}

static bool recheck_one(struct eg_engine *engine, struct eg_feed *feed, unsigned worker)
{
	struct eg_sample_ring *samples = feed->worker[worker].samples;
	struct eg_evidence evidence;
	enum eg_recheck found;

	if (samples == NULL)
		return false;
	found = eg_recheck_next(samples, engine->impl, &evidence);
	if (found == EG_RECHECK_NONE)
		return false;
	count(&feed->stats->header->signature_checks);
	if (found == EG_RECHECK_DISAGREES)
		fall_back(engine, feed, worker, &evidence);
	return true;
}

void eg_engine_turn(struct eg_engine *engine, struct eg_feed *feed)
{
	unsigned empty = 0;

	for (unsigned done = 0; done < RECHECKS_A_TURN && empty < feed->worker_cnt;) {
		bool had_one = recheck_one(engine, feed, engine->next);

		engine->next = (engine->next + 1) % feed->worker_cnt;
		done += had_one;
		empty = had_one ? 0 : empty + 1;
	}
}
