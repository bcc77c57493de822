/* SPDX-License-Identifier: BSD-3-Clause */
/* The rules after the signature, and the answer: one way for tokens from decoding and from cache.
 */
#include "impl.h"

_Static_assert((int)EG_VCACHE_HAS_IAT == (int)EG_REVOKE_HAS_IAT &&
                   (int)EG_VCACHE_HAS_SUB == (int)EG_REVOKE_HAS_SUB &&
                   (int)EG_VCACHE_HAS_JTI == (int)EG_REVOKE_HAS_JTI &&
                   (int)EG_VCACHE_HAS_CTI == (int)EG_REVOKE_HAS_CTI &&
                   (int)EG_VCACHE_HAS_SID == (int)EG_REVOKE_HAS_SID &&
                   (int)EG_VCACHE_HAS_JKT == (int)EG_REVOKE_HAS_JKT &&
                   (int)EG_VCACHE_HAS_LIST == (int)EG_REVOKE_HAS_INDEX,
    "what an entry has reads as what revocation is asked");

#define IDS                                                                                        \
	(EG_REVOKE_HAS_IAT | EG_REVOKE_HAS_SUB | EG_REVOKE_HAS_JTI | EG_REVOKE_HAS_CTI |           \
	    EG_REVOKE_HAS_SID | EG_REVOKE_HAS_JKT)

/* The shard of the record is that of the list even where policy ignores it: the client steers by
 * the token alone. */
void eg_case_set_list(
    struct eg_pipeline *p, struct eg_case *c, const struct eg_list *list, bool names_status)
{
	const uint32_t idx = c->token->list_idx;

	c->list = NULL;
	c->status_unknown = false;
	if (list != NULL && idx >= eg_bitmap_entries(list->map))
		list = NULL;
	if (list != NULL)
		eg_answer_set_shard(p, &c->answer, eg_bitmap_shard(list->map, idx));
	if (c->policy->status == EG_STATUS_IGNORE)
		return;
	if (list == NULL) {
		c->status_unknown = names_status || c->policy->status == EG_STATUS_REQUIRED;
		return;
	}
	c->list = list;
	c->status_unknown = list->stated != 0 && idx >= list->stated;
}

void eg_case_add_lines(
    const struct eg_pipeline *p, const struct eg_case *c, struct eg_case_lines *lines)
{
	const struct eg_revoke *revoke = p->config.revoke;
	const struct eg_vcache_entry *token = c->token;

	lines->at[lines->cnt++] =
	    eg_revoke_line(revoke, p->snapshot->issuer_hash[token->issuer_slot]);
	if (token->has & EG_VCACHE_HAS_SUB)
		lines->at[lines->cnt++] = eg_revoke_line(revoke, token->sub);
	if (token->has & (EG_VCACHE_HAS_JTI | EG_VCACHE_HAS_CTI))
		lines->at[lines->cnt++] = eg_revoke_line(revoke, token->id);
	if (token->has & EG_VCACHE_HAS_SID)
		lines->at[lines->cnt++] = eg_revoke_line(revoke, token->sid);
	if (token->has & EG_VCACHE_HAS_JKT)
		lines->at[lines->cnt++] = eg_revoke_line(revoke, token->jkt);
	if (c->list != NULL)
		lines->at[lines->cnt++] = eg_bitmap_line(c->list->map, token->list_idx);
}

void eg_case_prefetch(const struct eg_case_lines *lines)
{
	for (unsigned i = 0; i < lines->cnt; i++)
		__builtin_prefetch(lines->at[i]);
}

/* ── S9 ── */

/* end_s: 0 where there is none. */
static bool is_past(uint64_t end_s, uint64_t now_s)
{
	return end_s != 0 && now_s >= end_s;
}

static bool key_is_refused(const struct eg_key *key, uint64_t now_s)
{
	return key->revoked || now_s < key->not_before_s || now_s > key->not_after_s;
}

static struct eg_revoke_query query_of(const struct eg_pipeline *p, const struct eg_case *c)
{
	const struct eg_vcache_entry *token = c->token;
	struct eg_revoke_query q = {
	    .has = token->has & IDS,
	    .iat_floor_s = token->iat_s - ((token->has & EG_VCACHE_IAT_FRACTION) != 0),
	    .issuer = p->snapshot->issuer_hash[token->issuer_slot],
	    .sub = token->sub,
	    .jti = token->id,
	    .cti = token->id,
	    .sid = token->sid,
	    .jkt = token->jkt,
	};

	if (c->list != NULL) {
		q.has |= EG_REVOKE_HAS_INDEX;
		q.map = c->list->map;
		q.idx = token->list_idx;
	}
	return q;
}

/* R1–R5, first hit wins. */
static struct eg_revoke_answer check_revocation(
    const struct eg_pipeline *p, const struct eg_case *c)
{
	struct eg_revoke_query query = query_of(p, c);
	bool unknown = c->status_unknown;
	struct eg_revoke_answer found;

	if (key_is_refused(c->key, p->now_s))
		return (struct eg_revoke_answer){EG_REVOKED, EG_DETAIL_KEY};
	if (c->list != NULL && is_past(c->list->exp_s, p->now_s)) {
		query.has &= ~(uint32_t)EG_REVOKE_HAS_INDEX;
		unknown = true;
	}
	found = eg_revoke_check(p->config.revoke, &query);
	if (found.status == EG_OK && unknown)
		return (struct eg_revoke_answer){EG_STATUS_UNKNOWN, EG_DETAIL_NONE};
	return found;
}

/* ── the answer ── */

static uint64_t seconds_until(uint64_t end_s, uint64_t now_s)
{
	return end_s > now_s ? end_s - now_s : 0;
}

static uint64_t lower(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t exp_or_never(const struct eg_vcache_entry *token)
{
	if (!(token->has & EG_VCACHE_HAS_EXP))
		return UINT64_MAX;
	return token->exp_s > 0 ? (uint64_t)token->exp_s : 0;
}

/* What may not be answered from our memory must not be answered from a client's. */
static uint32_t cache_for(const struct eg_pipeline *p, const struct eg_case *c)
{
	const uint64_t now_s = p->now_s;
	uint64_t left =
	    lower(c->policy->client_cache_s, seconds_until(exp_or_never(c->token), now_s));

	if (c->policy->max_state_age_s != 0)
		left = lower(left, seconds_until(c->policy->max_state_age_s, p->state_age_s));
	if (c->list != NULL && c->list->exp_s != 0)
		left = lower(left, seconds_until(c->list->exp_s, now_s));
	if (c->list != NULL && c->list->ttl_end_s != 0)
		left = lower(left, seconds_until(c->list->ttl_end_s, now_s));
	return (uint32_t)left;
}

enum eg_verdict eg_case_settle(struct eg_pipeline *p, struct eg_case *c)
{
	struct eg_revoke_answer found = check_revocation(p, c);

	c->answer.status = found.status;
	c->answer.detail = found.detail;
	if (c->list != NULL && is_past(c->list->ttl_end_s, p->now_s)) {
		c->answer.rflags |= EG_RFLAG_LIST_STALE;
		eg_pipeline_count(p, EG_COUNTER_list_stale, 1);
	}
	if (found.status == EG_OK)
		c->answer.cache_for = cache_for(p, c);
	eg_record_settle(p, c->ref, &c->answer);
	return (enum eg_verdict)found.status;
}

void eg_case_refuse(struct eg_pipeline *p, struct eg_case *c, struct eg_finding found)
{
	c->answer.status = (uint8_t)found.status;
	c->answer.detail = (uint8_t)found.detail;
	eg_record_settle(p, c->ref, &c->answer);
}
