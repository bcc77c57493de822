/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signatures whose verdict is known, and their keys with and without tables.
 *
 * A case is a job whose key can be had in several forms: as it is, and with a table of each width
 * that was asked for, where the key admits one. The verdict is the same in every form.
 * Memory is never given back: a test program ends.
 */
#ifndef ED25519_CASES_H
#define ED25519_CASES_H

#include "eg_ed25519_table.h"
#include "eg_test.h"

#define ED_FORMS_MAX 10u

struct ed_key {
	enum eg_ed25519_point kind;
	unsigned form_cnt;
	struct eg_ed25519_key form[ED_FORMS_MAX]; /* [0] has no table */
};

struct ed_case {
	struct ed_key *key;
	const uint8_t *msg, *sig;
	uint32_t msg_bytes;
	bool valid;
	char id[24];
};

struct ed_cases {
	struct ed_case *at;
	unsigned cnt;
};

/* Keys are not validated: the bytes go to the implementations as they are. */
void ed_key_init(struct ed_key *key, const uint8_t public[EG_ED25519_PUBLIC_BYTES]);
/* One more form, with a table; nothing where the key's kind does not allow the width. */
void ed_key_add_table(struct ed_key *key, unsigned window_bits);

/* Appends the rows of a file in tests/vectors (frozen) or of the vectors folder (which may be
 * absent: 0). Rows whose key or signature has another length are left out, after a check that they
 * are to be refused. Returns how many rows there were. */
unsigned ed_cases_read_frozen(struct ed_cases *cases, const char *name);
unsigned ed_cases_read_vectors(struct ed_cases *cases, const char *name);

struct ed_pick { /* of a case, in one form of its key */
	const struct ed_case *c;
	unsigned form;
};

/* Verifies the picks as one batch. Fails the test where a verdict is wrong, with a row that
 * `edgatectl selftest --vectors` can read, or where something is written behind the last one. */
void ed_check(const struct eg_ed25519_impl *impl, const struct ed_pick picks[], unsigned cnt,
    const char *where);

/* Implementations, ended by NULL; valid until the next call. Of this build and supported by the CPU
 * (within eg_cpu_limit); */
const struct eg_ed25519_impl *const *ed_impls(void);
/* and with them those that only tests have: vectors over plain arrays, for any CPU. */
const struct eg_ed25519_impl *const *ed_impls_and_plain(void);

#endif
