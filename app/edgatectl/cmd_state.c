/* SPDX-License-Identifier: BSD-3-Clause */
/* state: the store as a whole; audit: who changed what. */
#include "ctl.h"
#include "eg_clock.h"

#include <stdio.h>

/* The store, for a command that changes no state; the exit status in *rc where that failed. */
static struct eg_state *open_to_read(const struct eg_cli *cli, int *rc)
{
	struct eg_error err = {0};
	struct eg_state *st;

	if (eg_state_open(&st, ctl_state_dir(cli), EG_STATE_READ, &err) != 0)
		*rc = eg_cli_refuse(&err);
	return st;
}

int ctl_state_verify(const struct eg_cli *cli)
{
	struct eg_error err = {0};
	int rc = 0;
	struct eg_state *st = open_to_read(cli, &rc);

	if (st == NULL)
		return rc;
	if (eg_state_verify(st, &err) != 0)
		rc = eg_cli_refuse(&err);
	else
		(void)printf("sound: every row, event and chunk was read\n");
	eg_state_close(st);
	return rc;
}

int ctl_state_backup(const struct eg_cli *cli)
{
	struct eg_error err = {0};
	int rc = 0;
	struct eg_state *st = open_to_read(cli, &rc);

	if (st == NULL)
		return rc;
	if (eg_state_backup(st, cli->operand[0], &err) != 0)
		rc = eg_cli_refuse(&err);
	else
		(void)printf("done: %s\n", cli->operand[0]);
	eg_state_close(st);
	return rc;
}

int ctl_state_restore(const struct eg_cli *cli)
{
	struct eg_error err = {0};
	uint64_t epoch;

	if (eg_state_restore(
	        ctl_state_dir(cli), cli->operand[0], eg_clock_utc_ns(), &epoch, &err) != 0)
		return eg_cli_refuse(&err);
	ctl_ring_doorbell(cli);
	(void)printf("done: epoch " CTL_EPOCH_TEXT "\n", CTL_EPOCH_ARGS(epoch));
	return ctl_end_stored(epoch);
}

/* ── audit ── */

static int add_line(void *ctx, const struct eg_audit_line *line, struct eg_error *err)
{
	json_t *row = json_pack("{s:o, s:I, s:I, s:o}", "epoch", ctl_json_epoch(line->epoch),
	    "utc_ns", (json_int_t)line->utc_ns, "uid", (json_int_t)line->uid, "what",
	    ctl_json_text(line->what));

	if (row != NULL && json_array_append_new(ctx, row) == 0)
		return 0;
	return eg_error_set(err, EG_ENOMEM, "no memory for the audit");
}

int ctl_audit(const struct eg_cli *cli)
{
	static const char *const columns[] = {"epoch", "utc_ns", "uid", CTL_SHOWN "what", NULL};
	struct eg_error err = {0};
	uint64_t last = 0;
	json_t *rows;
	int rc = eg_cli_get_number(cli, "last", UINT32_MAX, &last);
	struct eg_state *st = rc == 0 ? open_to_read(cli, &rc) : NULL;

	if (st == NULL)
		return rc;
	rows = json_array();
	rc = eg_state_audit(st, last, add_line, rows, &err);
	eg_state_close(st);
	if (rc == 0)
		return ctl_print_rows(rows, columns, eg_cli_has(cli, "json"));
	json_decref(rows);
	return eg_cli_refuse(&err);
}
