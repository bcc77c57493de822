/* SPDX-License-Identifier: BSD-3-Clause */
/* list: status lists. */
#include "ctl.h"

#include <sodium.h>

/* 2^30 entries of 8 bits that do not compress: 1 GiB and a little, in a CWT as hex. A JWT,
 * base64url in base64url, takes 1.91 GB. */
#define IMPORT_BYTES_MAX 2150000000u

static int get_shape(const struct eg_cli *cli, unsigned *bits, uint32_t *entries)
{
	uint64_t value = 0;
	int rc = eg_cli_get_number(cli, "bits", 8, &value);

	if (rc != 0)
		return rc;
	if (value != 1 && value != 2 && value != 4 && value != 8)
		return eg_cli_usage(cli, "--bits must be 1, 2, 4 or 8");
	*bits = (unsigned)value;
	value = 0;
	rc = eg_cli_get_number(cli, "entries", EG_REVOKE_ENTRIES_MAX, &value);
	if (rc == 0 && value == 0)
		return eg_cli_usage(cli, "--entries must be 1 to %u", EG_REVOKE_ENTRIES_MAX);
	*entries = (uint32_t)value;
	return rc;
}

int ctl_list_add(const struct eg_cli *cli)
{
	const char *issuer = eg_cli_get(cli, "issuer");
	struct ctl_change change;
	unsigned bits = 0;
	uint32_t entries = 0;
	int rc;

	if (issuer == NULL)
		return eg_cli_usage(cli, "--issuer URL is missing: whose list is it?");
	rc = get_shape(cli, &bits, &entries);
	if (rc != 0)
		return rc;
	if (ctl_change_begin(&change, cli))
		change.rc = eg_state_list_add(change.st, eg_span_str(cli->operand[0]),
		    eg_span_str(issuer), bits, entries, change.utc_ns, &change.epoch, &change.err);
	return ctl_change_end(&change);
}

int ctl_list_grow(const struct eg_cli *cli)
{
	struct ctl_change change;
	uint64_t entries;

	if (!eg_cli_number(cli->operand[1], EG_REVOKE_ENTRIES_MAX, &entries) || entries == 0)
		return eg_cli_usage(cli, "'%s' is no number of entries (1 to %u)", cli->operand[1],
		    EG_REVOKE_ENTRIES_MAX);
	if (ctl_change_begin(&change, cli))
		change.rc = eg_state_list_grow(change.st, eg_span_str(cli->operand[0]),
		    (uint32_t)entries, change.utc_ns, &change.epoch, &change.err);
	return ctl_change_end(&change);
}

/* ── import ── */

int ctl_list_form(const struct eg_cli *cli, enum eg_list_form *form)
{
	static const struct {
		const char *option;
		enum eg_list_form form;
	} forms[] = {
	    {"raw", EG_LIST_RAW}, {"jwt", EG_LIST_JWT}, {"cwt", EG_LIST_CWT}, {"w3c", EG_LIST_W3C}};

	*form = EG_LIST_NONE;
	for (unsigned i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!eg_cli_has(cli, forms[i].option))
			continue;
		if (*form != EG_LIST_NONE)
			return eg_cli_usage(cli, "two forms are given: say which one it is");
		*form = forms[i].form;
	}
	if (*form == EG_LIST_NONE)
		return eg_cli_usage(cli, "the form is missing: see --help");
	return 0;
}

/* A CWT may come as hex, as edgate-token writes it. */
static struct eg_span cwt_of(struct eg_cli_bytes *file)
{
	size_t len = 0, hex_len = file->len;

	while (hex_len != 0 && (file->ptr[hex_len - 1] == '\n' || file->ptr[hex_len - 1] == '\r'))
		hex_len--;
	/* In place: what is written lies behind what is read. */
	if (hex_len == 0 || strspn((const char *)file->ptr, "0123456789abcdefABCDEF") != hex_len ||
	    sodium_hex2bin(
	        file->ptr, file->len, (const char *)file->ptr, hex_len, NULL, &len, NULL) != 0)
		return eg_span(file->ptr, file->len);
	return eg_span(file->ptr, len);
}

static int import_file(const struct eg_cli *cli, enum eg_list_form form, struct eg_cli_bytes *file)
{
	const struct eg_list_import import = {
	    .form = form,
	    .file = form == EG_LIST_CWT ? cwt_of(file) : eg_span(file->ptr, file->len),
	    .force = eg_cli_has(cli, "force"),
	    .allow_unsigned = eg_cli_has(cli, "unsigned"),
	};
	struct ctl_change change;

	if (ctl_change_begin(&change, cli)) {
		change.rc = eg_state_list_import(change.st, eg_span_str(cli->operand[0]), &import,
		    change.utc_ns, &change.epoch, &change.err);
		if (change.rc != 0)
			(void)eg_error_prefix(&change.err, "%s", cli->operand[1]);
	}
	return ctl_change_end(&change);
}

int ctl_list_import(const struct eg_cli *cli)
{
	enum eg_list_form form;
	struct eg_cli_bytes file;
	struct eg_error err = {0};
	int rc = ctl_list_form(cli, &form);

	if (rc != 0)
		return rc;
	if (eg_cli_has(cli, "unsigned") && form != EG_LIST_W3C)
		return eg_cli_usage(cli, "--unsigned is said of a credential: it goes with --w3c");
	if (eg_cli_read_file(cli->operand[1], IMPORT_BYTES_MAX, &file, &err) != 0)
		return eg_cli_refuse(&err);
	rc = import_file(cli, form, &file);
	eg_cli_bytes_free(&file);
	return rc;
}

/* ── list ── */

static json_t *json_of_list(const struct eg_snapshot *rows, const struct eg_list *list)
{
	const struct eg_issuer *issuer = eg_keyset_issuer(rows->keys, list->issuer_slot);

	return json_pack("{s:o, s:o, s:I, s:I, s:s}", "uri", ctl_json_text(list->uri), "issuer",
	    ctl_json_text(issuer->name), "bits", (json_int_t)eg_bitmap_bits(list->map), "entries",
	    (json_int_t)eg_bitmap_entries(list->map), "imported", ctl_list_form_name(list->form));
}

static void fill_lists(const struct eg_snapshot *rows, json_t *out)
{
	for (uint32_t i = 0; i < rows->list_cnt; i++)
		(void)json_array_append_new(out, json_of_list(rows, &rows->list[i]));
}

int ctl_list_list(const struct eg_cli *cli)
{
	static const char *const columns[] = {"uri", "issuer", "bits", "entries", "imported", NULL};

	return ctl_show_rows(cli, columns, fill_lists);
}
