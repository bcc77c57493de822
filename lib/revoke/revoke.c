/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <stdlib.h>

struct shard {
	/* The owner release-stores, readers acquire-load; NULL: nothing is denied. */
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic(struct eg_table *) table;
	/* Entries in `table`. The owner writes, control reads when all is settled. */
	_Alignas(EG_CACHE_LINE_BYTES) _Atomic uint32_t used_cnt;
	/* Control's own. */
	_Alignas(EG_CACHE_LINE_BYTES) struct eg_table *newest; /* the last one sent */
	uint32_t room;           /* entries that it certainly takes still */
	struct eg_table *staged; /* control writes it; NULL while nothing is staged */
	uint32_t staged_cnt;
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
	eg_revoke_discard(rv);
	for (unsigned i = 0; i < EG_SHARDS; i++)
		eg_table_free(rv->shard[i].newest);
	for (struct eg_table *t = rv->retired; t != NULL;) {
		struct eg_table *next = t->next;

		eg_table_free(t);
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

static bool is_cutoff(enum eg_revoke_kind kind)
{
	return kind >= EG_REVOKE_SUBJECT;
}

/* ── control: entries and growth ── */

static void retire(struct eg_revoke *rv, struct eg_table *table)
{
	if (table == NULL)
		return;
	table->stage = EG_TABLE_REPLACED;
	table->next = rv->retired;
	rv->retired = table;
}

/* A copy of `from` (or NULL) with room for `extra` more; *used_cnt entries are in it. */
static struct eg_table *enlarge(const struct eg_table *from, uint32_t extra, uint64_t now_s,
    uint32_t *used_cnt, struct eg_error *err)
{
	uint32_t kept = from != NULL ? eg_table_copy(NULL, from, now_s) : 0;
	struct eg_table *table = eg_table_new((uint64_t)kept + extra);

	*used_cnt = kept;
	if (table == NULL)
		(void)eg_error_set(err, EG_ENOMEM, "no memory for %llu revoked values",
		    (unsigned long long)kept + extra);
	else if (from != NULL)
		(void)eg_table_copy(table, from, now_s);
	return table;
}

static void send_table(struct eg_revoke *rv, unsigned shard, struct eg_table *table,
    uint32_t used_cnt, const struct eg_revoke_sink *sink)
{
	struct shard *s = &rv->shard[shard];
	struct eg_revoke_op op = {.kind = EG_REVOKE_OP_TABLE,
	    .shard = (uint8_t)shard,
	    .table = {.table = table, .used_cnt = used_cnt}};

	retire(rv, s->newest);
	s->newest = table;
	s->room = eg_table_limit(table) - used_cnt;
	sink->put(sink->ctx, &op);
}

/* All is settled: the table in force is `newest`, and its owner writes nothing until the next
 * operation. */
static int replace_table(struct eg_revoke *rv, unsigned shard, uint32_t extra,
    const struct eg_revoke_sink *sink, struct eg_error *err)
{
	uint32_t used_cnt;
	struct eg_table *table = enlarge(rv->shard[shard].newest, extra, rv->now_s, &used_cnt, err);

	if (table == NULL)
		return -EG_ENOMEM;
	send_table(rv, shard, table, used_cnt, sink);
	return 0;
}

/* Looks how much room there really is for `extra` more; where it is not enough, or so little that
 * the next look would come at once, the table is replaced. */
static int make_room(struct eg_revoke *rv, unsigned shard, uint32_t extra,
    const struct eg_revoke_sink *sink, struct eg_error *err)
{
	struct shard *s = &rv->shard[shard];
	uint64_t used, limit;

	if (s->newest == NULL)
		return replace_table(rv, shard, extra, sink, err);
	sink->settle(sink->ctx);
	used = atomic_load_explicit(&s->used_cnt, memory_order_relaxed);
	limit = eg_table_limit(s->newest);
	if (used + extra + limit / 16 > limit)
		return replace_table(rv, shard, extra, sink, err);
	s->room = (uint32_t)(limit - used);
	return 0;
}

/* ── control: all entries anew ── */

int eg_revoke_stage(struct eg_revoke *rv, uint64_t entries, struct eg_error *err)
{
	/* A shard has more than its part by chance: six standard deviations from 1.5·10^5 on. */
	uint64_t of_shard = entries / EG_SHARDS + entries / EG_SHARDS / 64;

	for (unsigned i = 0; i < EG_SHARDS; i++) {
		rv->shard[i].staged = eg_table_new(of_shard);
		rv->shard[i].staged_cnt = 0;
		if (rv->shard[i].staged == NULL) {
			eg_revoke_discard(rv);
			return eg_error_set(err, EG_ENOMEM, "no memory for %llu revoked values",
			    (unsigned long long)entries);
		}
	}
	return 0;
}

static int stage_entry(
    struct eg_revoke *rv, struct shard *s, const struct eg_table_item *item, struct eg_error *err)
{
	if (s->staged_cnt == eg_table_limit(s->staged)) {
		struct eg_table *larger = enlarge(s->staged, 1, rv->now_s, &s->staged_cnt, err);

		if (larger == NULL)
			return -EG_ENOMEM;
		eg_table_free(s->staged);
		s->staged = larger;
	}
	s->staged_cnt += eg_table_put(s->staged, item);
	return 0;
}

void eg_revoke_publish(struct eg_revoke *rv, const struct eg_revoke_sink *sink)
{
	for (unsigned i = 0; i < EG_SHARDS; i++) {
		struct shard *s = &rv->shard[i];
		struct eg_table *table = s->staged;

		s->staged = NULL;
		send_table(rv, i, table, s->staged_cnt, sink);
	}
}

void eg_revoke_discard(struct eg_revoke *rv)
{
	for (unsigned i = 0; i < EG_SHARDS; i++) {
		eg_table_free(rv->shard[i].staged);
		rv->shard[i].staged = NULL;
	}
}

/* ── control: one entry ── */

int eg_revoke_set_entry(struct eg_revoke *rv, struct eg_hash128 hash, enum eg_revoke_kind kind,
    uint64_t value, const struct eg_revoke_sink *sink, struct eg_error *err)
{
	unsigned shard = eg_shard_of_hash(hash);
	struct shard *s = &rv->shard[shard];
	struct eg_revoke_op op = {
	    .kind = EG_REVOKE_OP_ENTRY,
	    .shard = (uint8_t)shard,
	    .entry = {.hash = hash, .value = value, .now_s = rv->now_s, .kind = (uint8_t)kind},
	};

	if (s->staged != NULL)
		return stage_entry(
		    rv, s, &(struct eg_table_item){hash, is_cutoff(kind), value, rv->now_s}, err);
	if (s->room == 0) {
		int rc = make_room(rv, shard, 1, sink, err);

		if (rc != 0)
			return rc;
	}
	s->room--;
	sink->put(sink->ctx, &op);
	return 0;
}

void eg_revoke_remove_entry(
    struct eg_revoke *rv, struct eg_hash128 hash, const struct eg_revoke_sink *sink)
{
	unsigned shard = eg_shard_of_hash(hash);
	struct shard *s = &rv->shard[shard];
	struct eg_revoke_op op = {
	    .kind = EG_REVOKE_OP_REMOVE, .shard = (uint8_t)shard, .remove = {.hash = hash}};

	if (s->staged != NULL)
		s->staged_cnt -= eg_table_remove(s->staged, hash);
	else if (s->newest != NULL)
		sink->put(sink->ctx, &op);
}

uint64_t eg_revoke_memory(const struct eg_revoke *rv)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < EG_SHARDS; i++)
		if (rv->shard[i].newest != NULL)
			bytes += eg_table_bytes(rv->shard[i].newest);
	return bytes;
}

/* Where hashes are even, one shard has mean + 6 * sqrt(mean) at most (six standard deviations). For
 * any c that is no more than mean + mean / c + 9 * c; of 8 and 64 the one that is lower. It is
 * never below what eg_revoke_stage makes room for, and a table that was too small has grown to what
 * is in it. */
static uint64_t most_of_shard(uint64_t values)
{
	uint64_t mean = values / EG_SHARDS + 1;
	uint64_t few = mean / 8 + 1 + 9 * 8, many = mean / 64 + 1 + 9 * 64;

	return mean + (few < many ? few : many);
}

uint64_t eg_revoke_memory_max(uint64_t values)
{
	return EG_SHARDS * eg_table_bytes_max(most_of_shard(values));
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
			eg_table_free(table);
		} else {
			at = &table->next;
		}
	}
}

/* ── owner ── */

static void apply_table(struct shard *s, const struct eg_revoke_op *op)
{
	atomic_store_explicit(&s->used_cnt, op->table.used_cnt, memory_order_relaxed);
	/* Pairs with the acquire in live_table: who sees it sees its entries. */
	atomic_store_explicit(&s->table, op->table.table, memory_order_release);
}

static void apply_entry(struct shard *s, const struct eg_revoke_op *op)
{
	struct eg_table *table = atomic_load_explicit(&s->table, memory_order_relaxed);
	uint32_t used = atomic_load_explicit(&s->used_cnt, memory_order_relaxed);
	const struct eg_table_item item = {
	    .hash = op->entry.hash,
	    .is_cutoff = is_cutoff((enum eg_revoke_kind)op->entry.kind),
	    .value = op->entry.value,
	    .now_s = op->entry.now_s,
	};

	used += eg_table_put(table, &item);
	atomic_store_explicit(&s->used_cnt, used, memory_order_relaxed);
}

static void apply_remove(struct shard *s, const struct eg_revoke_op *op)
{
	struct eg_table *table = atomic_load_explicit(&s->table, memory_order_relaxed);
	uint32_t used = atomic_load_explicit(&s->used_cnt, memory_order_relaxed);

	used -= eg_table_remove(table, op->remove.hash);
	atomic_store_explicit(&s->used_cnt, used, memory_order_relaxed);
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
		break;
	case EG_REVOKE_OP_REMOVE:
		apply_remove(s, op);
		break;
	case EG_REVOKE_OP_TABLE:
		apply_table(s, op);
		break;
	}
}

static void apply_now(void *ctx, const struct eg_revoke_op *op)
{
	eg_revoke_apply(ctx, op);
}

static void nothing_waits(void *ctx)
{
	(void)ctx;
}

struct eg_revoke_sink eg_revoke_direct_sink(struct eg_revoke *rv)
{
	return (struct eg_revoke_sink){rv, apply_now, nothing_waits};
}

/* ── readers, and an owner who looks ahead ── */

static const struct eg_table *live_table(const struct eg_revoke *rv, struct eg_hash128 hash)
{
	/* Pairs with the release store in apply_table. */
	return atomic_load_explicit(&rv->shard[eg_shard_of_hash(hash)].table, memory_order_acquire);
}

void eg_revoke_prefetch_op(const struct eg_revoke *rv, const struct eg_revoke_op *op)
{
	const struct eg_table *table;

	if (op->kind == EG_REVOKE_OP_WORD) {
		eg_bitmap_prefetch_op(op);
	} else if (op->kind == EG_REVOKE_OP_ENTRY) {
		table = live_table(rv, op->entry.hash);
		if (table != NULL)
			eg_table_prefetch_put(table, op->entry.hash);
	}
}

bool eg_revoke_lookup(const struct eg_revoke *rv, struct eg_hash128 hash, uint64_t *value)
{
	const struct eg_table *table = live_table(rv, hash);

	if (value != NULL)
		*value = 0;
	return table != NULL && eg_table_get(table, hash, value);
}

const void *eg_revoke_line(const struct eg_revoke *rv, struct eg_hash128 hash)
{
	const struct eg_table *table = live_table(rv, hash);

	return table != NULL ? eg_table_line(table, hash) : rv;
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

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if ((q->has & ids[i].has) != 0 && eg_revoke_lookup(rv, ids[i].hash, NULL))
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
