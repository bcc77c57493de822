/* SPDX-License-Identifier: BSD-3-Clause */
/* policy: which tokens pass. */
#include "ctl.h"
#include "eg_log.h"

#include <stdlib.h>

static const char *const orders[] = {
    [EG_ORDER_CHEAP] = "cheap", [EG_ORDER_STRICT] = "strict", NULL};
static const char *const status_modes[] = {[EG_STATUS_OPTIONAL] = "optional",
    [EG_STATUS_REQUIRED] = "required",
    [EG_STATUS_IGNORE] = "ignore",
    NULL};
static const char *const cnf_modes[] = {
    [EG_CNF_ACCEPT] = "accept", [EG_CNF_REQUIRE] = "require", [EG_CNF_REFUSE] = "refuse", NULL};

static const char *const freshnesses[] = {
    [EG_FRESH_BOUNDED] = "bounded", [EG_FRESH_STRICT] = "strict", NULL};

typedef int add_fn(struct eg_policy *policy, struct eg_span text, struct eg_error *err);

/* Every part of every value of an option goes through add. */
static int add_parts(
    const struct eg_cli *cli, const char *option, add_fn *add, struct eg_policy *policy)
{
	struct eg_error err = {0};
	struct eg_span part;
	unsigned at = 0;
	const char *rest;

	while ((rest = eg_cli_next(cli, option, &at)) != NULL) {
		while (eg_cli_next_part(&rest, &part)) {
			if (part.len == 0)
				return eg_cli_usage(cli, "--%s: a name is empty", option);
			if (add(policy, part, &err) != 0) {
				(void)eg_error_prefix(&err, "--%s", option);
				return eg_cli_refuse(&err);
			}
		}
	}
	return 0;
}

static int add_audience(struct eg_policy *policy, struct eg_span text, struct eg_error *err)
{
	if (!eg_span_eq_str(text, "any"))
		return eg_policy_add_audience(policy, text, err);
	policy->any_audience = true;
	return 0;
}

static int set_names(const struct eg_cli *cli, struct eg_policy *policy)
{
	int rc;

	if (!eg_cli_has(cli, "issuer"))
		return eg_cli_usage(cli, "--issuer is missing: whose tokens pass?");
	if (!eg_cli_has(cli, "audience"))
		return eg_cli_usage(
		    cli, "--audience is missing: say whose tokens are ours, or any");
	if (eg_cli_has(cli, "typ"))
		eg_policy_clear_typs(policy);
	if (eg_cli_has(cli, "cwt-typ"))
		eg_policy_clear_cwt_typs(policy);
	rc = add_parts(cli, "issuer", eg_policy_add_issuer, policy);
	if (rc == 0)
		rc = add_parts(cli, "audience", add_audience, policy);
	if (rc == 0)
		rc = add_parts(cli, "typ", eg_policy_add_typ, policy);
	if (rc == 0)
		rc = add_parts(cli, "cwt-typ", eg_policy_add_cwt_typ, policy);
	return rc;
}

static int set_choice(
    const struct eg_cli *cli, const char *option, const char *const names[], uint8_t *out)
{
	const char *value = eg_cli_get(cli, option);

	if (value == NULL)
		return 0;
	for (uint8_t i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], value) == 0) {
			*out = i;
			return 0;
		}
	}
	return eg_cli_usage(cli, "--%s: '%s' is none of its choices", option, value);
}

static int set_choices(const struct eg_cli *cli, struct eg_policy *policy)
{
	int rc = set_choice(cli, "order", orders, &policy->order);

	if (rc == 0)
		rc = set_choice(cli, "status", status_modes, &policy->status);
	if (rc == 0)
		rc = set_choice(cli, "cnf", cnf_modes, &policy->cnf);
	policy->typ_required = eg_cli_has(cli, "typ-required");
	policy->exp_optional = eg_cli_has(cli, "exp-optional");
	return rc;
}

static int set_numbers(const struct eg_cli *cli, struct eg_policy *policy)
{
	const struct {
		const char *option;
		uint64_t max;
		uint32_t *out;
	} numbers[] = {
	    {"max-age", UINT32_MAX, &policy->max_age_s},
	    {"max-lifetime", UINT32_MAX, &policy->max_lifetime_s},
	    {"client-cache", UINT32_MAX, &policy->client_cache_s},
	    {"max-token", UINT16_MAX, &policy->max_token_bytes},
	};
	uint64_t value = policy->skew_s;
	int rc = eg_cli_get_number(cli, "skew", EG_POLICY_SKEW_MAX_S, &value);

	policy->skew_s = (uint16_t)value;
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && rc == 0; i++) {
		value = *numbers[i].out;
		rc = eg_cli_get_number(cli, numbers[i].option, numbers[i].max, &value);
		*numbers[i].out = (uint32_t)value;
	}
	return rc;
}

/* strict:SECONDS or bounded:SECONDS */
static int set_freshness(const struct eg_cli *cli, struct eg_policy *policy)
{
	const char *text = eg_cli_get(cli, "freshness");
	uint64_t seconds;

	if (text == NULL)
		return 0;
	for (uint8_t i = 0; freshnesses[i] != NULL; i++) {
		const size_t len = strlen(freshnesses[i]);

		if (strncmp(text, freshnesses[i], len) != 0 || text[len] != ':' ||
		    !eg_cli_number(text + len + 1, UINT32_MAX, &seconds) || seconds == 0)
			continue;
		policy->freshness = i;
		policy->max_state_age_s = (uint32_t)seconds;
		return 0;
	}
	return eg_cli_usage(
	    cli, "--freshness: '%s' is neither strict:SECONDS nor bounded:SECONDS", text);
}

static int set_assertion(const struct eg_cli *cli, struct eg_policy *policy)
{
	const char *text = eg_cli_get(cli, "implicit-assertion");
	struct eg_error err = {0};

	if (text == NULL || eg_policy_str_set(&policy->implicit_assertion, eg_span_str(text),
	                        "implicit assertion", &err) == 0)
		return 0;
	return eg_cli_refuse(&err);
}

/* A policy may come before its issuer, but a misspelt one should not go unseen. */
static void warn_unknown_issuers(struct ctl_change *change, const struct eg_policy *policy)
{
	struct eg_snapshot *rows;
	char name[EG_POLICY_NAME_MAX + 1];

	if (eg_state_snapshot(change->st, &rows, &change->err) != 0)
		return;
	for (unsigned i = 0; i < policy->issuer_cnt; i++) {
		struct eg_span issuer = eg_policy_span(&policy->issuer[i]);

		if (eg_keyset_find_issuer(rows->keys, issuer) == UINT32_MAX)
			eg_log(EG_LOG_WARNING,
			    "issuer %s is not known yet: its tokens are refused until edgatectl "
			    "issuer add",
			    eg_cli_printable(issuer, name, sizeof(name)));
	}
	eg_snapshot_free(rows);
}

static int put_policy(const struct eg_cli *cli, const struct eg_policy *policy)
{
	struct ctl_change change;

	if (ctl_change_begin(&change, cli)) {
		warn_unknown_issuers(&change, policy);
		change.rc = eg_state_policy_put(change.st, policy, eg_cli_has(cli, "default"),
		    change.utc_ns, &change.epoch, &change.err);
	}
	return ctl_change_end(&change);
}

static int get_id(const struct eg_cli *cli, uint32_t *id)
{
	uint64_t value;

	if (!eg_cli_number(cli->operand[0], UINT32_MAX, &value) || value == 0)
		return eg_cli_usage(cli, "'%s' is no policy id (1 to 4294967295)", cli->operand[0]);
	*id = (uint32_t)value;
	return 0;
}

static int fill_policy(const struct eg_cli *cli, struct eg_policy *policy)
{
	struct eg_error err = {0};
	uint32_t id = 0;
	int rc = get_id(cli, &id);

	if (rc != 0)
		return rc;
	eg_policy_init(policy, id);
	rc = set_names(cli, policy);
	if (rc == 0)
		rc = set_choices(cli, policy);
	if (rc == 0)
		rc = set_numbers(cli, policy);
	if (rc == 0)
		rc = set_freshness(cli, policy);
	if (rc == 0)
		rc = set_assertion(cli, policy);
	if (rc == 0 && eg_policy_check(policy, &err) != 0)
		rc = eg_cli_refuse(&err);
	return rc;
}

int ctl_policy_set(const struct eg_cli *cli)
{
	static struct eg_policy policy; /* large, and there is one command a process */
	int rc = fill_policy(cli, &policy);

	return rc == 0 ? put_policy(cli, &policy) : rc;
}

int ctl_policy_remove(const struct eg_cli *cli)
{
	struct ctl_change change;
	uint32_t id = 0;
	int rc = get_id(cli, &id);

	if (rc != 0)
		return rc;
	if (ctl_change_begin(&change, cli))
		change.rc = eg_state_policy_remove(
		    change.st, id, change.utc_ns, &change.epoch, &change.err);
	return ctl_change_end(&change);
}

static json_t *json_of_names(const struct eg_policy_str *names, unsigned cnt)
{
	json_t *out = json_array();

	for (unsigned i = 0; i < cnt; i++)
		(void)json_array_append_new(out, ctl_json_text(eg_policy_span(&names[i])));
	return out;
}

static json_t *json_of_cwt_typs(const struct eg_policy *p)
{
	json_t *out = json_of_names(p->cwt_typ, p->cwt_typ_cnt);

	for (unsigned i = 0; i < p->cwt_format_cnt; i++)
		(void)json_array_append_new(out, json_integer(p->cwt_format[i]));
	return out;
}

static json_t *json_of_policy(const struct eg_policy *p, bool is_default)
{
	json_t *audience =
	    p->any_audience ? json_string("any") : json_of_names(p->audience, p->audience_cnt);

	return json_pack("{s:I, s:b, s:o, s:o, s:o, s:o, s:b, s:i, s:s, s:s, s:s, s:o, s:b, s:I, "
	                 "s:I, s:I, s:I, s:o}",
	    "id", (json_int_t)p->id, "default", is_default, "issuer",
	    json_of_names(p->issuer, p->issuer_cnt), "audience", audience, "typ",
	    json_of_names(p->typ, p->typ_cnt), "cwt_typ", json_of_cwt_typs(p), "typ_required",
	    p->typ_required, "skew", p->skew_s, "order", orders[p->order], "status",
	    status_modes[p->status], "cnf", cnf_modes[p->cnf], "implicit_assertion",
	    ctl_json_text(eg_policy_span(&p->implicit_assertion)), "exp_optional", p->exp_optional,
	    "max_age", (json_int_t)p->max_age_s, "max_lifetime", (json_int_t)p->max_lifetime_s,
	    "client_cache", (json_int_t)p->client_cache_s, "max_token",
	    (json_int_t)p->max_token_bytes, "freshness",
	    p->max_state_age_s != 0
	        ? json_sprintf("%s:%u", freshnesses[p->freshness], p->max_state_age_s)
	        : json_null());
}

static void fill_policies(const struct eg_snapshot *rows, json_t *out)
{
	for (uint32_t i = 0; i < rows->policy_cnt; i++)
		(void)json_array_append_new(
		    out, json_of_policy(&rows->policy[i], i == rows->default_policy));
}

int ctl_policy_list(const struct eg_cli *cli)
{
	static const char *const columns[] = {
	    "id", "default", "issuer", "audience", "typ", "skew", "order", "status", "cnf", NULL};

	return ctl_show_rows(cli, columns, fill_policies);
}
