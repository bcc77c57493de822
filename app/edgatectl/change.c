/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl.h"
#include "eg_clock.h"
#include "eg_log.h"

#include <stdio.h>
#include <stdio_ext.h>

#define WAIT_DEFAULT_MS 5000u
#define WAIT_MAX_MS     86400000u

const char *ctl_state_dir(const struct eg_cli *cli)
{
	const char *dir = eg_cli_get(cli, "state");

	return dir != NULL ? dir : CTL_STATE_DEFAULT;
}

bool ctl_change_begin(struct ctl_change *change, const struct eg_cli *cli)
{
	*change = (struct ctl_change){
	    .cli = cli, .utc_ns = eg_clock_utc_ns(), .wait_ms = WAIT_DEFAULT_MS};
	ctl_progress_begin(&change->progress, cli);
	change->usage = eg_cli_get_number(cli, "wait", WAIT_MAX_MS, &change->wait_ms);
	if (change->usage != 0)
		return false;
	change->rc = eg_state_open(&change->st, ctl_state_dir(cli), EG_STATE_WRITE, &change->err);
	return change->rc == 0;
}

int ctl_end_stored(uint64_t epoch)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return EG_CLI_DONE;
	eg_log(EG_LOG_ERROR,
	    "the change is stored (epoch " CTL_EPOCH_TEXT
	    "), but its output could not be written: %m",
	    CTL_EPOCH_ARGS(epoch));
	/* All is said of it: nobody need try again. */
	__fpurge(stdout);
	clearerr(stdout);
	return EG_CLI_REFUSED;
}

static int wait_applied(struct ctl_change *change)
{
	struct ctl_wait wait = {
	    .epoch = change->epoch, .timeout_ms = change->wait_ms, .progress = &change->progress};
	struct eg_error err = {0};
	int rc = ctl_wait_applied(change->cli, &wait, &err);

	ctl_progress_end(&change->progress);
	if (rc != 0) {
		(void)eg_error_prefix(&err, "the change is stored, but");
		return eg_cli_refuse(&err);
	}
	(void)printf("applied: %.1f ms\n", wait.took_ms);
	return ctl_end_stored(change->epoch);
}

int ctl_change_end(struct ctl_change *change)
{
	int rc;

	if (change->usage != 0)
		return change->usage;
	/* Before the store is closed, which may take a while: the change is on disk. */
	if (change->rc == 0)
		ctl_ring_doorbell(change->cli);
	ctl_progress_end(&change->progress);
	if (change->st != NULL)
		eg_state_close(change->st);
	if (change->rc != 0)
		return eg_cli_refuse(&change->err);
	(void)printf("done: epoch " CTL_EPOCH_TEXT "\n", CTL_EPOCH_ARGS(change->epoch));
	rc = ctl_end_stored(change->epoch);
	if (rc == EG_CLI_DONE && eg_cli_has(change->cli, "wait"))
		return wait_applied(change);
	return rc;
}

json_t *ctl_read_rows(const struct eg_cli *cli,
    void (*fill)(const struct eg_snapshot *rows, json_t *out), struct eg_error *err)
{
	struct eg_state *st = NULL;
	struct eg_snapshot *rows = NULL;
	json_t *out = json_array();
	int rc = eg_state_open(&st, ctl_state_dir(cli), EG_STATE_READ, err);

	if (rc == 0)
		rc = eg_state_snapshot(st, &rows, err);
	if (rc == 0)
		fill(rows, out);
	eg_snapshot_free(rows);
	eg_state_close(st);
	if (rc == 0)
		return out;
	json_decref(out);
	return NULL;
}

int ctl_show_rows(const struct eg_cli *cli, const char *const columns[],
    void (*fill)(const struct eg_snapshot *rows, json_t *out))
{
	struct eg_error err = {0};
	json_t *rows = ctl_read_rows(cli, fill, &err);

	return rows != NULL ? ctl_print_rows(rows, columns, eg_cli_has(cli, "json"))
	                    : eg_cli_refuse(&err);
}
