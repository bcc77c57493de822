/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <stdlib.h>

struct shard {
	/* The owner release-stores, readers acquire-load; NULL: nothing is denied. */
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic(struct eg_table *) table;
	/* The owner writes, control reads. used_cnt is stored before the release of applied_cnt. */
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint32_t applied_cnt;
	_Atomic uint32_t used_cnt; /* entries in `table` */
	/* Control's own. */
	_Alignas(EG_CACHE_LINE_BYTES) struct eg_table *newest; /* the last one sent */
	uint32_t sent_cnt;
};

struct eg_revoke {
	struct shard shard[EG_SHARDS];
	struct eg_table *retired;
	uint64_t now_s;
};

struct eg_revoke *eg_revoke_new(void)
{
	struct eg_revoke *rv = aligned_alloc(EG_CACHE_LINE_BYTES, sizeof(*rv));

	if (rv == NULL)
		return NULL;
	memset(rv, 0, sizeof(*rv));
	return rv;
}

void eg_revoke_free(struct eg_revoke *rv)
{
	if (rv == NULL)
		return;
	for (unsigned i = 0; i < EG_SHARDS; i++)
		free(rv->shard[i].newest);
	for (struct eg_table *t = rv->retired; t != NULL;) {
		struct eg_table *next = t->next;

		free(t);
		t = next;
	}
	free(rv);
}

void eg_revoke_set_now(struct eg_revoke *rv, uint64_t now_s)
{
	if (now_s > rv->now_s)
		rv->now_s = now_s;
}

struct eg_hash128 eg_revoke_hash(
    const struct eg_hash_key *issuer_key, enum eg_revoke_kind kind, struct eg_span value)
{
	uint8_t buf[1 + 255];
	size_t len = value.len < sizeof(buf) - 1 ? value.len : sizeof(buf) - 1;

	buf[0] = (uint8_t)kind;
	if (len != 0)
		memcpy(buf + 1, value.ptr, len);
	return eg_hash128(issuer_key, eg_span(buf, 1 + len));
}

/* ── control: entries and growth ── */

/* Operations that the owner has not applied yet, at most. */
static uint32_t in_flight(const struct shard *s)
{
	/* Pairs with the release store in count_applied. */
	return s->sent_cnt - atomic_load_explicit(&s->applied_cnt, memory_order_acquire);
}

/* An upper bound of the entries in `newest` once everything sent is applied: each operation on its
 * way may add one. */
static uint64_t used_at_most(const struct shard *s)
{
	uint64_t flight = in_flight(s);

	return flight + atomic_load_explicit(&s->used_cnt, memory_order_relaxed);
}

/* The same for a table that is rebuilt at now_s. */
static uint64_t kept_at_most(const struct shard *s, uint64_t now_s)
{
	uint64_t flight = in_flight(s);
	/* Pairs with the release store in apply_table. */
	const struct eg_table *live = atomic_load_explicit(&s->table, memory_order_acquire);

	return flight + (live != NULL ? eg_table_count(live, now_s) : 0);
}

static void send(struct shard *s, const struct eg_revoke_op *op, const struct eg_revoke_sink *sink)
{
	s->sent_cnt++;
	sink->put(sink->ctx, op);
}

static void retire(struct eg_revoke *rv, struct eg_table *table)
{
	if (table == NULL)
		return;
	table->stage = EG_TABLE_REPLACED;
	table->next = rv->retired;
	rv->retired = table;
}

/* Sends a table with room for one more entry. */
static int send_table(
    struct eg_revoke *rv, unsigned shard, const struct eg_revoke_sink *sink, struct eg_error *err)
{
	struct shard *s = &rv->shard[shard];
	uint32_t capacity = eg_table_capacity_for(kept_at_most(s, rv->now_s) + 1);
	struct eg_revoke_op op = {.kind = EG_REVOKE_OP_TABLE, .shard = (uint8_t)shard};
	struct eg_table *table;

	if (capacity == 0)
		return eg_error_set(err, EG_ELIMIT, "too many revoked values");
	table = eg_table_new(capacity);
	if (table == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for %u revoked values", capacity);
	op.table.table = table;
	op.table.now_s = rv->now_s;
	retire(rv, s->newest);
	s->newest = table;
	send(s, &op, sink);
	return 0;
}

int eg_revoke_set_entry(struct eg_revoke *rv, struct eg_hash128 hash, enum eg_revoke_kind kind,
    uint64_t value, const struct eg_revoke_sink *sink, struct eg_error *err)
{
	unsigned shard = eg_shard_of_hash(hash);
	struct shard *s = &rv->shard[shard];
	struct eg_revoke_op op = {
	    .kind = EG_REVOKE_OP_ENTRY,
	    .shard = (uint8_t)shard,
	    .entry = {.hash = hash, .value = value, .kind = (uint8_t)kind},
	};

	if (s->newest == NULL || used_at_most(s) >= eg_table_limit(s->newest)) {
		int rc = send_table(rv, shard, sink, err);

		if (rc != 0)
			return rc;
	}
	send(s, &op, sink);
	return 0;
}

static bool may_free(struct eg_table *table, uint64_t sent_epoch, uint64_t applied_epoch)
{
	if (table->stage == EG_TABLE_REPLACED) {
		/* The operation may have gone out behind sent_epoch, where a pass was cut short. */
		table->stage = EG_TABLE_SENT;
		table->wait_epoch = sent_epoch + 1;
	}
	if (applied_epoch < table->wait_epoch)
		return false;
	if (table->stage == EG_TABLE_PUBLISHED)
		return true;
	/* A worker may have looked just before the owner published: wait for an epoch that is
	 * sent after now. */
	table->stage = EG_TABLE_PUBLISHED;
	table->wait_epoch = sent_epoch + 1;
	return false;
}

void eg_revoke_reclaim(struct eg_revoke *rv, uint64_t sent_epoch, uint64_t applied_epoch)
{
	struct eg_table **at = &rv->retired;

	while (*at != NULL) {
		struct eg_table *table = *at;

		if (may_free(table, sent_epoch, applied_epoch)) {
			*at = table->next;
			free(table);
		} else {
			at = &table->next;
		}
	}
}

/* ── owner ── */

static void apply_table(struct shard *s, const struct eg_revoke_op *op)
{
	const struct eg_table *old = atomic_load_explicit(&s->table, memory_order_relaxed);
	struct eg_table *table = op->table.table;
	uint32_t used = old != NULL ? eg_table_move(table, old, op->table.now_s) : 0;

	atomic_store_explicit(&s->used_cnt, used, memory_order_relaxed);
	/* Pairs with the acquire in live_table and kept_at_most: who sees it sees its entries. */
	atomic_store_explicit(&s->table, table, memory_order_release);
}

static void apply_entry(struct shard *s, const struct eg_revoke_op *op)
{
	struct eg_table *table = atomic_load_explicit(&s->table, memory_order_relaxed);
	uint32_t used = atomic_load_explicit(&s->used_cnt, memory_order_relaxed);

	used += eg_table_put(
	    table, op->entry.hash, (enum eg_revoke_kind)op->entry.kind, op->entry.value);
	atomic_store_explicit(&s->used_cnt, used, memory_order_relaxed);
}

static void count_applied(struct shard *s)
{
	uint32_t cnt = atomic_load_explicit(&s->applied_cnt, memory_order_relaxed);

	/* Pairs with the acquire in in_flight. */
	atomic_store_explicit(&s->applied_cnt, cnt + 1, memory_order_release);
}

void eg_revoke_apply(struct eg_revoke *rv, const struct eg_revoke_op *op)
{
	struct shard *s = &rv->shard[op->shard];

	switch ((enum eg_revoke_op_kind)op->kind) {
	case EG_REVOKE_OP_WORD:
		eg_bitmap_apply(op);
		break;
	case EG_REVOKE_OP_ENTRY:
		apply_entry(s, op);
		count_applied(s);
		break;
	case EG_REVOKE_OP_TABLE:
		apply_table(s, op);
		count_applied(s);
		break;
	}
}

/* ── readers ── */

static const struct eg_table *live_table(const struct eg_revoke *rv, struct eg_hash128 hash)
{
	/* Pairs with the release store in apply_table. */
	return atomic_load_explicit(&rv->shard[eg_shard_of_hash(hash)].table, memory_order_acquire);
}

bool eg_revoke_lookup(const struct eg_revoke *rv, struct eg_hash128 hash, uint64_t *value)
{
	const struct eg_table *table = live_table(rv, hash);

	*value = 0;
	return table != NULL && eg_table_get(table, hash, value);
}

void eg_revoke_prefetch(const struct eg_revoke *rv, struct eg_hash128 hash)
{
	const struct eg_table *table = live_table(rv, hash);

	if (table != NULL)
		eg_table_prefetch(table, hash);
}

/* Is the token at or before the cutoff of this hash, or undated while there is one? */
static bool is_cut_off(
    const struct eg_revoke *rv, struct eg_hash128 hash, const struct eg_revoke_query *q)
{
	uint64_t cutoff_s;

	if (!eg_revoke_lookup(rv, hash, &cutoff_s))
		return false;
	return (q->has & EG_REVOKE_HAS_IAT) == 0 || q->iat_floor_s < 0 ||
	       (uint64_t)q->iat_floor_s <= cutoff_s;
}

/* R4: the detail of the first id that is denied, or NONE. */
static enum eg_detail denied_id(const struct eg_revoke *rv, const struct eg_revoke_query *q)
{
	const struct {
		uint32_t has;
		enum eg_detail detail;
		struct eg_hash128 hash;
	} ids[] = {
	    {EG_REVOKE_HAS_JTI, EG_DETAIL_JTI, q->jti},
	    {EG_REVOKE_HAS_CTI, EG_DETAIL_CTI, q->cti},
	    {EG_REVOKE_HAS_SID, EG_DETAIL_SID, q->sid},
	    {EG_REVOKE_HAS_JKT, EG_DETAIL_JKT, q->jkt},
	};
	uint64_t exp_s;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if ((q->has & ids[i].has) != 0 && eg_revoke_lookup(rv, ids[i].hash, &exp_s))
			return ids[i].detail;
	return EG_DETAIL_NONE;
}

static struct eg_revoke_answer revoked(enum eg_detail detail)
{
	return (struct eg_revoke_answer){EG_REVOKED, (uint8_t)detail};
}

/* R5. A value that no table names is not an accept. */
static struct eg_revoke_answer status_of(unsigned value)
{
	switch (value) {
	case 0:
		return (struct eg_revoke_answer){EG_OK, EG_DETAIL_NONE};
	case 2:
		return (struct eg_revoke_answer){EG_SUSPENDED, EG_DETAIL_NONE};
	default:
		return revoked(EG_DETAIL_LIST);
	}
}

struct eg_revoke_answer eg_revoke_check(const struct eg_revoke *rv, const struct eg_revoke_query *q)
{
	enum eg_detail detail;

	if (is_cut_off(rv, q->issuer, q))
		return revoked(EG_DETAIL_ISSUER);
	if ((q->has & EG_REVOKE_HAS_SUB) != 0 && is_cut_off(rv, q->sub, q))
		return revoked(EG_DETAIL_SUBJECT);
	detail = denied_id(rv, q);
	if (detail != EG_DETAIL_NONE)
		return revoked(detail);
	return status_of((q->has & EG_REVOKE_HAS_INDEX) != 0 ? eg_bitmap_get(q->map, q->idx) : 0);
}
