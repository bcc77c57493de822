/* SPDX-License-Identifier: BSD-3-Clause */
#include "feed.h"

#include "eg_log.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FULL_WAIT_NS 50000L

static void publish_clock(struct eg_feed *feed)
{
	bool held = !eg_utc_publish(feed->utc, eg_clock_mono_ns(), eg_clock_utc_ns());

	if (held && !feed->clock_held) {
		atomic_fetch_add_explicit(
		    &feed->stats->header->clock_alarms, 1, memory_order_relaxed);
		eg_log(EG_LOG_WARNING,
		    "the clock was set back by more than 1 s: time stands still until it has "
		    "caught up");
	}
	feed->clock_held = held;
}

/* ── snapshots and the tables that their keys name ── */

static void take_in(struct eg_feed *feed, struct eg_snapshot *snapshot)
{
	if (feed->tables != NULL)
		eg_keytables_attach(feed->tables, snapshot->keys);
}

static void drop(struct eg_feed *feed, struct eg_snapshot *snapshot)
{
	if (snapshot != NULL && feed->tables != NULL)
		eg_keytables_detach(feed->tables, snapshot->keys);
	eg_snapshot_free(snapshot);
}

void eg_feed_set_tables(struct eg_feed *feed, struct eg_keytables *tables)
{
	feed->tables = tables;
	take_in(feed, feed->snapshot);
}

/* ── before the workers ── */

static void keep_snapshot(void *ctx, struct eg_snapshot *snapshot)
{
	struct eg_feed *feed = ctx;

	take_in(feed, snapshot);
	drop(feed, feed->snapshot);
	feed->snapshot = snapshot;
}

static void keep_epoch(void *ctx, uint64_t epoch)
{
	struct eg_feed *feed = ctx;

	feed->epoch = epoch;
	atomic_store_explicit(&feed->stats->header->state_epoch, epoch, memory_order_relaxed);
}

/* ── with them ── */

static void send(struct eg_feed *feed, unsigned worker, const struct eg_mail *mail)
{
	const struct timespec wait = {0, FULL_WAIT_NS};

	while (!eg_mailbox_put(feed->worker[worker].mailbox, mail)) {
		(void)nanosleep(&wait, NULL);
		publish_clock(feed);
	}
}

static void send_to_all(struct eg_feed *feed, const struct eg_mail *mail)
{
	for (unsigned i = 0; i < feed->worker_cnt; i++)
		send(feed, i, mail);
}

static void send_op(void *ctx, const struct eg_revoke_op *op)
{
	struct eg_feed *feed = ctx;
	const struct eg_mail mail = {.kind = EG_MAIL_OP, .op = *op};

	send(feed, eg_shard_owner(op->shard, feed->worker_cnt), &mail);
}

static void settle(void *ctx)
{
	const struct timespec wait = {0, FULL_WAIT_NS};
	struct eg_feed *feed = ctx;

	for (unsigned i = 0; i < feed->worker_cnt; i++) {
		const struct eg_mailbox *box = feed->worker[i].mailbox;

		while (!eg_mailbox_has_passed(box, eg_mailbox_sent(box))) {
			(void)nanosleep(&wait, NULL);
			publish_clock(feed);
		}
	}
}

/* Its successor is in every mailbox by now. */
static void retire(struct eg_feed *feed, struct eg_snapshot *snapshot)
{
	struct eg_retired *r = malloc(sizeof(*r));

	/* Without memory to remember it by it is never freed, rather than too early. */
	if (r == NULL)
		return;
	*r = (struct eg_retired){.next = feed->retired, .snapshot = snapshot};
	for (unsigned i = 0; i < feed->worker_cnt; i++)
		r->passed[i] = eg_mailbox_sent(feed->worker[i].mailbox);
	feed->retired = r;
}

static void send_snapshot(void *ctx, struct eg_snapshot *snapshot)
{
	struct eg_feed *feed = ctx;

	take_in(feed, snapshot);
	send_to_all(feed, &(struct eg_mail){.kind = EG_MAIL_SNAPSHOT, .snapshot = snapshot});
	if (feed->snapshot != NULL)
		retire(feed, feed->snapshot);
	feed->snapshot = snapshot;
}

static void send_epoch(void *ctx, uint64_t epoch)
{
	struct eg_feed *feed = ctx;

	send_to_all(feed, &(struct eg_mail){.kind = EG_MAIL_EPOCH, .epoch = epoch});
	keep_epoch(feed, epoch);
}

void eg_feed_set_engine(struct eg_feed *feed, unsigned worker, const struct eg_ed25519_impl *engine)
{
	send(feed, worker, &(struct eg_mail){.kind = EG_MAIL_ENGINE, .engine = engine});
}

/* When all are built, and not each time that one grows and another shrinks. */
static void say_tables(struct eg_feed *feed)
{
	struct eg_keytables_summary sum = eg_keytables_summary(feed->tables);

	if (!sum.settled ||
	    (sum.keys == feed->said_tables.keys && sum.tables == feed->said_tables.tables))
		return;
	feed->said_tables = sum;
	eg_report_tables(&sum, feed->stats->header->table_budget_bytes);
}

/* No tables without memory for the copy: tried again in the next round. */
static void publish_tables(struct eg_feed *feed)
{
	struct eg_snapshot *copy;

	if (!eg_keytables_turn(feed->tables, eg_clock_mono_ns()) ||
	    eg_snapshot_copy(feed->snapshot, &copy, NULL) != 0)
		return;
	send_snapshot(feed, copy);
	say_tables(feed);
}

static bool have_all_passed(const struct eg_feed *feed, const struct eg_retired *r)
{
	for (unsigned i = 0; i < feed->worker_cnt; i++)
		if (!eg_mailbox_has_passed(feed->worker[i].mailbox, r->passed[i]))
			return false;
	return true;
}

static void reclaim(struct eg_feed *feed)
{
	uint64_t applied = eg_stats_applied_epoch(feed->stats);
	struct eg_retired **at = &feed->retired;

	while (*at != NULL) {
		struct eg_retired *r = *at;

		if (!have_all_passed(feed, r)) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		drop(feed, r->snapshot);
		free(r);
	}
	eg_revoke_reclaim(feed->revoke, feed->epoch, applied);
}

static void note_trouble(struct eg_feed *feed, const struct eg_error *err)
{
	atomic_fetch_add_explicit(&feed->stats->header->state_errors, 1, memory_order_relaxed);
	if (strcmp(err->text, feed->said.text) == 0)
		return;
	eg_log(EG_LOG_ERROR, "%s; serving the state of before", err->text);
	feed->said = *err;
}

/* Workers read the word each turn: it is written when it changes, once a second. */
static void note_contact(struct eg_feed *feed)
{
	_Atomic uint64_t *word = &feed->stats->header->state_read_utc_s;
	const uint64_t now_s = (uint64_t)(eg_clock_utc_ns() / EG_NS_PER_S);

	if (atomic_load_explicit(word, memory_order_relaxed) != now_s)
		atomic_store_explicit(word, now_s, memory_order_relaxed);
}

static void note_success(struct eg_feed *feed)
{
	note_contact(feed);
	if (feed->said.code == 0)
		return;
	eg_log(EG_LOG_INFO, "the state can be read again");
	feed->said = (struct eg_error){0};
}

static int follow(struct eg_feed *feed, struct eg_error *err)
{
	const struct eg_follower direct = {
	    feed, eg_revoke_direct_sink(feed->revoke), keep_snapshot, keep_epoch};
	const struct eg_follower mailed = {
	    feed, {feed, send_op, settle}, send_snapshot, send_epoch};
	bool changed;

	return eg_state_follow(
	    feed->state, feed->revoke, feed->worker == NULL ? &direct : &mailed, &changed, err);
}

int eg_feed_open(struct eg_feed *feed, const char *dir, unsigned worker_cnt, struct eg_error *err)
{
	int rc;

	feed->worker_cnt = worker_cnt;
	feed->revoke = eg_revoke_new();
	if (feed->revoke == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for the revocation shards");
	rc = eg_state_open(&feed->state, dir, EG_STATE_READ, err);
	if (rc == 0)
		rc = follow(feed, err);
	if (rc == 0)
		note_success(feed);
	return rc;
}

int eg_feed_check(struct eg_feed *feed, struct eg_error *err)
{
	return follow(feed, err);
}

void eg_feed_launch(struct eg_feed *feed, struct eg_worker workers[])
{
	feed->worker = workers;
}

void eg_feed_turn(struct eg_feed *feed)
{
	struct eg_error err = {0};

	publish_clock(feed);
	if (follow(feed, &err) != 0)
		note_trouble(feed, &err);
	else
		note_success(feed);
	publish_tables(feed);
	reclaim(feed);
}

void eg_feed_close(struct eg_feed *feed)
{
	while (feed->retired != NULL) {
		struct eg_retired *r = feed->retired;

		feed->retired = r->next;
		drop(feed, r->snapshot);
		free(r);
	}
	drop(feed, feed->snapshot);
	if (feed->revoke != NULL)
		eg_revoke_free(feed->revoke);
	if (feed->state != NULL)
		eg_state_close(feed->state);
}
