/* SPDX-License-Identifier: BSD-3-Clause */
#include "ed25519_cases.h"
#include "eg_pages.h"

#include <sodium.h>

#define BATCH_MAX 4096u

void ed_key_init(struct ed_key *key, const uint8_t public[EG_ED25519_PUBLIC_BYTES])
{
	*key = (struct ed_key){.kind = eg_ed25519_classify(public), .form_cnt = 1};
	memcpy(key->form[0].bytes, public, EG_ED25519_PUBLIC_BYTES);
}

void ed_key_add_table(struct ed_key *key, unsigned window_bits)
{
	struct eg_error err = {0};
	struct eg_pages pages;

	if (!eg_ed25519_table_allows(key->kind, window_bits))
		return;
	assert_true(key->form_cnt < ED_FORMS_MAX);
	pages = eg_pages_alloc(eg_ed25519_table_bytes(window_bits));
	assert_non_null(pages.mem);
	if (eg_ed25519_table_build(pages.mem, key->form[0].bytes, window_bits, &err) != 0)
		fail_msg("table of %u bits: %s", window_bits, err.text);
	key->form[key->form_cnt] = key->form[0];
	key->form[key->form_cnt++].table = pages.mem;
}

/* ── files ── */

/* Memory that stays in reach until the program ends, or the leak checker would speak up. */
static void *keep(size_t bytes)
{
	static struct kept {
		struct kept *before;
		max_align_t mem[];
	} * last;
	struct kept *kept = malloc(sizeof(*kept) + bytes);

	assert_non_null(kept);
	kept->before = last;
	last = kept;
	return kept->mem;
}

static uint8_t *unhex(const char *hex, size_t *len)
{
	size_t room = strlen(hex) / 2 + 1;
	uint8_t *bytes = keep(room);

	*len = 0;
	if (strcmp(hex, "-") != 0)
		assert_int_equal(sodium_hex2bin(bytes, room, hex, strlen(hex), NULL, len, NULL), 0);
	return bytes;
}

/* Rows of one key mostly stand together. */
static struct ed_key *key_of(const struct ed_cases *cases, const uint8_t *public)
{
	struct ed_key *key;

	for (unsigned back = 1; back <= cases->cnt && back <= 64; back++) {
		key = cases->at[cases->cnt - back].key;
		if (memcmp(key->form[0].bytes, public, EG_ED25519_PUBLIC_BYTES) == 0)
			return key;
	}
	key = keep(sizeof(*key));
	ed_key_init(key, public);
	return key;
}

static void append(struct ed_cases *cases, const struct ed_case *c)
{
	if ((cases->cnt & (cases->cnt - 1)) == 0) {
		size_t room = cases->cnt == 0 ? 1 : 2 * (size_t)cases->cnt;
		struct ed_case *more = keep(room * sizeof(*more));

		if (cases->cnt != 0)
			memcpy(more, cases->at, cases->cnt * sizeof(*more));
		cases->at = more;
	}
	cases->at[cases->cnt++] = *c;
}

/* id pk msg sig expect flags */
static void read_row(struct ed_cases *cases, char *line)
{
	char *field[5], *next = line;
	struct ed_case c = {0};
	size_t pk_len, msg_len, sig_len;
	uint8_t *pk;

	for (int i = 0; i < 5; i++) {
		field[i] = strsep(&next, "\t\n");
		assert_non_null(field[i]);
	}
	pk = unhex(field[1], &pk_len);
	c.msg = unhex(field[2], &msg_len);
	c.sig = unhex(field[3], &sig_len);
	c.msg_bytes = (uint32_t)msg_len;
	c.valid = strcmp(field[4], "valid") == 0;
	assert_true(c.valid || strcmp(field[4], "invalid") == 0);
	(void)snprintf(c.id, sizeof(c.id), "%s", field[0]);
	if (pk_len == EG_ED25519_PUBLIC_BYTES && sig_len == EG_ED25519_SIGNATURE_BYTES) {
		c.key = key_of(cases, pk);
		append(cases, &c);
	} else {
		assert_false(c.valid);
	}
}

static unsigned read_rows(struct ed_cases *cases, FILE *f)
{
	static char line[16384];
	unsigned cnt = 0;

	while (fgets(line, sizeof(line), f) != NULL)
		if (line[0] != '#') {
			assert_non_null(strchr(line, '\n'));
			read_row(cases, line);
			cnt++;
		}
	(void)fclose(f);
	return cnt;
}

unsigned ed_cases_read_frozen(struct ed_cases *cases, const char *name)
{
	const char *root = getenv("EDGATE_SOURCE_ROOT");
	char path[1024];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tests/vectors/%s", root != NULL ? root : ".", name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s: not there: run this in the project's root", path);
	return read_rows(cases, f);
}

unsigned ed_cases_read_vectors(struct ed_cases *cases, const char *name)
{
	FILE *f = eg_test_open_vectors(name);

	return f != NULL ? read_rows(cases, f) : 0;
}

/* ── one case ── */

static void print_hex(const uint8_t *bytes, size_t len)
{
	if (len == 0)
		(void)fputc('-', stderr);
	for (size_t i = 0; i < len; i++)
		(void)fprintf(stderr, "%02x", bytes[i]);
	(void)fputc('\t', stderr);
}

static void fail_case(const char *impl, const struct ed_case *c, const char *where)
{
	(void)fprintf(stderr, "%s\t", c->id);
	print_hex(c->key->form[0].bytes, EG_ED25519_PUBLIC_BYTES);
	print_hex(c->msg, c->msg_bytes);
	print_hex(c->sig, EG_ED25519_SIGNATURE_BYTES);
	(void)fprintf(stderr, "%s\t-\n", c->valid ? "valid" : "invalid");
	fail_msg("%s: %s: wrong verdict on %s, the row above", impl, where, c->id);
}

static struct eg_ed25519_job job_of(const struct ed_pick *pick)
{
	const struct ed_case *c = pick->c;

	assert_true(pick->form < c->key->form_cnt);
	return (struct eg_ed25519_job){&c->key->form[pick->form], c->msg, c->sig, c->msg_bytes};
}

void ed_check(const struct eg_ed25519_impl *impl, const struct ed_pick picks[], unsigned cnt,
    const char *where)
{
	static struct eg_ed25519_job jobs[BATCH_MAX];
	static bool ok[BATCH_MAX + 1];

	assert_true(cnt <= BATCH_MAX);
	for (unsigned i = 0; i < cnt; i++) {
		jobs[i] = job_of(&picks[i]);
		ok[i] = !picks[i].c->valid;
	}
	ok[cnt] = cnt % 2 != 0;
	eg_ed25519_verify(impl, jobs, cnt, ok);
	for (unsigned i = 0; i < cnt; i++)
		if (ok[i] != picks[i].c->valid)
			fail_case(impl->name, picks[i].c, where);
	assert_int_equal(ok[cnt], cnt % 2 != 0);
}

/* ── implementations ── */

extern const struct eg_ed25519_impl ed_ifma_plain; /* ifma.c over vec8_plain.h (meson.build) */

#define IMPLS_MAX 8u

static const struct eg_ed25519_impl *found[IMPLS_MAX + 1];

static unsigned find_impls(void)
{
	unsigned cnt = 0;

	for (unsigned i = 0; eg_ed25519_impls[i] != NULL; i++)
		if (eg_ed25519_impls[i]->supported()) {
			assert_true(cnt < IMPLS_MAX);
			found[cnt++] = eg_ed25519_impls[i];
		}
	found[cnt] = NULL;
	return cnt;
}

const struct eg_ed25519_impl *const *ed_impls(void)
{
	(void)find_impls();
	return found;
}

const struct eg_ed25519_impl *const *ed_impls_and_plain(void)
{
	static struct eg_ed25519_impl ifma;
	unsigned cnt = find_impls();

	assert_true(cnt < IMPLS_MAX);
	ifma = ed_ifma_plain;
	ifma.name = "ifma over plain arrays";
	found[cnt++] = &ifma;
	found[cnt] = NULL;
	return found;
}
