/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <assert.h>

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

void eg_answer_set_shard(const struct eg_pipeline *p, struct eg_egt_answer *answer, unsigned shard)
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

	eg_answer_set_shard(p, &b->answer[slot], eg_shard_of_token(b->record[slot].token));
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

/* The ids that R2–R4 ask for, as hashes. */
static void hash_ids(
    const struct eg_issuer *issuer, const struct eg_token *token, struct eg_vcache_entry *out)
{
	const struct eg_hash_key *key = &issuer->hash_key;

	assert((token->has & (EG_HAS_JTI | EG_HAS_CTI)) != (EG_HAS_JTI | EG_HAS_CTI));
	if (token->has & EG_HAS_SUB)
		out->sub = eg_revoke_hash(key, EG_REVOKE_SUBJECT, token->sub);
	if (token->has & EG_HAS_JTI)
		out->id = eg_revoke_hash(key, EG_REVOKE_JTI, token->jti);
	if (token->has & EG_HAS_CTI)
		out->id = eg_revoke_hash(key, EG_REVOKE_CTI, token->cti);
	if (token->has & EG_HAS_SID)
		out->sid = eg_revoke_hash(key, EG_REVOKE_SID, token->sid);
	if (token->has & EG_HAS_JKT)
		out->jkt = eg_revoke_hash(key, EG_REVOKE_JKT, token->jkt);
}

/* What of a token's members an entry has. */
static uint16_t entry_has(const struct eg_token *token)
{
	static const struct {
		uint32_t token;
		uint16_t entry;
	} has[] = {
	    {EG_HAS_SUB, EG_VCACHE_HAS_SUB},
	    {EG_HAS_JTI, EG_VCACHE_HAS_JTI},
	    {EG_HAS_CTI, EG_VCACHE_HAS_CTI},
	    {EG_HAS_SID, EG_VCACHE_HAS_SID},
	    {EG_HAS_JKT, EG_VCACHE_HAS_JKT},
	    {EG_HAS_EXP, EG_VCACHE_HAS_EXP},
	    {EG_HAS_NBF, EG_VCACHE_HAS_NBF},
	    {EG_HAS_IAT, EG_VCACHE_HAS_IAT},
	    {EG_HAS_KID, EG_VCACHE_HAS_KID},
	    {EG_HAS_CNF, EG_VCACHE_HAS_CNF},
	};
	unsigned entry = token->iat_floor_s != token->iat_s ? EG_VCACHE_IAT_FRACTION : 0;

	for (size_t i = 0; i < sizeof(has) / sizeof(has[0]); i++)
		entry |= (token->has & has[i].token) != 0 ? has[i].entry : 0;
	return (uint16_t)entry;
}

/* Copies, or hashes, what the token's views hold: they end with the next token. */
static void describe(const struct eg_keyset *keys, uint32_t issuer_slot, const struct eg_key *key,
    const struct eg_token *token, struct eg_vcache_entry *out)
{
	const struct eg_issuer *issuer = eg_keyset_issuer(keys, issuer_slot);

	out->has = entry_has(token);
	out->exp_s = token->exp_s;
	out->nbf_s = token->nbf_s;
	out->iat_s = token->iat_s;
	hash_ids(issuer, token, out);
	out->key_index = key->index;
	out->key_generation = key->generation;
	out->key_slot = (uint16_t)(key - eg_keyset_key(keys, issuer, 0));
	out->issuer_slot = (uint16_t)issuer_slot;
}

/* False: it names a list that is not served. */
static bool describe_list(
    const struct eg_snapshot *snapshot, const struct eg_token *token, struct eg_pending *e)
{
	const struct eg_list *list;

	if (!(token->has & EG_HAS_STATUS_LIST))
		return true;
	list = eg_snapshot_list(snapshot, e->token.issuer_slot, token->status_uri);
	if (list == NULL)
		return false;
	e->token.has |= EG_VCACHE_HAS_LIST;
	e->token.list_slot = (uint32_t)(list - snapshot->list);
	e->token.list_mark = list->mark;
	e->token.list_idx = token->status_idx;
	return true;
}

/* S7, which strict order puts behind the signature. */
static struct eg_finding check_claims(
    const struct eg_pipeline *p, const struct eg_token *token, struct eg_pending *e)
{
	bool strict = eg_is_strict(e->of.policy, e->of.ref.frame);
	struct eg_finding found = eg_claims_check(token, e->of.policy, p->now_s);

	e->deferred = strict ? found : eg_finding(EG_OK, EG_DETAIL_NONE);
	return strict ? eg_finding(EG_OK, EG_DETAIL_NONE) : found;
}

/* A token without its list is not kept: the list may come, and then the answer is another. */
static void enqueue(
    struct eg_pipeline *p, struct eg_pending *e, const struct eg_token *token, unsigned slot)
{
	const bool knows_list = describe_list(p->snapshot, token, e);
	const struct eg_list *list =
	    e->token.has & EG_VCACHE_HAS_LIST ? &p->snapshot->list[e->token.list_slot] : NULL;

	e->is_cacheable = p->lookups.is_tagged[slot] && knows_list;
	e->sender = e->of.ref.frame->sender;
	e->tag = p->lookups.tag[slot];
	eg_case_set_list(p, &e->of, list, token->has & EG_HAS_STATUS);
	e->message = token->signed_bytes;
	memcpy(e->signature, token->signature, sizeof(e->signature));
	eg_signature_queue_push(p);
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
	b->answer[slot].exp = eg_saturated_exp(token.has & EG_HAS_EXP, token.exp_s);
	if (token.has & EG_HAS_CNF)
		b->answer[slot].rflags |= EG_RFLAG_CNF_PRESENT;
	e->of.ref = b->ref[slot];
	e->of.policy = b->policy[slot];
	e->of.answer = b->answer[slot];
	e->of.token = &e->token;
	found = find_key(p->snapshot, e->of.policy, &token, &issuer_slot, &e->of.key);
	if (found.status == EG_OK)
		found = check_claims(p, &token, e);
	if (found.status != EG_OK)
		return found;
	describe(p->snapshot->keys, issuer_slot, e->of.key, &token, &e->token);
	enqueue(p, e, &token, slot);
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
	eg_lookup_batch(p);
	run_stage(p, decode);
	eg_signature_queue_prefetch(p);
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
