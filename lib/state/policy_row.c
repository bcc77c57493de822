/* SPDX-License-Identifier: BSD-3-Clause */
#include "rows.h"

#include <stdlib.h>

static size_t fill_strings(
    ProtobufCBinaryData out[], const struct eg_policy_str strings[], unsigned cnt)
{
	for (unsigned i = 0; i < cnt; i++)
		out[i] = eg_pb_bytes(eg_policy_span(&strings[i]));
	return cnt;
}

static bool has_default_cwt_typs(const struct eg_policy *policy)
{
	struct eg_policy fresh;

	eg_policy_init(&fresh, policy->id);
	return policy->cwt_typ_cnt == fresh.cwt_typ_cnt &&
	       policy->cwt_format_cnt == fresh.cwt_format_cnt &&
	       eg_span_eq(eg_policy_span(&policy->cwt_typ[0]), eg_policy_span(&fresh.cwt_typ[0])) &&
	       policy->cwt_format[0] == fresh.cwt_format[0];
}

/* The defaults are left out, so that an edgate without these fields still reads the row. */
static void fill_cwt_typs(struct eg_policy_pb *pb, const struct eg_policy *policy)
{
	if (has_default_cwt_typs(policy))
		return;
	pb->msg.n_cwt_typ = fill_strings(pb->cwt_typ, policy->cwt_typ, policy->cwt_typ_cnt);
	pb->msg.cwt_typ = pb->cwt_typ;
	for (unsigned i = 0; i < policy->cwt_format_cnt; i++)
		pb->cwt_format[i] = policy->cwt_format[i];
	pb->msg.n_cwt_format = policy->cwt_format_cnt;
	pb->msg.cwt_format = pb->cwt_format;
}

void eg_policy_pb_fill(struct eg_policy_pb *pb, const struct eg_policy *policy)
{
	Eg__Pb__Policy *msg = &pb->msg;

	eg__pb__policy__init(msg);
	msg->id = policy->id;
	msg->generation = policy->generation;
	msg->n_issuer = fill_strings(pb->issuer, policy->issuer, policy->issuer_cnt);
	msg->issuer = pb->issuer;
	msg->n_audience = fill_strings(pb->audience, policy->audience, policy->audience_cnt);
	msg->audience = pb->audience;
	msg->any_audience = policy->any_audience;
	msg->n_typ = fill_strings(pb->typ, policy->typ, policy->typ_cnt);
	msg->typ = pb->typ;
	msg->typ_required = policy->typ_required;
	msg->skew_s = policy->skew_s;
	msg->order = policy->order;
	msg->status = policy->status;
	msg->cnf = policy->cnf;
	msg->exp_optional = policy->exp_optional;
	msg->max_age_s = policy->max_age_s;
	msg->max_lifetime_s = policy->max_lifetime_s;
	msg->client_cache_s = policy->client_cache_s;
	msg->max_token_bytes = policy->max_token_bytes;
	msg->freshness = policy->freshness;
	msg->max_state_age_s = policy->max_state_age_s;
	msg->implicit_assertion = eg_pb_bytes(eg_policy_span(&policy->implicit_assertion));
	fill_cwt_typs(pb, policy);
}

static struct eg_db_sum checksum(uint32_t id, struct eg_span body)
{
	const uint64_t number = id;

	return eg_db_sum("policy", &number, 1, body);
}

int eg_policy_row_save(struct eg_db *db, const struct eg_policy_pb *pb, struct eg_error *err)
{
	size_t len = eg__pb__policy__get_packed_size(&pb->msg);
	uint8_t *body = malloc(len + 1);
	struct eg_db_sum sum;
	int rc;

	if (body == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a policy");
	(void)eg__pb__policy__pack(&pb->msg, body);
	sum = checksum(pb->msg.id, eg_span(body, len));
	rc = eg_db_run(db, "INSERT OR REPLACE INTO policy VALUES (?1, ?2, ?3)",
	    EG_VALS(eg_int(pb->msg.id), eg_blob(eg_span(body, len)), eg_sum_val(&sum)), err);
	free(body);
	return rc;
}

typedef int add_fn(struct eg_policy *policy, struct eg_span text, struct eg_error *err);

static int read_strings(struct eg_policy *policy, add_fn *add, const ProtobufCBinaryData strings[],
    size_t cnt, struct eg_error *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < cnt; i++)
		rc = add(policy, eg_pb_span(strings[i]), err);
	return rc;
}

static int read_numbers(struct eg_policy *policy, const Eg__Pb__Policy *msg, struct eg_error *err)
{
	if (msg->skew_s > EG_POLICY_SKEW_MAX_S || msg->order > EG_ORDER_STRICT ||
	    msg->status > EG_STATUS_IGNORE || msg->cnf > EG_CNF_REFUSE ||
	    msg->freshness > EG_FRESH_STRICT)
		return eg_error_set(
		    err, EG_ECORRUPT, "skew, order, status, cnf or freshness is out of range");
	policy->generation = msg->generation;
	policy->any_audience = msg->any_audience;
	policy->typ_required = msg->typ_required;
	policy->skew_s = (uint16_t)msg->skew_s;
	policy->order = (uint8_t)msg->order;
	policy->status = (uint8_t)msg->status;
	policy->cnf = (uint8_t)msg->cnf;
	policy->exp_optional = msg->exp_optional;
	policy->max_age_s = msg->max_age_s;
	policy->max_lifetime_s = msg->max_lifetime_s;
	policy->client_cache_s = msg->client_cache_s;
	policy->max_token_bytes = msg->max_token_bytes;
	policy->freshness = (uint8_t)msg->freshness;
	policy->max_state_age_s = msg->max_state_age_s;
	return 0;
}

/* Both absent: the defaults, which are there already. */
static int read_cwt_typs(struct eg_policy *policy, const Eg__Pb__Policy *msg, struct eg_error *err)
{
	int rc;

	if (msg->n_cwt_typ == 0 && msg->n_cwt_format == 0)
		return 0;
	eg_policy_clear_cwt_typs(policy);
	rc = read_strings(policy, eg_policy_add_cwt_typ, msg->cwt_typ, msg->n_cwt_typ, err);
	for (size_t i = 0; rc == 0 && i < msg->n_cwt_format; i++)
		rc = eg_policy_add_cwt_format(policy, msg->cwt_format[i], err);
	return rc;
}

static int read_policy(struct eg_policy *policy, const Eg__Pb__Policy *msg, struct eg_error *err)
{
	int rc;

	eg_policy_init(policy, msg->id);
	eg_policy_clear_typs(policy);
	rc = read_numbers(policy, msg, err);
	if (rc == 0)
		rc = read_strings(policy, eg_policy_add_issuer, msg->issuer, msg->n_issuer, err);
	if (rc == 0)
		rc = read_strings(
		    policy, eg_policy_add_audience, msg->audience, msg->n_audience, err);
	if (rc == 0)
		rc = read_strings(policy, eg_policy_add_typ, msg->typ, msg->n_typ, err);
	if (rc == 0)
		rc = read_cwt_typs(policy, msg, err);
	if (rc == 0 && msg->implicit_assertion.len != 0)
		rc = eg_policy_str_set(&policy->implicit_assertion,
		    eg_pb_span(msg->implicit_assertion), "implicit assertion", err);
	return rc == 0 ? eg_policy_check(policy, err) : rc;
}

static int load_row(struct eg_snapshot *snap, sqlite3_stmt *stmt, struct eg_error *err)
{
	uint32_t id = eg_col_u32(stmt, 0);
	struct eg_span body = eg_col_blob(stmt, 1);
	struct eg_db_sum sum = checksum(id, body);
	struct eg_error why = {0};
	struct eg_policy policy;
	Eg__Pb__Policy *msg;
	int rc;

	if (!eg_sum_is(&sum, eg_col_blob(stmt, 2)))
		return eg_error_set(err, EG_ECORRUPT, "table policy, id %u: checksum mismatch", id);
	msg = eg__pb__policy__unpack(NULL, body.len, body.ptr);
	if (msg == NULL || msg->id != id)
		rc = eg_error_set(&why, EG_ECORRUPT, "not a policy");
	else if (msg->base.n_unknown_fields != 0)
		rc = eg_error_set(&why, EG_EVERSION, "a newer edgate wrote it; upgrade");
	else
		rc = read_policy(&policy, msg, &why);
	eg__pb__policy__free_unpacked(msg, NULL);
	if (rc != 0)
		return eg_error_set(err, rc == -EG_EVERSION ? EG_EVERSION : EG_ECORRUPT,
		    "table policy, id %u: %s", id, why.text);
	return eg_snapshot_add_policy(snap, &policy, err);
}

int eg_policy_rows_load(struct eg_db *db, struct eg_snapshot *snap, struct eg_error *err)
{
	sqlite3_stmt *stmt = NULL;
	int rc = eg_db_query(
	    db, &stmt, "SELECT id, body, checksum FROM policy ORDER BY id", EG_NO_VALS, err);

	if (rc != 0)
		return rc;
	while ((rc = eg_db_step(db, stmt, err)) > 0) {
		rc = load_row(snap, stmt, err);
		if (rc != 0) {
			eg_db_finish(db, stmt);
			return rc;
		}
	}
	return rc;
}
