/* SPDX-License-Identifier: BSD-3-Clause */
/* verify, ping: ask a running edgate over a kernel socket. */
#include "ctl.h"
#include "edgate_client.h"
#include "eg_clock.h"
#include "eg_egt.h"
#include "eg_log.h"

#include <stdio.h>
#include <time.h>

#define TIMEOUT_MAX_MS 3600000u
#define UNTIL_MAX_NS   (30 * EG_NS_PER_S) /* how long --until asks */
#define UNTIL_PAUSE_NS 500000

struct asking {
	const struct eg_cli *cli;
	struct edgate_client *client;
	uint32_t policy_id;
	uint8_t fmt;           /* of --fmt */
	uint64_t number;       /* of the token, from 1 */
	enum eg_verdict until; /* ask again until this is answered; EG_VERDICT_NONE: once */
	bool all_ok;
};

/* 0, else the exit status after a message. */
static int open_client(const struct eg_cli *cli, struct edgate_client **client)
{
	struct edgate_options options = {0};
	char error[EG_ERROR_TEXT_BYTES] = "";
	uint64_t timeout_ms = 0, datagram_bytes = 0;
	int rc = eg_cli_get_number(cli, "timeout", TIMEOUT_MAX_MS, &timeout_ms);

	if (rc == 0)
		rc = eg_cli_get_number(cli, "max-datagram", EG_EGT_DATAGRAM_MAX, &datagram_bytes);
	if (rc != 0)
		return rc;
	options.timeout_ms = (uint32_t)timeout_ms;
	options.max_datagram_bytes = (uint32_t)datagram_bytes;
	*client = edgate_client_open(cli->operand[0], &options, error, sizeof(error));
	if (*client != NULL)
		return 0;
	eg_log(EG_LOG_ERROR, "%s", error);
	return EG_CLI_REFUSED;
}

static int print_answer(const struct asking *a, const struct edgate_answer *answer)
{
	const struct ctl_answer shown = {
	    .line = a->number,
	    .status = edgate_status_name(answer->status),
	    .detail = edgate_detail_name(answer->detail),
	    .exp_s = answer->exp_s,
	    .rflags = answer->flags,
	    .utc_ns = a->until != EG_VERDICT_NONE ? eg_clock_utc_ns() : 0,
	};

	return ctl_print_answer(&shown, eg_cli_has(a->cli, "json"));
}

/* One question, or with --until as many as it takes. */
static int ask_server(
    struct asking *a, const struct edgate_token *token, struct edgate_answer *answer)
{
	const struct timespec pause = {.tv_nsec = UNTIL_PAUSE_NS};
	uint64_t end_ns = eg_clock_mono_ns() + UNTIL_MAX_NS;

	for (;;) {
		if (edgate_client_verify(a->client, token, 1, 0, answer, NULL) != 0) {
			eg_log(EG_LOG_ERROR, "%s: token %llu: %s", a->cli->operand[0],
			    (unsigned long long)a->number, edgate_client_error(a->client));
			return EG_CLI_REFUSED;
		}
		if (a->until == EG_VERDICT_NONE || answer->status == a->until)
			return EG_CLI_DONE;
		if (eg_clock_mono_ns() >= end_ns) {
			eg_log(EG_LOG_ERROR, "%s: token %llu: still %s after 30 s",
			    a->cli->operand[0], (unsigned long long)a->number,
			    edgate_status_name(answer->status));
			return EG_CLI_REFUSED;
		}
		(void)nanosleep(&pause, NULL);
	}
}

static int ask(struct asking *a, const struct ctl_line *line)
{
	struct edgate_token token = {
	    .bytes = line->token.ptr,
	    .len = line->token.len,
	    .policy_id = a->policy_id,
	    .fmt = line->fmt,
	};
	struct edgate_answer answer = {.status = EG_TOO_BIG};

	a->number++;
	if (!line->too_big) {
		int rc = ask_server(a, &token, &answer);

		if (rc != EG_CLI_DONE)
			return rc;
	}
	a->all_ok = a->all_ok && answer.status == EDGATE_OK;
	return print_answer(a, &answer);
}

static int ask_lines(struct asking *a, struct ctl_lines *lines)
{
	struct eg_error err = {0};
	struct ctl_line line;
	int more;

	while ((more = ctl_lines_next(lines, &line, &err)) > 0) {
		int rc = ask(a, &line);

		(void)fflush(stdout);
		if (rc != 0)
			return rc;
	}
	return more < 0 ? eg_cli_refuse(&err) : EG_CLI_DONE;
}

static int ask_operands(struct asking *a, struct ctl_lines *lines)
{
	for (unsigned i = 1; i < a->cli->operand_cnt; i++) {
		struct ctl_line line = ctl_lines_of_text(lines, eg_span_str(a->cli->operand[i]));
		int rc = ask(a, &line);

		if (rc != 0)
			return rc;
	}
	return EG_CLI_DONE;
}

static int ask_all(struct asking *a)
{
	bool from_stdin = a->cli->operand_cnt == 2 && strcmp(a->cli->operand[1], "-") == 0;
	struct eg_error err = {0};
	struct ctl_lines *lines = ctl_lines_open("-", a->fmt, &err);
	int rc;

	if (lines == NULL)
		return eg_cli_refuse(&err);
	rc = from_stdin ? ask_lines(a, lines) : ask_operands(a, lines);
	ctl_lines_close(lines);
	if (rc == EG_CLI_DONE && !a->all_ok && eg_cli_has(a->cli, "exit-status"))
		return EG_CLI_REFUSED;
	return rc;
}

static int get_until(const struct eg_cli *cli, enum eg_verdict *until)
{
	const char *name = eg_cli_get(cli, "until");

	if (name == NULL)
		return 0;
	*until = eg_verdict_by_name(name);
	return *until != EG_VERDICT_NONE ? 0 : eg_cli_usage(cli, "--until: no status '%s'", name);
}

int ctl_verify(const struct eg_cli *cli)
{
	struct asking a = {.cli = cli, .all_ok = true};
	uint64_t policy_id = 0;
	int rc = eg_cli_get_number(cli, "policy", UINT32_MAX, &policy_id);

	if (rc == 0)
		rc = get_until(cli, &a.until);
	if (rc == 0)
		rc = ctl_get_fmt(cli, &a.fmt);
	if (rc == 0)
		rc = open_client(cli, &a.client);
	if (rc != 0)
		return rc;
	a.policy_id = (uint32_t)policy_id;
	rc = ask_all(&a);
	edgate_client_close(a.client);
	return rc;
}

static int print_info(const struct edgate_info *info, bool as_json)
{
	if (as_json)
		return ctl_print_json(
		    json_pack("{s:b, s:o, s:I, s:s, s:i, s:i}", "ready", info->ready, "epoch",
		        ctl_json_epoch(info->epoch), "utc", (json_int_t)info->utc_s, "version",
		        info->version, "shards", info->shards, "base_port", info->base_port),
		    JSON_COMPACT);
	(void)printf("%s: epoch " CTL_EPOCH_TEXT ", utc %llu, version %s, base port %u\n",
	    info->ready ? "ready" : "not ready", CTL_EPOCH_ARGS(info->epoch),
	    (unsigned long long)info->utc_s, info->version, (unsigned)info->base_port);
	return EG_CLI_DONE;
}

int ctl_ping(const struct eg_cli *cli)
{
	struct edgate_client *client;
	struct edgate_info info = {0};
	int rc = open_client(cli, &client);

	if (rc != 0)
		return rc;
	if (edgate_client_ping(client, &info) == 0) {
		rc = print_info(&info, eg_cli_has(cli, "json"));
	} else {
		eg_log(EG_LOG_ERROR, "%s: %s", cli->operand[0], edgate_client_error(client));
		rc = EG_CLI_REFUSED;
	}
	edgate_client_close(client);
	return rc;
}
