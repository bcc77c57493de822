/* SPDX-License-Identifier: BSD-3-Clause */
/* revoke, suspend, unrevoke: what passes no longer, and again. */
#include "ctl.h"
#include "eg_clock.h"
#include "eg_hex.h"

#include <stdlib.h>

#define INDEX_TEXT_MAX 24u
#define VALUE_MAX      255u /* bytes of a jti, cti, sid (docs/protocol.md, S5) */

static bool parse_index(struct eg_span text, uint32_t *out)
{
	char digits[INDEX_TEXT_MAX];
	uint64_t value;

	if (text.len >= sizeof(digits))
		return false;
	memcpy(digits, text.ptr, text.len);
	digits[text.len] = '\0';
	if (!eg_cli_number(digits, UINT32_MAX, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

/* "7" or "7-9" */
static bool parse_range(struct eg_span text, struct eg_index_range *out)
{
	const uint8_t *dash = memchr(text.ptr, '-', text.len);
	size_t first_len = dash != NULL ? (size_t)(dash - text.ptr) : text.len;

	if (!parse_index(eg_span(text.ptr, first_len), &out->first))
		return false;
	out->last = out->first;
	if (dash == NULL)
		return true;
	return parse_index(eg_span(dash + 1, text.len - first_len - 1), &out->last) &&
	       out->last >= out->first;
}

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
			if (!parse_range(part, &ranges[(*cnt)++]))
				return eg_cli_usage(cli,
				    "'%.*s' is neither an index nor a range like 7-9",
				    (int)part.len, (const char *)part.ptr);
		}
	}
	return 0;
}

static int set_index(const struct eg_cli *cli, enum eg_index_value value)
{
	struct eg_index_range *ranges = calloc(count_parts(cli), sizeof(*ranges));
	struct eg_error err = {0};
	struct ctl_change change;
	size_t cnt;
	int rc;

	if (ranges == NULL) {
		(void)eg_error_set(&err, EG_ENOMEM, "no memory for the indices");
		return eg_cli_refuse(&err);
	}
	rc = parse_ranges(cli, ranges, &cnt);
	if (rc == 0) {
		if (ctl_change_begin(&change, cli))
			change.rc = eg_state_set_index(change.st, eg_span_str(cli->operand[0]),
			    value, ranges, cnt, change.utc_ns, &change.epoch, &change.err);
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
static int get_value(const struct eg_cli *cli, uint8_t bytes[VALUE_MAX], struct eg_span *value)
{
	*value = cli->operand_cnt > 1 ? eg_span_str(cli->operand[1]) : eg_span(NULL, 0);
	if (!eg_cli_has(cli, "hex"))
		return 0;
	if (value->len > 2 * VALUE_MAX || !eg_hex_decode(*value, bytes))
		return eg_cli_usage(
		    cli, "'%s' is not the hex of 1 to %u bytes", cli->operand[1], VALUE_MAX);
	*value = eg_span(bytes, value->len / 2);
	return 0;
}

int ctl_unrevoke_value(const struct eg_cli *cli)
{
	uint8_t bytes[VALUE_MAX];
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

int ctl_revoke_value(const struct eg_cli *cli)
{
	enum eg_revoke_kind kind = kind_by_name(cli->command->name);
	uint8_t bytes[VALUE_MAX];
	struct ctl_change change;
	struct eg_span value;
	uint64_t exp_s;
	int rc = get_value(cli, bytes, &value);

	if (rc != 0)
		return rc;
	if (!eg_cli_has(cli, "exp"))
		return eg_cli_usage(cli, "--exp T is missing: the exp of what is revoked");
	rc = eg_cli_get_time(cli, "exp", now_s(), &exp_s);
	if (rc != 0)
		return rc;
	if (ctl_change_begin(&change, cli))
		change.rc = eg_state_revoke_value(change.st, kind, eg_span_str(cli->operand[0]),
		    value, exp_s, change.utc_ns, &change.epoch, &change.err);
	return ctl_change_end(&change);
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
	struct ctl_change change;
	uint64_t until_s;

	if (begin_cutoff(&change, cli, &until_s))
		change.rc = eg_state_revoke_subject(change.st, eg_span_str(cli->operand[0]),
		    eg_span_str(cli->operand[1]), until_s, change.utc_ns, &change.epoch,
		    &change.err);
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
