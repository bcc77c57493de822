/* SPDX-License-Identifier: BSD-3-Clause */
/* explain: which layer refuses a token, and since when. */
#include "decider.h"
#include "eg_token.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct explaining {
	const struct eg_cli *cli;
	struct decider *d;
	uint32_t policy_id;
	uint64_t number; /* of the token, from 1 */
	struct eg_token token;
	struct eg_token_scratch scratch;
	struct eg_token_message message;
};

/* As the pipeline has read it: it has passed there. */
static void read_token(struct explaining *x, const struct ctl_line *line)
{
	const struct eg_policy *policy = eg_snapshot_policy(decider_snapshot(x->d), x->policy_id);
	const bool is_told = line->fmt != EG_FMT_DETECT;
	unsigned fmt = is_told ? line->fmt : (unsigned)eg_token_detect(line->token);

	if (fmt == EG_FMT_CWT)
		(void)eg_cwt_parse(line->token, is_told, policy, &x->message, &x->token);
	else if (fmt == EG_FMT_PASETO)
		(void)eg_paseto_parse(line->token, policy, &x->scratch, &x->message, &x->token);
	else
		(void)eg_jwt_parse(line->token, policy, &x->scratch, &x->token);
}

/* The key that the token names, or the only one of its issuer. */
static struct eg_span kid_of(const struct explaining *x)
{
	const struct eg_keyset *keys = decider_snapshot(x->d)->keys;
	const struct eg_policy *policy = eg_snapshot_policy(decider_snapshot(x->d), x->policy_id);
	int i = eg_policy_find_issuer(policy, x->token.iss);
	const struct eg_key *key = i < 0 ? NULL
	                                 : eg_keyset_find(keys, policy->issuer_slot[i],
	                                       x->token.has & EG_HAS_KID, x->token.kid);

	return key != NULL ? key->kid : x->token.kid;
}

static struct eg_state_cause cause_of(
    const struct explaining *x, const struct eg_egt_answer *answer)
{
	const struct eg_token *t = &x->token;
	const struct eg_span values[] = {
	    [EG_DETAIL_KEY] = kid_of(x),
	    [EG_DETAIL_SUBJECT] = t->sub,
	    [EG_DETAIL_JTI] = t->jti,
	    [EG_DETAIL_CTI] = t->cti,
	    [EG_DETAIL_SID] = t->sid,
	    [EG_DETAIL_JKT] = t->jkt,
	    [EG_DETAIL_LIST] = t->status_uri,
	};
	struct eg_state_cause cause = {
	    .detail = answer->detail,
	    .is_suspended = answer->status == EG_SUSPENDED,
	    .has_iat = (t->has & EG_HAS_IAT) != 0,
	    .iat_s = t->iat_floor_s,
	    .issuer = t->iss,
	    .idx = t->status_idx,
	};

	if (cause.is_suspended)
		cause.detail = EG_DETAIL_LIST;
	cause.value = values[cause.detail];
	return cause;
}

static const char *layer_of(const struct eg_egt_answer *answer)
{
	static const char *const layers[] = {
	    [EG_DETAIL_KEY] = "R1",
	    [EG_DETAIL_ISSUER] = "R2",
	    [EG_DETAIL_SUBJECT] = "R3",
	    [EG_DETAIL_JTI] = "R4",
	    [EG_DETAIL_CTI] = "R4",
	    [EG_DETAIL_SID] = "R4",
	    [EG_DETAIL_JKT] = "R4",
	    [EG_DETAIL_LIST] = "R5",
	};

	if (answer->status == EG_SUSPENDED || answer->status == EG_STATUS_UNKNOWN)
		return "R5";
	return answer->status == EG_REVOKED ? layers[answer->detail] : NULL;
}

static const char *show_time(uint64_t utc_ns, char buf[32])
{
	const time_t utc_s = (time_t)(utc_ns / (uint64_t)EG_NS_PER_S);
	struct tm tm;

	(void)gmtime_r(&utc_s, &tm);
	(void)strftime(buf, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return buf;
}

static void print_text(const struct eg_egt_answer *answer, const struct eg_state_since *since)
{
	const char *layer = layer_of(answer);
	char buf[32];

	(void)printf("%s", eg_verdict_name(answer->status));
	if (answer->detail != EG_DETAIL_NONE)
		(void)printf(" %s", eg_detail_name(answer->detail));
	(void)printf(": %s", eg_verdict_doc(answer->status));
	if (layer != NULL)
		(void)printf(" (layer %s)", layer);
	(void)putchar('\n');
	if (since->is_known)
		(void)printf("  since %s, epoch " CTL_EPOCH_TEXT ", by uid %llu: %s\n",
		    show_time(since->utc_ns, buf), CTL_EPOCH_ARGS(since->epoch),
		    (unsigned long long)since->uid, since->what);
	if (since->is_unsure)
		(void)printf("  or since a newer change, of more indices than the audit keeps\n");
	if (layer != NULL && answer->status != EG_STATUS_UNKNOWN && !since->is_known)
		(void)printf("  the audit does not tell since when\n");
}

static json_t *json_of_since(const struct eg_state_since *since)
{
	if (!since->is_known)
		return json_null();
	return json_pack("{s:I, s:o, s:I, s:o, s:b}", "utc_ns", (json_int_t)since->utc_ns, "epoch",
	    ctl_json_epoch(since->epoch), "uid", (json_int_t)since->uid, "what",
	    ctl_json_text(eg_span_str(since->what)), "unsure", since->is_unsure);
}

static int print(const struct explaining *x, const struct eg_egt_answer *answer,
    const struct eg_state_since *since)
{
	if (!eg_cli_has(x->cli, "json")) {
		print_text(answer, since);
		return EG_CLI_DONE;
	}
	return ctl_print_json(
	    json_pack("{s:I, s:s, s:s, s:s?, s:o}", "line", (json_int_t)x->number, "status",
	        eg_verdict_name(answer->status), "detail", eg_detail_name(answer->detail), "layer",
	        layer_of(answer), "since", json_of_since(since)),
	    JSON_COMPACT);
}

static int explain(struct explaining *x, const struct ctl_line *line)
{
	struct eg_state_since since = {0};
	struct eg_error err = {0};
	struct eg_egt_answer answer;
	int rc = decider_ask(x->d, line, &answer, &err);

	x->number++;
	if (rc == 0 && (answer.status == EG_REVOKED || answer.status == EG_SUSPENDED)) {
		struct eg_state_cause cause;

		read_token(x, line);
		cause = cause_of(x, &answer);
		rc = eg_state_since(decider_state(x->d), &cause, &since, &err);
	}
	return rc == 0 ? print(x, &answer, &since) : eg_cli_refuse(&err);
}

static int explain_all(struct explaining *x, struct ctl_lines *lines)
{
	const char *operand = x->cli->operand[0];
	struct eg_error err = {0};
	struct ctl_line line;
	int more, rc = EG_CLI_DONE;

	if (strcmp(operand, "-") != 0) {
		line = ctl_lines_of_text(lines, eg_span_str(operand));
		return explain(x, &line);
	}
	while (rc == EG_CLI_DONE && (more = ctl_lines_next(lines, &line, &err)) != 0)
		rc = more > 0 ? explain(x, &line) : eg_cli_refuse(&err);
	return rc;
}

static int open_and_explain(
    const struct eg_cli *cli, const struct decider_config *config, uint8_t fmt)
{
	struct explaining *x = calloc(1, sizeof(*x));
	struct eg_error err = {0};
	struct ctl_lines *lines = ctl_lines_open("-", fmt, &err);
	int rc;

	if (x == NULL && lines != NULL)
		(void)eg_error_set(&err, EG_ENOMEM, "no memory for a token");
	else if (lines != NULL)
		x->d = decider_open(config, &err);
	if (err.code != 0) {
		rc = eg_cli_refuse(&err);
	} else {
		x->cli = cli;
		x->policy_id = config->policy_id;
		rc = explain_all(x, lines);
		decider_close(x->d);
	}
	if (lines != NULL)
		ctl_lines_close(lines);
	free(x);
	return rc;
}

int ctl_explain(const struct eg_cli *cli)
{
	struct decider_config config;
	uint8_t fmt;
	int rc = decider_configure(cli, &config);

	if (rc == 0)
		rc = ctl_get_fmt(cli, &fmt);
	return rc == 0 ? open_and_explain(cli, &config, fmt) : rc;
}
