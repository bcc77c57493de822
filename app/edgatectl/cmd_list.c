/* SPDX-License-Identifier: BSD-3-Clause */
/* list: status lists. */
#include "ctl.h"

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

static int import_bytes(const struct eg_cli *cli, const struct eg_cli_bytes *bytes)
{
	struct ctl_change change;

	if (ctl_change_begin(&change, cli)) {
		change.rc = eg_state_list_import(change.st, eg_span_str(cli->operand[0]),
		    eg_span(bytes->ptr, bytes->len), change.utc_ns, &change.epoch, &change.err);
		if (change.rc != 0)
			(void)eg_error_prefix(&change.err, "%s", cli->operand[1]);
	}
	return ctl_change_end(&change);
}

int ctl_list_import(const struct eg_cli *cli)
{
	struct eg_cli_bytes bytes;
	struct eg_error err = {0};
	int rc;

	if (!eg_cli_has(cli, "raw"))
		return eg_cli_usage(cli, "--raw is missing: raw bytes are the only form so far");
	if (eg_cli_read_file(cli->operand[1], EG_REVOKE_ENTRIES_MAX, &bytes, &err) != 0)
		return eg_cli_refuse(&err);
	rc = import_bytes(cli, &bytes);
	eg_cli_bytes_free(&bytes);
	return rc;
}

static json_t *json_of_list(const struct eg_snapshot *rows, const struct eg_list *list)
{
	const struct eg_issuer *issuer = eg_keyset_issuer(rows->keys, list->issuer_slot);

	return json_pack("{s:o, s:o, s:I, s:I}", "uri", ctl_json_text(list->uri), "issuer",
	    ctl_json_text(issuer->name), "bits", (json_int_t)eg_bitmap_bits(list->map), "entries",
	    (json_int_t)eg_bitmap_entries(list->map));
}

static void fill_lists(const struct eg_snapshot *rows, json_t *out)
{
	for (uint32_t i = 0; i < rows->list_cnt; i++)
		(void)json_array_append_new(out, json_of_list(rows, &rows->list[i]));
}

int ctl_list_list(const struct eg_cli *cli)
{
	static const char *const columns[] = {"uri", "issuer", "bits", "entries", NULL};

	return ctl_show_rows(cli, columns, fill_lists);
}
