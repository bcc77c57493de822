/* SPDX-License-Identifier: BSD-3-Clause */
#include "change.h"
#include "rows.h"
#include "sealed.h"

/* ── issuers and their keys ── */

static int begin_issuers(struct eg_change *c)
{
	int rc = eg_sealed_begin(&c->st->db, EG_SEALED_ISSUER, c->err);

	return rc == 0 ? eg_sealed_begin(&c->st->db, EG_SEALED_KEY, c->err) : rc;
}

static int end_issuers(struct eg_change *c)
{
	int rc = eg_sealed_end(&c->st->db, EG_SEALED_ISSUER, c->err);

	return rc == 0 ? eg_sealed_end(&c->st->db, EG_SEALED_KEY, c->err) : rc;
}

static int hide_keys(struct eg_change *c, uint64_t issuer)
{
	return eg_db_run(&c->st->db, "UPDATE key SET present = 0, checksum = x'' WHERE issuer = ?1",
	    EG_VALS(eg_int(issuer)), c->err);
}

static int put_key(struct eg_change *c, uint64_t issuer, const struct eg_jwk *jwk)
{
	struct eg_span x = eg_span(jwk->x, sizeof(jwk->x));
	struct eg_span name = jwk->has_kid ? eg_span(jwk->kid, jwk->kid_len) : x;

	return eg_db_run(&c->st->db,
	    "INSERT INTO key (issuer, has_kid, name, x, mixed_order, present, revoked, generation)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, 1, 0, ?6)"
	    " ON CONFLICT (issuer, has_kid, name) DO UPDATE SET present = 1,"
	    " generation = CASE WHEN x = excluded.x THEN generation ELSE excluded.generation END,"
	    " x = excluded.x, mixed_order = excluded.mixed_order, checksum = x''",
	    EG_VALS(eg_int(issuer), eg_int(jwk->has_kid), eg_blob(name), eg_blob(x),
	        eg_int(jwk->mixed_order), eg_int(c->meta.sequence)),
	    c->err);
}

/* With this one. A store with more could not be followed by anybody. */
static int check_issuer_cnt(const struct eg_change *c)
{
	uint64_t cnt = 0;
	int rc = eg_db_number(
	    &c->st->db, "SELECT count(*) FROM issuer WHERE present", EG_NO_VALS, &cnt, c->err);

	if (rc < 0 || cnt <= EG_KEYSET_ISSUERS_MAX)
		return rc < 0 ? rc : 0;
	return eg_error_set(c->err, EG_ELIMIT,
	    "a store has %u issuers at most: take one away with `issuer remove`; nothing was "
	    "changed",
	    EG_KEYSET_ISSUERS_MAX);
}

/* Rows of keys that are gone stay: a key that returns has its index, and its revocation. */
static int put_issuer_rows(struct eg_change *c, struct eg_span issuer, const struct eg_jwks *jwks)
{
	uint64_t id = 0;
	int rc = begin_issuers(c);

	if (rc == 0)
		rc = eg_db_run(&c->st->db,
		    "INSERT INTO issuer (name, present) VALUES (?1, 1)"
		    " ON CONFLICT (name) DO UPDATE SET present = 1, checksum = x''",
		    EG_VALS(eg_blob(issuer)), c->err);
	if (rc == 0)
		rc = eg_sealed_end(&c->st->db, EG_SEALED_ISSUER, c->err);
	if (rc == 0)
		rc = check_issuer_cnt(c);
	if (rc == 0)
		rc = eg_change_find_issuer(c, issuer, &id);
	if (rc == 0)
		rc = hide_keys(c, id);
	for (uint32_t i = 0; rc == 0 && i < jwks->cnt; i++)
		if (jwks->key[i].outcome == EG_JWK_KEPT)
			rc = put_key(c, id, &jwks->key[i]);
	return rc == 0 ? end_issuers(c) : rc;
}

static int log_issuer_put(struct eg_change *c, struct eg_span issuer, const struct eg_jwks *jwks)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__IssuerPut put = EG__PB__ISSUER_PUT__INIT;
	Eg__Pb__Key key[EG_JWKS_KEYS_MAX], *key_ptr[EG_JWKS_KEYS_MAX];

	for (uint32_t i = 0; i < jwks->cnt; i++) {
		const struct eg_jwk *jwk = &jwks->key[i];
		Eg__Pb__Key *k = &key[put.n_key];

		if (jwk->outcome != EG_JWK_KEPT)
			continue;
		eg__pb__key__init(k);
		k->has_kid = jwk->has_kid;
		k->kid = eg_pb_bytes(eg_span(jwk->kid, jwk->kid_len));
		k->x = eg_pb_bytes(eg_span(jwk->x, sizeof(jwk->x)));
		k->mixed_order = jwk->mixed_order;
		key_ptr[put.n_key++] = k;
	}
	put.issuer = eg_pb_bytes(issuer);
	put.key = key_ptr;
	event.op_case = EG__PB__EVENT__OP_ISSUER_PUT;
	event.issuer_put = &put;
	return eg_change_log(c, &event, "issuer put %s, %zu keys", eg_show(issuer).text, put.n_key);
}

static bool is_ambiguous(const struct eg_jwk *a, const struct eg_jwk *b)
{
	return a->outcome == EG_JWK_KEPT && b->outcome == EG_JWK_KEPT && a->has_kid == b->has_kid &&
	       (!a->has_kid ||
	           eg_span_eq(eg_span(a->kid, a->kid_len), eg_span(b->kid, b->kid_len)));
}

/* One look-up gives one key: a key set that breaks this must not get into the store. */
static int check_keys(const struct eg_change *c, struct eg_span issuer, const struct eg_jwks *jwks)
{
	if (jwks->kept_cnt == 0)
		return eg_error_set(c->err, EG_EINVAL,
		    "issuer %.200s: no usable Ed25519 key is in the key set; nothing was changed",
		    eg_show(issuer).text);
	for (uint32_t i = 0; i < jwks->cnt; i++)
		for (uint32_t k = 0; k < i; k++)
			if (is_ambiguous(&jwks->key[i], &jwks->key[k]))
				return eg_error_set(c->err, EG_EINVAL,
				    "issuer %.200s: keys %u and %u have the same kid, or none both",
				    eg_show(issuer).text, k, i);
	return 0;
}

static int issuer_put(struct eg_change *c, struct eg_span issuer, const struct eg_jwks *jwks)
{
	int rc = eg_change_check_name(c, "issuer", issuer, EG_KEYSET_NAME_MAX);

	if (rc == 0)
		rc = check_keys(c, issuer, jwks);
	if (rc == 0)
		rc = put_issuer_rows(c, issuer, jwks);
	return rc == 0 ? log_issuer_put(c, issuer, jwks) : rc;
}

int eg_state_issuer_put(struct eg_state *st, struct eg_span issuer, const struct eg_jwks *jwks,
    int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	if (rc == 0)
		rc = issuer_put(&c, issuer, jwks);
	return eg_change_end(&c, rc, epoch);
}

static int issuer_remove(struct eg_change *c, struct eg_span issuer)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__IssuerRemove remove = EG__PB__ISSUER_REMOVE__INIT;
	uint64_t id = 0;
	int rc = begin_issuers(c);

	if (rc == 0)
		rc = eg_change_find_issuer(c, issuer, &id);
	if (rc == 0)
		rc = eg_db_run(&c->st->db,
		    "UPDATE issuer SET present = 0, checksum = x'' WHERE id = ?1",
		    EG_VALS(eg_int(id)), c->err);
	if (rc == 0)
		rc = hide_keys(c, id);
	if (rc == 0)
		rc = end_issuers(c);
	if (rc != 0)
		return rc;
	remove.issuer = eg_pb_bytes(issuer);
	event.op_case = EG__PB__EVENT__OP_ISSUER_REMOVE;
	event.issuer_remove = &remove;
	return eg_change_log(c, &event, "issuer remove %s", eg_show(issuer).text);
}

int eg_state_issuer_remove(struct eg_state *st, struct eg_span issuer, int64_t utc_ns,
    uint64_t *epoch, struct eg_error *err)
{
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	if (rc == 0)
		rc = issuer_remove(&c, issuer);
	return eg_change_end(&c, rc, epoch);
}

/* ── policies ── */

static int policy_put(struct eg_change *c, const struct eg_policy *policy, bool make_default)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__PolicyPut put = EG__PB__POLICY_PUT__INIT;
	struct eg_policy_pb pb;
	uint64_t others = 0;
	int rc = eg_policy_check(policy, c->err);

	if (rc == 0)
		rc = eg_db_number(
		    &c->st->db, "SELECT count(*) FROM policy", EG_NO_VALS, &others, c->err);
	if (rc < 0)
		return rc;
	eg_policy_pb_fill(&pb, policy);
	/* The sequence: differs after each change, also where the policy was away in between. */
	pb.msg.generation = (uint32_t)c->meta.sequence;
	rc = eg_policy_row_save(&c->st->db, &pb, c->err);
	if (rc != 0)
		return rc;
	put.make_default = make_default || others == 0;
	if (put.make_default)
		c->meta.default_policy = policy->id;
	put.policy = &pb.msg;
	event.op_case = EG__PB__EVENT__OP_POLICY_PUT;
	event.policy_put = &put;
	return eg_change_log(
	    c, &event, "policy set %u%s", policy->id, put.make_default ? ", the default" : "");
}

int eg_state_policy_put(struct eg_state *st, const struct eg_policy *policy, bool make_default,
    int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	if (rc == 0)
		rc = policy_put(&c, policy, make_default);
	return eg_change_end(&c, rc, epoch);
}

static int policy_remove(struct eg_change *c, uint32_t id)
{
	Eg__Pb__Event event = EG__PB__EVENT__INIT;
	Eg__Pb__PolicyRemove remove = EG__PB__POLICY_REMOVE__INIT;
	int rc =
	    eg_db_run(&c->st->db, "DELETE FROM policy WHERE id = ?1", EG_VALS(eg_int(id)), c->err);

	if (rc != 0)
		return rc;
	if (sqlite3_changes(c->st->db.sql) == 0)
		return eg_error_set(
		    c->err, EG_ENOENT, "there is no policy %u: see `policy list`", id);
	if (c->meta.default_policy == id)
		c->meta.default_policy = 0;
	remove.id = id;
	event.op_case = EG__PB__EVENT__OP_POLICY_REMOVE;
	event.policy_remove = &remove;
	return eg_change_log(c, &event, "policy remove %u", id);
}

int eg_state_policy_remove(
    struct eg_state *st, uint32_t id, int64_t utc_ns, uint64_t *epoch, struct eg_error *err)
{
	struct eg_change c;
	int rc = eg_change_begin(&c, st, utc_ns, err);

	if (rc == 0)
		rc = policy_remove(&c, id);
	return eg_change_end(&c, rc, epoch);
}
