/* SPDX-License-Identifier: BSD-3-Clause */
/* revoke, suspend, unrevoke: what passes no longer, and again. */
#include "ctl.h"
#include "eg_clock.h"
#include "eg_hex.h"
#include "eg_log.h"

#include <stdlib.h>

/* One more than there are commas in all operands behind the URI. */
static size_t count_parts(const struct eg_cli *cli)
{
	size_t cnt = 0;

	for (unsigned i = 1; i < cli->operand_cnt; i++) {
		cnt++;
		for (const char *c = cli->operand[i]; *c != '\0'; c++)
			cnt += *c == ',';
	}
	return cnt;
}

static int parse_ranges(const struct eg_cli *cli, struct eg_index_range *ranges, size_t *cnt)
{
	struct eg_span part;

	*cnt = 0;
	for (unsigned i = 1; i < cli->operand_cnt; i++) {
		const char *rest = cli->operand[i];

		while (eg_cli_next_part(&rest, &part)) {
			if (!ctl_parse_range(part, &ranges[(*cnt)++]))
				return eg_cli_usage(cli,
				    "'%.*s' is neither an index nor a range like 7-9",
				    (int)part.len, (const char *)part.ptr);
		}
	}
	return 0;
}

/* From --file or from the operands, not from both. To be freed. */
static int get_ranges(const struct eg_cli *cli, struct eg_index_range **ranges, size_t *cnt)
{
	struct eg_error err = {0};

	if (eg_cli_has(cli, "file") == (cli->operand_cnt > 1))
		return eg_cli_usage(cli, "give indices, or --file FILE with one on each line");
	if (eg_cli_has(cli, "file"))
		return ctl_read_ranges(cli, ranges, cnt, &err) == 0 ? 0 : eg_cli_refuse(&err);
	*ranges = calloc(count_parts(cli), sizeof(**ranges));
	if (*ranges != NULL)
		return parse_ranges(cli, *ranges, cnt);
	(void)eg_error_set(&err, EG_ENOMEM, "no memory for the indices");
	return eg_cli_refuse(&err);
}

static uint64_t index_cnt(const struct eg_index_range ranges[], size_t range_cnt)
{
	uint64_t cnt = 0;

	for (size_t i = 0; i < range_cnt; i++)
		cnt += (uint64_t)ranges[i].last - ranges[i].first + 1;
	return cnt;
}

static int set_index(const struct eg_cli *cli, enum eg_index_value value)
{
	struct eg_index_range *ranges = NULL;
	struct ctl_change change;
	size_t cnt = 0;
	int rc = get_ranges(cli, &ranges, &cnt);

	if (rc == 0) {
		if (ctl_change_begin(&change, cli)) {
			const uint64_t all = index_cnt(ranges, cnt);

			ctl_progress(&change.progress, 0, all, "indices stored");
			change.rc = eg_state_set_index(change.st, eg_span_str(cli->operand[0]),
			    value, ranges, cnt, change.utc_ns, &change.epoch, &change.err);
			if (change.rc == 0)
				ctl_progress(&change.progress, all, all, "indices stored");
		}
		rc = ctl_change_end(&change);
	}
	free(ranges);
	return rc;
}

int ctl_revoke_index(const struct eg_cli *cli)
{
	return set_index(cli, EG_INDEX_REVOKED);
}

int ctl_suspend_index(const struct eg_cli *cli)
{
	return set_index(cli, EG_INDEX_SUSPENDED);
}

int ctl_unrevoke_index(const struct eg_cli *cli)
{
	return set_index(cli, EG_INDEX_VALID);
}

/* By the name of a command of the table in main.c. */
static enum eg_revoke_kind kind_by_name(const char *name)
{
	static const struct {
		const char *name;
		enum eg_revoke_kind kind;
	} kinds[] = {{"jti", EG_REVOKE_JTI}, {"cti", EG_REVOKE_CTI}, {"sid", EG_REVOKE_SID},
	    {"jkt", EG_REVOKE_JKT}, {"subject", EG_REVOKE_SUBJECT}, {"issuer", EG_REVOKE_ISSUER}};
	unsigned i = 0;

	while (strcmp(kinds[i].name, name) != 0)
		i++;
	return kinds[i].kind;
}

/* The value that is meant, none of an issuer's cutoff; bytes is where hex goes. */
static int get_value(const struct eg_cli *cli, uint8_t bytes[CTL_VALUE_MAX], struct eg_span *value)
{
	*value = cli->operand_cnt > 1 ? eg_span_str(cli->operand[1]) : eg_span(NULL, 0);
	if (!eg_cli_has(cli, "hex"))
		return 0;
	if (value->len > 2 * CTL_VALUE_MAX || !eg_hex_decode(*value, bytes))
		return eg_cli_usage(
		    cli, "'%s' is not the hex of 1 to %u bytes", cli->operand[1], CTL_VALUE_MAX);
	*value = eg_span(bytes, value->len / 2);
	return 0;
}

int ctl_unrevoke_value(const struct eg_cli *cli)
{
	uint8_t bytes[CTL_VALUE_MAX];
	struct ctl_change change;
	struct eg_span value;
	int rc = get_value(cli, bytes, &value);

	if (rc != 0)
		return rc;
	if (ctl_change_begin(&change, cli))
		change.rc = eg_state_unrevoke(change.st, kind_by_name(cli->command->name),
		    eg_span_str(cli->operand[0]), value, change.utc_ns, &change.epoch, &change.err);
	return ctl_change_end(&change);
}

static uint64_t now_s(void)
{
	return (uint64_t)(eg_clock_utc_ns() / EG_NS_PER_S);
}

/* The values of --file, or the operand alone; `bytes` is where its hex goes. */
static int get_values(
    const struct eg_cli *cli, uint8_t bytes[CTL_VALUE_MAX], struct ctl_values *values)
{
	struct eg_error err = {0};
	int rc;

	*values = (struct ctl_values){0};
	if (eg_cli_has(cli, "file") == (cli->operand_cnt > 1))
		return eg_cli_usage(cli, "give a value, or --file FILE with one on each line");
	if (eg_cli_has(cli, "file"))
		return ctl_read_values(cli, values, &err) == 0 ? 0 : eg_cli_refuse(&err);
	values->value = calloc(1, sizeof(*values->value));
	values->cnt = 1;
	if (values->value == NULL) {
		(void)eg_error_set(&err, EG_ENOMEM, "no memory for a value");
		return eg_cli_refuse(&err);
	}
	rc = get_value(cli, bytes, values->value);
	if (rc != 0)
		ctl_values_free(values);
	return rc;
}

struct storing {
	struct ctl_progress *progress;
	size_t all;
};

static void show_stored(void *ctx, size_t n)
{
	const struct storing *storing = ctx;

	if (storing->all > 1)
		ctl_progress(storing->progress, n, storing->all, "values stored");
}

/* Within a change that has begun. */
static void store_values(struct ctl_change *change, enum eg_revoke_kind kind,
    const struct ctl_values *values, uint64_t until_s)
{
	struct storing storing = {&change->progress, values->cnt};
	const struct eg_state_values all = {
	    .kind = kind,
	    .issuer = eg_span_str(change->cli->operand[0]),
	    .value = values->value,
	    .cnt = values->cnt,
	    .until_s = until_s,
	    .stored = show_stored,
	    .ctx = &storing,
	};

	change->rc =
	    eg_state_revoke_values(change->st, &all, change->utc_ns, &change->epoch, &change->err);
}

/* No error: a script that denies tokens as they run out must not fail by a second. */
static void warn_of_past(const struct ctl_change *change, uint64_t exp_s)
{
	if (exp_s + EG_REVOKE_GRACE_S < (uint64_t)(change->utc_ns / EG_NS_PER_S))
		eg_log(EG_LOG_WARNING,
		    "--exp is more than %u s ago: such tokens are expired anyway, and nothing "
		    "comes into force (a token without exp is denied by a T that is far ahead)",
		    EG_REVOKE_GRACE_S);
}

int ctl_revoke_value(const struct eg_cli *cli)
{
	enum eg_revoke_kind kind = kind_by_name(cli->command->name);
	uint8_t bytes[CTL_VALUE_MAX];
	struct ctl_change change;
	struct ctl_values values;
	uint64_t exp_s;
	int rc;

	if (!eg_cli_has(cli, "exp"))
		return eg_cli_usage(cli, "--exp T is missing: the exp of what is revoked");
	rc = eg_cli_get_time(cli, "exp", now_s(), &exp_s);
	if (rc == 0)
		rc = get_values(cli, bytes, &values);
	if (rc != 0)
		return rc;
	if (ctl_change_begin(&change, cli))
		store_values(&change, kind, &values, exp_s);
	ctl_values_free(&values);
	rc = ctl_change_end(&change);
	if (change.usage == 0 && change.rc == 0)
		warn_of_past(&change, exp_s);
	return rc;
}

static uint64_t largest_skew(const struct eg_snapshot *rows, struct eg_span issuer)
{
	uint64_t skew_s = 0;

	for (uint32_t i = 0; i < rows->policy_cnt; i++) {
		const struct eg_policy *p = &rows->policy[i];

		if (eg_policy_find_issuer(p, issuer) >= 0 && p->skew_s > skew_s)
			skew_s = p->skew_s;
	}
	return skew_s;
}

/* Now plus the largest skew: a token minted in this second by a clock that runs ahead is still
 * meant. */
static int default_until(const struct eg_cli *cli, struct ctl_change *change, uint64_t *until_s)
{
	struct eg_snapshot *rows;

	change->rc = eg_state_snapshot(change->st, &rows, &change->err);
	if (change->rc != 0)
		return change->rc;
	*until_s = (uint64_t)(change->utc_ns / EG_NS_PER_S) +
	           largest_skew(rows, eg_span_str(cli->operand[0]));
	eg_snapshot_free(rows);
	return 0;
}

/* As ctl_change_begin, with the time of --until or its default. */
static bool begin_cutoff(struct ctl_change *change, const struct eg_cli *cli, uint64_t *until_s)
{
	int usage = eg_cli_get_time(cli, "until", now_s(), until_s);

	if (usage != 0) {
		*change = (struct ctl_change){.usage = usage};
		return false;
	}
	if (!ctl_change_begin(change, cli))
		return false;
	return eg_cli_has(cli, "until") || default_until(cli, change, until_s) == 0;
}

int ctl_revoke_subject(const struct eg_cli *cli)
{
	uint8_t bytes[CTL_VALUE_MAX];
	struct ctl_change change;
	struct ctl_values values;
	uint64_t until_s;
	int rc = get_values(cli, bytes, &values);

	if (rc != 0)
		return rc;
	if (begin_cutoff(&change, cli, &until_s))
		store_values(&change, EG_REVOKE_SUBJECT, &values, until_s);
	ctl_values_free(&values);
	return ctl_change_end(&change);
}

int ctl_revoke_issuer(const struct eg_cli *cli)
{
	struct ctl_change change;
	uint64_t until_s;

	if (begin_cutoff(&change, cli, &until_s))
		change.rc = eg_state_revoke_issuer(change.st, eg_span_str(cli->operand[0]), until_s,
		    change.utc_ns, &change.epoch, &change.err);
	return ctl_change_end(&change);
}

int ctl_revoke_key(const struct eg_cli *cli)
{
	struct ctl_change change;

	if (ctl_change_begin(&change, cli))
		change.rc = eg_state_revoke_key(change.st, eg_span_str(cli->operand[0]),
		    eg_span_str(cli->operand[1]), change.utc_ns, &change.epoch, &change.err);
	return ctl_change_end(&change);
}
