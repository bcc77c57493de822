/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

_Static_assert((int)EG_TOKEN_JWT == (int)EG_FMT_JWT && (int)EG_TOKEN_CWT == (int)EG_FMT_CWT &&
                   (int)EG_TOKEN_PASETO == (int)EG_FMT_PASETO,
    "a detected format reads as one of the wire");

void eg_record_settle(
    struct eg_pipeline *p, struct eg_record_ref ref, const struct eg_egt_answer *answer)
{
	bool miss = answer->rflags & EG_RFLAG_STEER_MISS;

	eg_pipeline_count(p, miss ? EG_COUNTER_steer_miss : EG_COUNTER_steer_hit, 1);
	eg_frame_answer(p, ref, answer);
}

static void set_shard(struct eg_pipeline *p, struct eg_egt_answer *answer, unsigned shard)
{
	if (eg_shard_owner(shard, p->config.worker_cnt) == p->config.worker)
		answer->rflags &= (uint16_t)~EG_RFLAG_STEER_MISS;
	else
		answer->rflags |= EG_RFLAG_STEER_MISS;
}

/* ── route: is there a state to judge by, and by which policy ── */

/* Design section 2: past the policy's bound a strict one gets no answer of ours, a bounded one gets
 * it with a flag. */
static struct eg_finding check_freshness(struct eg_pipeline *p, unsigned slot)
{
	const struct eg_policy *policy = p->batch.policy[slot];

	if (policy->max_state_age_s == 0 || p->state_age_s <= policy->max_state_age_s)
		return eg_finding(EG_OK, EG_DETAIL_NONE);
	p->batch.answer[slot].rflags |= EG_RFLAG_STATE_STALE;
	eg_pipeline_count(p, EG_COUNTER_state_stale, 1);
	return eg_finding(policy->freshness == EG_FRESH_STRICT ? EG_STALE : EG_OK, EG_DETAIL_NONE);
}

/* STALE for an epoch stands before UNKNOWN_POLICY: a policy may be missing because we lag behind.
 */
static struct eg_finding route(struct eg_pipeline *p, unsigned slot)
{
	struct eg_batch *b = &p->batch;
	const struct eg_frame *frame = b->ref[slot].frame;

	set_shard(p, &b->answer[slot], eg_shard_of_token(b->record[slot].token));
	if (!p->ready)
		return eg_finding(EG_NOT_READY, EG_DETAIL_NONE);
	if (frame->epoch < frame->min_epoch)
		return eg_finding(EG_STALE, EG_DETAIL_NONE);
	b->policy[slot] = eg_snapshot_policy(p->snapshot, b->record[slot].policy_id);
	if (b->policy[slot] == NULL)
		return eg_finding(EG_UNKNOWN_POLICY, EG_DETAIL_NONE);
	return check_freshness(p, slot);
}

/* ── decode: S1–S7, then into the signature queue with all that the rest needs ── */

/* S1–S5, of the format that the record names or its first bytes show. */
static struct eg_finding parse(struct eg_pipeline *p, const struct eg_egt_record *record,
    const struct eg_policy *policy, struct eg_token *token)
{
	const bool is_told = record->fmt != EG_FMT_DETECT;
	const enum eg_token_fmt fmt =
	    is_told ? (enum eg_token_fmt)record->fmt : eg_token_detect(record->token);
	struct eg_token_message *room = eg_signature_queue_room(&p->queue);

	switch (fmt) {
	case EG_TOKEN_CWT:
		return eg_cwt_parse(record->token, is_told, policy, room, token);
	case EG_TOKEN_PASETO:
		return eg_paseto_parse(record->token, policy, &p->scratch, room, token);
	default:
		return eg_jwt_parse(record->token, policy, &p->scratch, token);
	}
}

/* S6. */
static struct eg_finding find_key(const struct eg_snapshot *snapshot,
    const struct eg_policy *policy, const struct eg_token *token, uint32_t *issuer_slot,
    const struct eg_key **key)
{
	int i = token->has & EG_HAS_ISS ? eg_policy_find_issuer(policy, token->iss) : -1;

	if (i < 0)
		return eg_finding(EG_BAD_ISS, EG_DETAIL_NONE);
	*issuer_slot = policy->issuer_slot[i];
	if (*issuer_slot == EG_POLICY_NO_SLOT)
		return eg_finding(EG_UNKNOWN_KEY, EG_DETAIL_NONE);
	*key = eg_keyset_find(snapshot->keys, *issuer_slot, token->has & EG_HAS_KID, token->kid);
	return *key != NULL ? eg_finding(EG_OK, EG_DETAIL_NONE)
	                    : eg_finding(EG_UNKNOWN_KEY, EG_DETAIL_NONE);
}

static uint32_t saturated_exp(const struct eg_token *token)
{
	if (!(token->has & EG_HAS_EXP) || token->exp_s < 0)
		return 0;
	return token->exp_s < UINT32_MAX ? (uint32_t)token->exp_s : UINT32_MAX;
}

/* The ids that R2–R4 ask for, as hashes, with their words on the way into the cache. */
static void build_query(const struct eg_pipeline *p, uint32_t issuer_slot,
    const struct eg_token *token, struct eg_revoke_query *q)
{
	const struct eg_revoke *revoke = p->config.revoke;
	const struct eg_issuer *issuer = eg_keyset_issuer(p->snapshot->keys, issuer_slot);
	const struct {
		uint32_t token_has, query_has;
		enum eg_revoke_kind kind;
		struct eg_span value;
		struct eg_hash128 *hash;
	} ids[] = {
	    {EG_HAS_SUB, EG_REVOKE_HAS_SUB, EG_REVOKE_SUBJECT, token->sub, &q->sub},
	    {EG_HAS_JTI, EG_REVOKE_HAS_JTI, EG_REVOKE_JTI, token->jti, &q->jti},
	    {EG_HAS_CTI, EG_REVOKE_HAS_CTI, EG_REVOKE_CTI, token->cti, &q->cti},
	    {EG_HAS_SID, EG_REVOKE_HAS_SID, EG_REVOKE_SID, token->sid, &q->sid},
	    {EG_HAS_JKT, EG_REVOKE_HAS_JKT, EG_REVOKE_JKT, token->jkt, &q->jkt},
	};

	q->has = token->has & EG_HAS_IAT ? EG_REVOKE_HAS_IAT : 0;
	q->iat_floor_s = token->iat_floor_s;
	q->issuer = p->snapshot->issuer_hash[issuer_slot];
	eg_revoke_prefetch(revoke, q->issuer);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (!(token->has & ids[i].token_has))
			continue;
		*ids[i].hash = eg_revoke_hash(&issuer->hash_key, ids[i].kind, ids[i].value);
		q->has |= ids[i].query_has;
		eg_revoke_prefetch(revoke, *ids[i].hash);
	}
}

/* The list that the token names, where it is one of its issuer's and has that index; else NULL. */
static const struct eg_list *named_list(
    const struct eg_snapshot *snapshot, uint32_t issuer_slot, const struct eg_token *token)
{
	const struct eg_list *list = NULL;

	if (token->has & EG_HAS_STATUS_LIST)
		list = eg_snapshot_list(snapshot, issuer_slot, token->status_uri);
	if (list != NULL && token->status_idx >= eg_bitmap_entries(list->map))
		list = NULL;
	return list;
}

/* What R5 will ask. The shard of the record is that of the list even where policy ignores it: the
 * client steers by the token alone. */
static void build_status(
    struct eg_pipeline *p, uint32_t issuer_slot, const struct eg_token *token, struct eg_pending *e)
{
	const struct eg_list *list = named_list(p->snapshot, issuer_slot, token);

	e->list = NULL;
	e->status_unknown = false;
	if (list != NULL)
		set_shard(p, &e->answer, eg_bitmap_shard(list->map, token->status_idx));
	if (e->policy->status == EG_STATUS_IGNORE)
		return;
	if (list == NULL) {
		e->status_unknown =
		    (token->has & EG_HAS_STATUS) || e->policy->status == EG_STATUS_REQUIRED;
		return;
	}
	e->list = list;
	e->status_unknown = list->stated != 0 && token->status_idx >= list->stated;
	e->query.map = list->map;
	e->query.idx = token->status_idx;
	e->query.has |= EG_REVOKE_HAS_INDEX;
	eg_bitmap_prefetch(list->map, token->status_idx);
}

/* S7, which strict order puts behind the signature. */
static struct eg_finding check_claims(
    const struct eg_pipeline *p, const struct eg_token *token, struct eg_pending *e)
{
	bool strict =
	    e->policy->order == EG_ORDER_STRICT || (e->ref.frame->flags & EG_EGT_STRICT_ORDER) != 0;
	struct eg_finding found = eg_claims_check(token, e->policy, p->now_s);

	e->deferred = strict ? found : eg_finding(EG_OK, EG_DETAIL_NONE);
	return strict ? eg_finding(EG_OK, EG_DETAIL_NONE) : found;
}

static uint64_t exp_or_never(const struct eg_token *token)
{
	if (!(token->has & EG_HAS_EXP))
		return UINT64_MAX;
	return token->exp_s > 0 ? (uint64_t)token->exp_s : 0;
}

/* Copies, or hashes, what the token's views hold: they end with the next token. */
static void enqueue(
    struct eg_pipeline *p, struct eg_pending *e, const struct eg_token *token, uint32_t issuer_slot)
{
	e->exp_s = exp_or_never(token);
	build_query(p, issuer_slot, token, &e->query);
	build_status(p, issuer_slot, token, e);
	e->message = token->signed_bytes;
	memcpy(e->signature, token->signature, sizeof(e->signature));
	eg_signature_queue_push(&p->queue, p->now_ns);
}

static struct eg_finding decode(struct eg_pipeline *p, unsigned slot)
{
	struct eg_batch *b = &p->batch;
	struct eg_pending *e = eg_signature_queue_next(&p->queue);
	struct eg_token token;
	uint32_t issuer_slot;
	struct eg_finding found;

	found = parse(p, &b->record[slot], b->policy[slot], &token);
	if (found.status != EG_OK)
		return found;
	b->answer[slot].exp = saturated_exp(&token);
	if (token.has & EG_HAS_CNF)
		b->answer[slot].rflags |= EG_RFLAG_CNF_PRESENT;
	e->ref = b->ref[slot];
	e->policy = b->policy[slot];
	e->answer = b->answer[slot];
	found = find_key(p->snapshot, e->policy, &token, &issuer_slot, &e->key);
	if (found.status == EG_OK)
		found = check_claims(p, &token, e);
	if (found.status == EG_OK)
		enqueue(p, e, &token, issuer_slot);
	return found;
}

/* ── the batch ── */

/* Walks the live slots: what a stage refuses is settled, what passes stays live. */
static inline __attribute__((always_inline)) void run_stage(
    struct eg_pipeline *p, struct eg_finding (*stage)(struct eg_pipeline *, unsigned slot))
{
	struct eg_batch *b = &p->batch;
	unsigned kept = 0;

	for (unsigned n = 0; n < b->live_cnt; n++) {
		unsigned slot = b->live[n];
		struct eg_finding found = stage(p, slot);

		if (found.status == EG_OK) {
			b->live[kept++] = (uint8_t)slot;
			continue;
		}
		b->answer[slot].status = (uint8_t)found.status;
		b->answer[slot].detail = (uint8_t)found.detail;
		eg_record_settle(p, b->ref[slot], &b->answer[slot]);
	}
	b->live_cnt = kept;
}

void eg_batch_run(struct eg_pipeline *p)
{
	run_stage(p, route);
	run_stage(p, decode);
	(void)eg_stage_end(&p->clock, EG_STAGE_decode, p->batch.cnt);
	p->batch.cnt = 0;
	p->batch.live_cnt = 0;
	eg_signature_queue_run_full(p);
}

void eg_batch_add(
    struct eg_pipeline *p, struct eg_record_ref ref, const struct eg_egt_record *record)
{
	struct eg_batch *b = &p->batch;
	unsigned slot;

	if (b->cnt == EG_BATCH_SLOTS) {
		(void)eg_stage_end(&p->clock, EG_STAGE_parse, 0);
		eg_batch_run(p);
	}
	slot = b->cnt++;
	b->live[b->live_cnt++] = (uint8_t)slot;
	b->ref[slot] = ref;
	b->record[slot] = *record;
	b->answer[slot] = (struct eg_egt_answer){0};
	__builtin_prefetch(record->token.ptr);
}
