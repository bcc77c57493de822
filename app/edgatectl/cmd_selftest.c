/* SPDX-License-Identifier: BSD-3-Clause */
/* selftest: is an implementation of Ed25519 right on this CPU. */
#include "ctl.h"
#include "eg_ed25519_selftest.h"
#include "eg_log.h"
#include "vector_batch.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_BYTES     ((size_t)64 << 20) /* lines of a batch: then it is verified, full or not */
#define LINE_KEPT_BYTES ((size_t)64 << 10) /* a longer line is given back at once */
#define TABLES_MAX      1024               /* some ms each */

struct selftest {
	const struct eg_ed25519_impl *impl;
	struct vector_batch batch;
	size_t batch_bytes;
	int table_cnt;
};

static int known_answers(const struct eg_ed25519_impl *impl)
{
	struct eg_error err = {0};

	if (eg_ed25519_selftest(impl, &err) != 0)
		return eg_cli_refuse(&err);
	(void)printf("Ed25519 '%s': all known answers are right\n", impl->name);
	return EG_CLI_DONE;
}

/* Verifies and prints what is in the batch, and empties it. */
static int finish_batch(struct selftest *t, struct eg_error *err)
{
	struct vector_batch *b = &t->batch;
	bool ok[VECTOR_BATCH_ROWS], with_tables = t->table_cnt < TABLES_MAX;
	int rc = vector_batch_verify(b, t->impl, with_tables, ok, err);

	for (unsigned i = 0; i < b->row_cnt; i++) {
		(void)fwrite(b->row[i].id.ptr, 1, b->row[i].id.len, stdout);
		(void)printf("\t%d\n", ok[i]);
		if (b->row[i].line_room > LINE_KEPT_BYTES)
			vector_row_free(&b->row[i]);
	}
	b->row_cnt = 0;
	t->batch_bytes = 0;
	if (rc < 0)
		return rc;
	t->table_cnt += rc;
	if (with_tables && t->table_cnt >= TABLES_MAX)
		eg_log(EG_LOG_WARNING, "so many keys: the rest is verified without tables only");
	return 0;
}

/* What stands before a line that is wrong is answered all the same. */
static int verify_rows(struct selftest *t, struct vector_file *file, struct eg_error *err)
{
	struct vector_batch *b = &t->batch;
	struct eg_error line_err = {0};
	int rc = 0;

	while (rc == 0 && vector_file_next(file, &b->row[b->row_cnt], &line_err) > 0) {
		t->batch_bytes += b->row[b->row_cnt++].line_room;
		if (b->row_cnt == VECTOR_BATCH_ROWS || t->batch_bytes > BATCH_BYTES)
			rc = finish_batch(t, err);
	}
	if (rc == 0)
		rc = finish_batch(t, err);
	if (rc == 0 && line_err.code != 0)
		*err = line_err;
	return rc == 0 ? line_err.code : rc;
}

static int verify_file(const struct eg_ed25519_impl *impl, const char *path)
{
	struct eg_error err = {0};
	struct vector_file file;
	struct selftest *t;
	int rc = vector_file_open(&file, path, &err);

	if (rc != 0)
		return eg_cli_refuse(&err);
	t = calloc(1, sizeof(*t));
	if (t != NULL) {
		t->impl = impl;
		rc = verify_rows(t, &file, &err);
		for (unsigned i = 0; i < VECTOR_BATCH_ROWS; i++)
			vector_row_free(&t->batch.row[i]);
		free(t);
	} else {
		rc = eg_error_set(&err, EG_ENOMEM, "no memory to read %s", path);
	}
	vector_file_close(&file);
	return rc != 0 ? eg_cli_refuse(&err) : EG_CLI_DONE;
}

int ctl_selftest(const struct eg_cli *cli)
{
	const char *path = eg_cli_get(cli, "vectors");
	struct eg_error err = {0};
	const struct eg_ed25519_impl *impl = eg_ed25519_select(eg_cli_get(cli, "impl"), &err);

	if (impl == NULL)
		return eg_cli_refuse(&err);
	return path != NULL ? verify_file(impl, path) : known_answers(impl);
}
