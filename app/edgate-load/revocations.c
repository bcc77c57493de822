/* SPDX-License-Identifier: BSD-3-Clause */
#include "revocations.h"

#include "eg_clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_BYTES     512u
#define SEQUENCE_BITS  48u
#define LOOK_EVERY_MS  20
#define ROWS_AT_FIRST  1024u
#define GENERATION_MAX UINT16_MAX

struct by_name {
	const struct load_token **token;
	size_t cnt;
};

static int compare_names(const void *a, const void *b)
{
	const struct load_token *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int sort_names(struct by_name *names, const struct load_corpus *corpus, struct eg_error *err)
{
	names->cnt = corpus->token_cnt;
	names->token = malloc(names->cnt * sizeof(*names->token));
	if (names->token == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory to sort %zu names", names->cnt);
	for (size_t i = 0; i < names->cnt; i++)
		names->token[i] = &corpus->token[i];
	qsort(names->token, names->cnt, sizeof(*names->token), compare_names);
	return 0;
}

static const struct load_token *find(const struct by_name *names, const char *name)
{
	const struct load_token key = {.name = name}, *wanted = &key;
	const struct load_token **at =
	    bsearch(&wanted, names->token, names->cnt, sizeof(*names->token), compare_names);

	return at != NULL ? *at : NULL;
}

static bool parse_epoch(const char *text, uint64_t *epoch)
{
	unsigned long long generation, sequence;
	int used = 0;

	if (sscanf(text, "%llu.%llu%n", &generation, &sequence, &used) != 2 || text[used] != '\0' ||
	    generation > GENERATION_MAX || sequence >> SEQUENCE_BITS != 0)
		return false;
	*epoch = (uint64_t)generation << SEQUENCE_BITS | sequence;
	return true;
}

static int append(struct load_revocations *r, struct load_revocation row, struct eg_error *err)
{
	size_t room = r->cnt < ROWS_AT_FIRST ? ROWS_AT_FIRST : r->cnt * 2;

	if (r->cnt == 0 || (r->cnt >= ROWS_AT_FIRST && (r->cnt & (r->cnt - 1)) == 0)) {
		struct load_revocation *list = realloc(r->list, room * sizeof(*list));

		if (list == NULL)
			return eg_error_set(err, EG_ENOMEM, "no memory for revocations");
		r->list = list;
	}
	r->list[r->cnt++] = row;
	return 0;
}

static int add_line(
    struct load_revocations *r, const struct by_name *names, char *line, struct eg_error *err)
{
	char *tab = strchr(line, '\t');
	struct load_revocation row;

	if (tab == NULL)
		return eg_error_set(err, EG_EINVAL, "\"%.60s\" is not name<TAB>epoch", line);
	*tab = '\0';
	row.token = find(names, line);
	if (row.token == NULL || !parse_epoch(tab + 1, &row.epoch))
		return eg_error_set(err, EG_EINVAL,
		    "\"%.60s\" must be a name of the corpus, and \"%.60s\" an epoch", line,
		    tab + 1);
	return append(r, row, err);
}

/* 0: read up to its last line. -EG_EAGAIN: it has none yet. */
static int read_all(struct load_revocations *r, FILE *f, const struct by_name *names,
    const char *path, struct eg_error *err)
{
	char line[LINE_BYTES];

	r->cnt = 0;
	for (unsigned number = 1; fgets(line, sizeof(line), f) != NULL; number++) {
		size_t len = strcspn(line, "\n");

		if (line[len] == '\0') /* a line that is still being written, or too long */
			return len + 1 < sizeof(line)
			           ? -EG_EAGAIN
			           : eg_error_set(err, EG_EINVAL, "%s:%u: too long", path, number);
		line[len] = '\0';
		if (strcmp(line, "end") == 0)
			return 0;
		if (add_line(r, names, line, err) != 0)
			return eg_error_prefix(err, "%s:%u", path, number);
	}
	return -EG_EAGAIN;
}

static int try_to_read(
    struct load_revocations *r, const struct by_name *names, const char *path, struct eg_error *err)
{
	FILE *f = fopen(path, "re");
	int rc;

	if (f == NULL)
		return eg_error_set(err, EG_EIO, "%s: %s", path, strerror(errno));
	rc = read_all(r, f, names, path, err);
	(void)fclose(f);
	return rc;
}

int load_revocations_read(struct load_revocations *r, const char *path,
    const struct load_corpus *corpus, uint64_t timeout_ns, struct eg_error *err)
{
	uint64_t end_ns = eg_clock_mono_ns() + timeout_ns;
	struct by_name names = {NULL, 0};
	int rc;

	*r = (struct load_revocations){NULL, 0};
	rc = sort_names(&names, corpus, err);
	if (rc == 0)
		rc = try_to_read(r, &names, path, err);
	while (rc == -EG_EAGAIN && eg_clock_mono_ns() < end_ns) {
		(void)poll(NULL, 0, LOOK_EVERY_MS);
		rc = try_to_read(r, &names, path, err);
	}
	if (rc == -EG_EAGAIN)
		(void)eg_error_set(err, EG_EAGAIN,
		    "%s: its last line is not \"end\": who revokes must say when it has ended",
		    path);
	free(names.token);
	if (rc != 0)
		load_revocations_free(r);
	return rc;
}

void load_revocations_free(struct load_revocations *r)
{
	free(r->list);
	*r = (struct load_revocations){NULL, 0};
}
