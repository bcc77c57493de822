/* SPDX-License-Identifier: BSD-3-Clause */
/* list show, list export: what counts in a status list. */
#include "ctl.h"
#include "eg_clock.h"
#include "list_token.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define VALUES_MAX 256u

const char *ctl_list_form_name(enum eg_list_form form)
{
	static const char *const names[] = {[EG_LIST_NONE] = "never",
	    [EG_LIST_RAW] = "raw",
	    [EG_LIST_JWT] = "jwt",
	    [EG_LIST_CWT] = "cwt",
	    [EG_LIST_W3C] = "w3c"};

	return names[form];
}

/* A list with what the store says of it. */
struct shown {
	const struct eg_cli *cli;
	struct eg_state *st;
	struct eg_snapshot *rows;
	const struct eg_list *list; /* of rows */
	struct eg_span issuer;
	struct eg_list_content content;
	uint64_t now_s;
	struct eg_error err;
};

static void close_list(struct shown *s)
{
	free(s->content.effective);
	eg_snapshot_free(s->rows);
	eg_state_close(s->st);
}

static int find_list(struct shown *s, struct eg_span uri)
{
	for (uint32_t i = 0; i < s->rows->list_cnt && s->list == NULL; i++)
		if (eg_span_eq(s->rows->list[i].uri, uri))
			s->list = &s->rows->list[i];
	if (s->list == NULL)
		return eg_error_set(
		    &s->err, EG_ENOENT, "the issuer of this status list was removed");
	s->issuer = eg_keyset_issuer(s->rows->keys, s->list->issuer_slot)->name;
	return 0;
}

static int open_list(struct shown *s, const struct eg_cli *cli)
{
	const struct eg_span uri = eg_span_str(cli->operand[0]);
	int rc;

	*s = (struct shown){.cli = cli, .now_s = (uint64_t)(eg_clock_utc_ns() / EG_NS_PER_S)};
	rc = eg_state_open(&s->st, ctl_state_dir(cli), EG_STATE_READ, &s->err);
	if (rc == 0)
		rc = eg_state_list_read(s->st, uri, &s->content, &s->err);
	if (rc == 0)
		rc = eg_state_snapshot(s->st, &s->rows, &s->err);
	return rc == 0 ? find_list(s, uri) : rc;
}

static unsigned value_at(const struct eg_list_content *content, uint32_t idx)
{
	const uint64_t bit = (uint64_t)idx * content->bits;

	return (unsigned)content->effective[bit / 8] >> bit % 8 & ((1u << content->bits) - 1);
}

/* ── show ── */

/* What R5 would say of the list as a whole, now. */
static const char *freshness_of(const struct shown *s)
{
	const struct eg_list *list = s->list;

	if (list->exp_s != 0 && s->now_s >= list->exp_s)
		return "expired: STATUS_UNKNOWN";
	if (list->ttl_end_s != 0 && s->now_s >= list->ttl_end_s)
		return "past its ttl: LIST_STALE";
	return "fresh";
}

static json_t *time_or_null(uint64_t time_s)
{
	return time_s != 0 ? json_integer((json_int_t)time_s) : json_null();
}

/* Where R5 finds no value to go by: what an import left out, and nobody revoked here. */
static bool is_unknown(const struct shown *s, uint32_t idx, unsigned value)
{
	return value == 0 && s->list->stated != 0 && idx >= s->list->stated;
}

static json_t *json_of_counts(const struct shown *s)
{
	static const char *const names[] = {"valid", "revoked", "suspended"};
	uint64_t cnt[VALUES_MAX] = {0}, unknown_cnt = 0;
	json_t *out = json_object();
	char name[32];

	for (uint32_t i = 0; i < s->content.entries; i++) {
		const unsigned value = value_at(&s->content, i);
		uint64_t *at = is_unknown(s, i, value) ? &unknown_cnt : &cnt[value];

		(*at)++;
	}
	if (unknown_cnt != 0)
		(void)json_object_set_new(out, "unknown", json_integer((json_int_t)unknown_cnt));
	for (unsigned v = 0; v < VALUES_MAX; v++) {
		if (cnt[v] == 0)
			continue;
		(void)snprintf(name, sizeof(name), "value %u", v);
		(void)json_object_set_new(
		    out, v < 3 ? names[v] : name, json_integer((json_int_t)cnt[v]));
	}
	return out;
}

/* As a running edgate would have it: by the same code. */
static json_t *json_of_memory(const struct shown *s)
{
	struct eg_revoke *revoke = eg_revoke_new();
	struct eg_bitmap *map = eg_bitmap_new(s->list->uri, s->content.bits, s->content.entries);
	json_t *out = NULL;

	if (revoke != NULL && map != NULL) {
		const struct eg_revoke_sink sink = eg_revoke_direct_sink(revoke);

		if (eg_bitmap_set_bytes(map, 0, eg_span(s->content.effective, s->content.byte_cnt),
		        &sink, NULL) == 0)
			out = json_integer((json_int_t)eg_bitmap_memory(map));
	}
	eg_bitmap_free(map);
	eg_revoke_free(revoke);
	return out != NULL ? out : json_null();
}

static json_t *json_of_list(const struct shown *s)
{
	const struct eg_list *list = s->list;

	return json_pack("{s:o, s:o, s:i, s:I, s:I, s:s, s:o, s:o, s:o, s:o, s:s, s:o, s:o}", "uri",
	    ctl_json_text(list->uri), "issuer", ctl_json_text(s->issuer), "bits",
	    (int)s->content.bits, "entries", (json_int_t)s->content.entries, "known",
	    (json_int_t)(list->stated != 0 ? list->stated : s->content.entries), "imported",
	    ctl_list_form_name(list->form), "imported_at", time_or_null(list->imported_s), "iat",
	    time_or_null(list->iat_s), "exp", time_or_null(list->exp_s), "ttl_end",
	    time_or_null(list->ttl_end_s), "freshness", freshness_of(s), "memory_bytes",
	    json_of_memory(s), "counts", json_of_counts(s));
}

static void print_members(json_t *object, const char *indent)
{
	const char *name;
	json_t *value;
	char text[1024];

	json_object_foreach(object, name, value)
	{
		if (json_is_object(value)) {
			(void)printf("%s%s\n", indent, name);
			print_members(value, "  ");
		} else if (json_is_string(value)) {
			(void)printf("%s%-14s%s\n", indent, name,
			    eg_cli_printable(
			        eg_span_str(json_string_value(value)), text, sizeof(text)));
		} else if (json_is_integer(value)) {
			(void)printf(
			    "%s%-14s%lld\n", indent, name, (long long)json_integer_value(value));
		} else {
			(void)printf("%s%-14s-\n", indent, name);
		}
	}
}

static int print_list(const struct shown *s)
{
	json_t *list = json_of_list(s);

	if (eg_cli_has(s->cli, "json"))
		return ctl_print_json(list, JSON_INDENT(2));
	print_members(list, "");
	json_decref(list);
	return EG_CLI_DONE;
}

static const char *meaning_of(const struct shown *s, uint32_t idx, unsigned value)
{
	static const char *const meanings[] = {"valid", "revoked", "suspended"};

	if (is_unknown(s, idx, value))
		return "unknown: the import does not speak of it";
	return value < 3 ? meanings[value] : "refused";
}

static int add_entry(const struct shown *s, struct eg_span text, json_t *out)
{
	char number[16];
	uint64_t idx;

	if (text.len == 0 || text.len >= sizeof(number))
		return eg_cli_usage(s->cli, "an index has 1 to %zu digits", sizeof(number) - 1);
	memcpy(number, text.ptr, text.len);
	number[text.len] = '\0';
	if (!eg_cli_number(number, s->content.entries - 1, &idx))
		return eg_cli_usage(s->cli, "'%s' is no index: the list has 0 to %u", number,
		    s->content.entries - 1);
	return json_array_append_new(
	    out, json_pack("{s:I, s:i, s:s}", "idx", (json_int_t)idx, "value",
	             (int)value_at(&s->content, (uint32_t)idx), "status",
	             meaning_of(s, (uint32_t)idx, value_at(&s->content, (uint32_t)idx))));
}

static int print_entries(const struct shown *s)
{
	static const char *const columns[] = {"idx", "value", "status", NULL};
	json_t *out = json_array();
	struct eg_span part;
	int rc = 0;

	for (unsigned i = 1; i < s->cli->operand_cnt; i++) {
		const char *rest = s->cli->operand[i];

		while (rc == 0 && eg_cli_next_part(&rest, &part))
			rc = add_entry(s, part, out);
	}
	if (rc == 0)
		return ctl_print_rows(out, columns, eg_cli_has(s->cli, "json"));
	json_decref(out);
	return rc;
}

int ctl_list_show(const struct eg_cli *cli)
{
	struct shown s;
	int rc = open_list(&s, cli);

	if (rc != 0)
		rc = eg_cli_refuse(&s.err);
	else
		rc = cli->operand_cnt == 1 ? print_list(&s) : print_entries(&s);
	close_list(&s);
	return rc;
}

/* ── export ── */

struct export
{
	enum eg_list_form form;
	const char *key_path;
	uint64_t exp_s, ttl_s;
};

/* No verifier takes a list that has expired, or a ttl that is not positive. */
static int get_times(const struct eg_cli *cli, uint64_t now_s, struct export *out)
{
	int rc = eg_cli_get_time(cli, "exp", now_s, &out->exp_s);

	if (rc == 0)
		rc = eg_cli_get_number(cli, "ttl", EG_CLI_TIME_MAX, &out->ttl_s);
	if (rc != 0)
		return rc;
	if (eg_cli_has(cli, "exp") && out->exp_s <= now_s)
		return eg_cli_usage(cli,
		    "--exp: '%s' is not in the future: no verifier would take "
		    "the list",
		    eg_cli_get(cli, "exp"));
	if (eg_cli_has(cli, "ttl") && out->ttl_s == 0)
		return eg_cli_usage(
		    cli, "--ttl must be 1 or more seconds: leave it out for a list without one");
	return 0;
}

static int get_export(const struct eg_cli *cli, uint64_t now_s, struct export *out)
{
	int rc = ctl_list_form(cli, &out->form);

	out->key_path = eg_cli_get(cli, "key");
	if (rc == 0)
		rc = get_times(cli, now_s, out);
	if (rc == 0 && out->form != EG_LIST_RAW && out->key_path == NULL)
		rc = eg_cli_usage(
		    cli, "--key PRIVATE.jwk is missing: a status list token is signed");
	return rc;
}

static int make_token(struct shown *s, const struct export *export, struct eg_cli_bytes *out)
{
	const struct list_token draft = {
	    .uri = s->list->uri,
	    .issuer = s->issuer,
	    .content = &s->content,
	    .iat_s = s->now_s,
	    .exp_s = export->exp_s,
	    .ttl_s = export->ttl_s,
	};
	struct token_key key;
	int rc = token_init(&s->err);

	if (rc == 0)
		rc = token_key_load(&key, export->key_path, &s->err);
	if (rc != 0)
		return rc;
	if (export->form == EG_LIST_JWT)
		out->ptr = list_token_jwt(&draft, &key, &out->len);
	else
		out->ptr = list_token_cwt(&draft, &key, &out->len);
	token_key_wipe(&key);
	return out->ptr != NULL
	           ? 0
	           : eg_error_set(&s->err, EG_ENOMEM, "no memory for the status list token");
}

/* The rename would put a file in the place of a device, a pipe or a link, which is not what was
 * meant by /dev/stdout. */
static int check_target(const char *path, struct eg_error *err)
{
	struct stat sb;

	if (lstat(path, &sb) != 0 || S_ISREG(sb.st_mode))
		return 0;
	return eg_error_set(err, EG_EINVAL,
	    "%s is there and no regular file: a list is written to a file of its own", path);
}

/* A reader of the path finds the old file or the new one, whole. */
static int write_file(const char *path, struct eg_span bytes, struct eg_error *err)
{
	char fresh[4096];
	bool is_written;
	FILE *f;
	int rc;

	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return eg_error_set(err, EG_EINVAL, "the path %.64s… is too long", path);
	rc = check_target(path, err);
	if (rc != 0)
		return rc;
	f = fopen(fresh, "wbe");
	if (f == NULL)
		return eg_error_set(err, EG_EIO, "%s: %m", fresh);
	is_written = fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len;
	if (fclose(f) != 0 || !is_written || rename(fresh, path) != 0) {
		(void)eg_error_set(err, EG_EIO, "%s: %m", path);
		(void)remove(fresh);
		return -EG_EIO;
	}
	return 0;
}

static int export_list(struct shown *s, const struct export *export)
{
	const char *path = s->cli->operand[1];
	struct eg_cli_bytes token = {0};
	int rc;

	/* Other verifiers too must not take an entry for valid that the issuer never spoke of. */
	if (s->list->stated != 0)
		s->content.byte_cnt =
		    (size_t)(((uint64_t)s->list->stated * s->content.bits + 7) / 8);
	if (export->form == EG_LIST_RAW)
		return write_file(
		    path, eg_span(s->content.effective, s->content.byte_cnt), &s->err);
	rc = make_token(s, export, &token);
	if (rc == 0)
		rc = write_file(path, eg_span(token.ptr, token.len), &s->err);
	free(token.ptr);
	return rc;
}

int ctl_list_export(const struct eg_cli *cli)
{
	struct export export = {0};
	struct shown s;
	int rc = get_export(cli, (uint64_t)(eg_clock_utc_ns() / EG_NS_PER_S), &export);

	if (rc != 0)
		return rc;
	rc = open_list(&s, cli);
	if (rc == 0)
		rc = export_list(&s, &export);
	close_list(&s);
	return rc == 0 ? EG_CLI_DONE : eg_cli_refuse(&s.err);
}
