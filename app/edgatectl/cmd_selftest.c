/* SPDX-License-Identifier: BSD-3-Clause */
/* selftest: is an implementation of Ed25519 right on this CPU. */
#include "ctl.h"
#include "eg_ed25519_selftest.h"
#include "vector_rows.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_ROWS      128u
#define BATCH_BYTES     ((size_t)64 << 20) /* lines of a batch: then it is verified, full or not */
#define LINE_KEPT_BYTES ((size_t)64 << 10) /* a longer line is given back at once */

struct batch {
	const struct eg_ed25519_impl *impl;
	struct vector_row row[BATCH_ROWS];
	struct eg_ed25519_key key[BATCH_ROWS];
	struct eg_ed25519_job job[BATCH_ROWS]; /* of the rows that can be asked about */
	unsigned row_of_job[BATCH_ROWS];
	unsigned row_cnt;
	size_t bytes;
};

static int known_answers(const struct eg_ed25519_impl *impl)
{
	struct eg_error err = {0};

	if (eg_ed25519_selftest(impl, &err) != 0)
		return eg_cli_refuse(&err);
	(void)printf("Ed25519 '%s': all known answers are right\n", impl->name);
	return EG_CLI_DONE;
}

/* The jobs of the batch. A key or a signature of another length is refused before the engine: it
 * has no place there. */
static unsigned make_jobs(struct batch *b)
{
	unsigned job_cnt = 0;

	for (unsigned i = 0; i < b->row_cnt; i++) {
		const struct vector_row *row = &b->row[i];

		if (row->pk.len != EG_ED25519_PUBLIC_BYTES ||
		    row->sig.len != EG_ED25519_SIGNATURE_BYTES)
			continue;
		memcpy(b->key[i].bytes, row->pk.ptr, EG_ED25519_PUBLIC_BYTES);
		b->job[job_cnt] = (struct eg_ed25519_job){
		    &b->key[i], row->msg.ptr, row->sig.ptr, (uint32_t)row->msg.len};
		b->row_of_job[job_cnt++] = i;
	}
	return job_cnt;
}

/* Verifies and prints what is in the batch, and empties it. */
static void finish(struct batch *b)
{
	bool row_ok[BATCH_ROWS] = {false}, job_ok[BATCH_ROWS] = {false};
	unsigned job_cnt = make_jobs(b);

	eg_ed25519_verify(b->impl, b->job, job_cnt, job_ok);
	for (unsigned j = 0; j < job_cnt; j++)
		row_ok[b->row_of_job[j]] = job_ok[j];
	for (unsigned i = 0; i < b->row_cnt; i++) {
		(void)fwrite(b->row[i].id.ptr, 1, b->row[i].id.len, stdout);
		(void)printf("\t%d\n", row_ok[i]);
		if (b->row[i].line_room > LINE_KEPT_BYTES)
			vector_row_free(&b->row[i]);
	}
	b->row_cnt = 0;
	b->bytes = 0;
}

/* What stands before a line that is wrong is answered all the same. */
static int verify_rows(struct batch *b, struct vector_file *file)
{
	struct eg_error err = {0};
	int more;

	while ((more = vector_file_next(file, &b->row[b->row_cnt], &err)) > 0) {
		b->bytes += b->row[b->row_cnt++].line_room;
		if (b->row_cnt == BATCH_ROWS || b->bytes > BATCH_BYTES)
			finish(b);
	}
	finish(b);
	return more < 0 ? eg_cli_refuse(&err) : EG_CLI_DONE;
}

static int verify_file(const struct eg_ed25519_impl *impl, const char *path)
{
	struct eg_error err = {0};
	struct vector_file file;
	struct batch *b;
	int rc;

	if (vector_file_open(&file, path, &err) != 0)
		return eg_cli_refuse(&err);
	b = calloc(1, sizeof(*b));
	if (b == NULL) {
		vector_file_close(&file);
		(void)eg_error_set(&err, EG_ENOMEM, "no memory to read %s", path);
		return eg_cli_refuse(&err);
	}
	b->impl = impl;
	rc = verify_rows(b, &file);
	for (unsigned i = 0; i < BATCH_ROWS; i++)
		vector_row_free(&b->row[i]);
	free(b);
	vector_file_close(&file);
	return rc;
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
