/* SPDX-License-Identifier: BSD-3-Clause */
/* key list, key window, key tables: the keys of the store, and what the running edgate has. */
#include "ctl.h"
#include "eg_base64url.h"
#include "eg_clock.h"
#include "eg_ed25519_table.h"
#include "eg_pages.h"

#define HEAT_PER_SIGNATURE 1000u

static json_t *text_of_public(const uint8_t public[EG_ED25519_PUBLIC_BYTES])
{
	char x[EG_BASE64URL_ENCODED_BYTES(EG_ED25519_PUBLIC_BYTES)];

	eg_base64url_encode(eg_span(public, EG_ED25519_PUBLIC_BYTES), x);
	return json_stringn(x, sizeof(x));
}

static json_t *json_of_key(const struct eg_issuer *issuer, const struct eg_key *key)
{
	return json_pack("{s:o, s:o, s:s, s:I, s:o, s:o, s:o}", "issuer",
	    ctl_json_text(issuer->name), "kid",
	    key->has_kid ? ctl_json_text(key->kid) : json_null(), "state",
	    key->revoked ? "revoked" : "active", "index", (json_int_t)key->index, "x",
	    text_of_public(key->ed.bytes), "from",
	    key->not_before_s != 0 ? json_integer((json_int_t)key->not_before_s) : json_null(),
	    "until",
	    key->not_after_s != UINT64_MAX ? json_integer((json_int_t)key->not_after_s)
	                                   : json_null());
}

static void fill_keys(const struct eg_snapshot *rows, json_t *out)
{
	for (uint32_t i = 0; i < eg_keyset_issuer_cnt(rows->keys); i++) {
		const struct eg_issuer *issuer = eg_keyset_issuer(rows->keys, i);

		for (uint32_t k = 0; k < issuer->key_cnt; k++)
			(void)json_array_append_new(
			    out, json_of_key(issuer, eg_keyset_key(rows->keys, issuer, k)));
	}
}

int ctl_key_list(const struct eg_cli *cli)
{
	static const char *const columns[] = {
	    "issuer", "kid", "state", "index", "x", "from", "until", NULL};

	return ctl_show_rows(cli, columns, fill_keys);
}

int ctl_key_window(const struct eg_cli *cli)
{
	const uint64_t now_s = (uint64_t)(eg_clock_utc_ns() / EG_NS_PER_S);
	struct eg_key_window window = {0, UINT64_MAX};
	struct ctl_change change;
	int rc = eg_cli_get_time(cli, "from", now_s, &window.not_before_s);

	if (rc == 0)
		rc = eg_cli_get_time(cli, "until", now_s, &window.not_after_s);
	if (rc != 0)
		return rc;
	if (ctl_change_begin(&change, cli))
		change.rc = eg_state_key_window(change.st, eg_span_str(cli->operand[0]),
		    eg_span_str(cli->operand[1]), window, change.utc_ns, &change.epoch,
		    &change.err);
	return ctl_change_end(&change);
}

/* ── what the running edgate has ── */

static json_t *json_of_slot(const struct eg_stats *stats, uint32_t slot)
{
	static const char *const points[] = {"prime", "mixed", "small", "none"};
	const struct eg_stats_key *row = &stats->key[slot];
	uint64_t shape = eg_count_read(&row->shape);
	unsigned window = EG_STATS_KEY_WINDOW_BITS(shape), point = EG_STATS_KEY_POINT(shape);
	unsigned pages = EG_STATS_KEY_PAGES(shape);
	bool has_pages = window != 0 && pages <= EG_PAGES_PLAIN;

	return json_pack("{s:s, s:i, s:I, s:o, s:I, s:I}", "point", points[point < 4 ? point : 3],
	    "window", (int)window, "bytes", (json_int_t)eg_ed25519_table_bytes(window), "pages",
	    has_pages ? json_string(eg_pages_kind_name((enum eg_pages_kind)pages)) : json_null(),
	    "per_second",
	    (json_int_t)((eg_count_read(&row->heat) + HEAT_PER_SIGNATURE / 2) / HEAT_PER_SIGNATURE),
	    "signatures",
	    (json_int_t)(eg_stats_key_signatures(stats, slot) - eg_count_read(&row->first)));
}

/* {x: what it has} of all keys that are served. */
static json_t *json_of_slots(const struct eg_stats *stats)
{
	json_t *out = json_object();

	for (uint32_t slot = 1; slot < EG_STATS_KEYS; slot++) {
		const struct eg_stats_key *row = &stats->key[slot];
		uint8_t public[EG_ED25519_PUBLIC_BYTES];
		json_t *x;

		if (eg_count_read(&row->used) == 0)
			continue;
		for (int i = 0; i < 4; i++) {
			uint64_t word = eg_count_read(&row->public[i]);

			memcpy(public + 8 * i, &word, sizeof(word));
		}
		x = text_of_public(public);
		(void)json_object_set_new(out, json_string_value(x), json_of_slot(stats, slot));
		json_decref(x);
	}
	return out;
}

static void add_slots(json_t *rows, const struct eg_stats *stats)
{
	json_t *slots = json_of_slots(stats), *row;
	char engine[sizeof(stats->header->ed25519)];
	size_t i;

	(void)eg_stats_text(engine, stats->header->ed25519, sizeof(engine));

	json_array_foreach(rows, i, row)
	{
		const char *x = json_string_value(json_object_get(row, "x"));
		json_t *slot = json_object_get(slots, x);

		(void)json_object_set_new(row, "ed25519", json_string(engine));
		if (slot != NULL)
			(void)json_object_update(row, slot);
	}
	json_decref(slots);
}

int ctl_key_tables(const struct eg_cli *cli)
{
	static const char *const columns[] = {"issuer", "kid", "ed25519", "point", "window",
	    "bytes", "pages", "per_second", "signatures", NULL};
	struct eg_error err = {0};
	struct eg_stats stats;
	json_t *rows;

	if (ctl_open_stats(cli, &stats, &err) != 0)
		return eg_cli_refuse(&err);
	rows = ctl_read_rows(cli, fill_keys, &err);
	if (rows != NULL)
		add_slots(rows, &stats);
	eg_stats_close(&stats);
	return rows != NULL ? ctl_print_rows(rows, columns, eg_cli_has(cli, "json"))
	                    : eg_cli_refuse(&err);
}
