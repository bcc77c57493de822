/* SPDX-License-Identifier: BSD-3-Clause */
#include "vector_batch.h"
#include "eg_ed25519_table.h"

/* Small tables, with centred digits and with plain ones: they are built for one use. */
#define PRIME_BITS 6u
#define MIXED_BITS 8u

/* A key or a signature of another length is refused before the engine: it has no place there. */
static void make_jobs(struct vector_batch *b)
{
	b->job_cnt = 0;
	for (unsigned i = 0; i < b->row_cnt; i++) {
		const struct vector_row *row = &b->row[i];

		if (row->pk.len != EG_ED25519_PUBLIC_BYTES ||
		    row->sig.len != EG_ED25519_SIGNATURE_BYTES)
			continue;
		memcpy(b->key[i].bytes, row->pk.ptr, EG_ED25519_PUBLIC_BYTES);
		b->key[i].table = NULL;
		b->job[b->job_cnt] = (struct eg_ed25519_job){
		    &b->key[i], row->msg.ptr, row->sig.ptr, (uint32_t)row->msg.len};
		b->row_of_job[b->job_cnt++] = i;
	}
}

/* 1: the key has a table now, of its own or an earlier row's; 0: it admits none. */
static int add_table(struct vector_batch *b, unsigned job_idx, struct eg_error *err)
{
	unsigned row = b->row_of_job[job_idx];
	struct eg_ed25519_key *key = &b->key[row];
	enum eg_ed25519_point kind;
	unsigned bits;
	int rc;

	for (unsigned j = 0; j < job_idx; j++) {
		const struct eg_ed25519_key *earlier = b->job[j].key;

		if (memcmp(earlier->bytes, key->bytes, sizeof(key->bytes)) == 0) {
			key->table = earlier->table;
			return key->table != NULL;
		}
	}
	kind = eg_ed25519_classify(key->bytes);
	bits = kind == EG_ED25519_POINT_PRIME ? PRIME_BITS : MIXED_BITS;
	if (!eg_ed25519_table_allows(kind, bits))
		return 0;
	b->table[row] = eg_pages_alloc(eg_ed25519_table_bytes(bits));
	if (b->table[row].mem == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a table");
	rc = eg_ed25519_table_build(b->table[row].mem, key->bytes, bits, err);
	if (rc != 0)
		return rc;
	key->table = b->table[row].mem;
	return 1;
}

/* The number of tables. */
static int add_tables(struct vector_batch *b, struct eg_error *err)
{
	int cnt = 0;

	for (unsigned j = 0; j < b->job_cnt; j++) {
		int rc = add_table(b, j, err);

		if (rc < 0)
			return rc;
		cnt += b->table[b->row_of_job[j]].mem != NULL;
	}
	return cnt;
}

static int check_with_tables(struct vector_batch *b, const struct eg_ed25519_impl *impl,
    const bool without[], struct eg_error *err)
{
	bool with[VECTOR_BATCH_ROWS] = {false};
	int rc = add_tables(b, err);

	if (rc > 0)
		eg_ed25519_verify(impl, b->job, b->job_cnt, with);
	for (unsigned j = 0; rc > 0 && j < b->job_cnt; j++)
		if (with[j] != without[j])
			rc = eg_error_set(err, EG_ECORRUPT,
			    "line %llu: Ed25519 '%s' says %d, and %d with a table for the key",
			    (unsigned long long)b->row[b->row_of_job[j]].number, impl->name,
			    without[j], with[j]);
	for (unsigned i = 0; i < b->row_cnt; i++)
		eg_pages_free(&b->table[i]);
	return rc;
}

int vector_batch_verify(struct vector_batch *batch, const struct eg_ed25519_impl *impl,
    bool with_tables, bool ok[VECTOR_BATCH_ROWS], struct eg_error *err)
{
	bool job_ok[VECTOR_BATCH_ROWS] = {false};

	make_jobs(batch);
	eg_ed25519_verify(impl, batch->job, batch->job_cnt, job_ok);
	memset(ok, false, VECTOR_BATCH_ROWS * sizeof(ok[0]));
	for (unsigned j = 0; j < batch->job_cnt; j++)
		ok[batch->row_of_job[j]] = job_ok[j];
	return with_tables ? check_with_tables(batch, impl, job_ok, err) : 0;
}
