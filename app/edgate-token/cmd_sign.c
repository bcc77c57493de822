/* SPDX-License-Identifier: BSD-3-Clause */
#include "token.h"
#include "eg_clock.h"

#include <stdio.h>
#include <stdlib.h>

static int start_claims(const char *path, json_t **claims, struct eg_error *err)
{
	struct eg_cli_bytes text;
	int rc;

	if (path == NULL) {
		*claims = json_object();
		return 0;
	}
	rc = eg_cli_read_file(path, TOKEN_FILE_MAX, &text, err);
	if (rc != 0)
		return rc;
	*claims = token_parse_json((const char *)text.ptr, text.len, path, err);
	eg_cli_bytes_free(&text);
	if (*claims != NULL && !json_is_object(*claims))
		return eg_error_set(err, EG_EINVAL, "%s: the claims must be a JSON object", path);
	return *claims != NULL ? 0 : err->code;
}

static int set_texts(const struct eg_cli *cli, json_t *claims)
{
	static const char *const names[] = {"iss", "sub", "jti", "cti", "sid"};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = eg_cli_get(cli, names[i]);

		if (value != NULL && json_object_set_new(claims, names[i], json_string(value)) != 0)
			return eg_cli_usage(cli, "--%s: not UTF-8", names[i]);
	}
	return 0;
}

static int set_audience(const struct eg_cli *cli, json_t *claims)
{
	json_t *all = json_array();
	const char *value;
	unsigned at = 0;

	while ((value = eg_cli_next(cli, "aud", &at)) != NULL) {
		if (json_array_append_new(all, json_string(value)) != 0) {
			json_decref(all);
			return eg_cli_usage(cli, "--aud: not UTF-8");
		}
	}
	if (json_array_size(all) == 1)
		(void)json_object_set(claims, "aud", json_array_get(all, 0));
	else if (json_array_size(all) > 1)
		(void)json_object_set(claims, "aud", all);
	json_decref(all);
	return 0;
}

static int set_times(const struct eg_cli *cli, json_t *claims)
{
	static const char *const names[] = {"exp", "nbf", "iat"};
	uint64_t now_s = (uint64_t)(eg_clock_utc_ns() / EG_NS_PER_S);
	int rc = eg_cli_get_time(cli, "now", now_s, &now_s);

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]) && rc == 0; i++) {
		uint64_t value = 0;

		rc = eg_cli_get_time(cli, names[i], now_s, &value);
		if (rc == 0 && eg_cli_has(cli, names[i]))
			(void)json_object_set_new(
			    claims, names[i], json_integer((json_int_t)value));
	}
	return rc;
}

/* NAME=JSON */
static int set_member(
    const struct eg_cli *cli, const char *option, const char *text, json_t *object)
{
	const char *equals = strchr(text, '=');
	struct eg_error err = {0};
	char name[256];
	json_t *value;

	if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof(name))
		return eg_cli_usage(cli, "--%s: '%s' is not NAME=JSON", option, text);
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = '\0';
	value = token_parse_json(equals + 1, strlen(equals + 1), name, &err);
	if (value == NULL)
		return eg_cli_usage(
		    cli, "--%s: %s (a string needs quotes: 'name=\"text\"')", option, err.text);
	if (json_object_set_new(object, name, value) != 0)
		return eg_cli_usage(cli, "--%s: the name is not UTF-8", option);
	return 0;
}

static int set_members(const struct eg_cli *cli, const char *option, json_t *object)
{
	const char *text;
	unsigned at = 0;
	int rc = 0;

	while (rc == 0 && (text = eg_cli_next(cli, option, &at)) != NULL)
		rc = set_member(cli, option, text, object);
	return rc;
}

static void take_out_nulls(json_t *object)
{
	const char *name;
	json_t *value;
	void *next;

	json_object_foreach_safe(object, next, name, value)
	{
		if (json_is_null(value))
			(void)json_object_del(object, name);
	}
}

static int get_fmt(const struct eg_cli *cli, enum token_fmt *fmt)
{
	const char *name = eg_cli_get(cli, "fmt");

	*fmt = name != NULL ? token_fmt_by_name(name) : TOKEN_JWT;
	if (*fmt == TOKEN_FMTS)
		return eg_cli_usage(cli, "--fmt: '%s' is none of its choices", name);
	if (*fmt == TOKEN_PASETO && eg_cli_has(cli, "typ"))
		return eg_cli_usage(cli, "--typ: a PASETO has none");
	if (*fmt != TOKEN_PASETO && eg_cli_has(cli, "implicit-assertion"))
		return eg_cli_usage(cli, "--implicit-assertion: only a PASETO has one");
	return 0;
}

static int mint(
    const struct eg_cli *cli, const struct token_key *key, enum token_fmt fmt, json_t *claims)
{
	json_t *header = token_header(fmt, eg_cli_get(cli, "typ"), key->kid);
	struct token_draft draft = {fmt, header, claims, eg_cli_get(cli, "implicit-assertion")};
	struct eg_error err = {0};
	char *token = NULL;
	int rc = header != NULL ? 0 : eg_cli_usage(cli, "--typ: not UTF-8");

	if (rc == 0)
		rc = set_members(cli, "header", header);
	if (rc == 0) {
		take_out_nulls(header);
		token = token_mint(key, &draft);
	}
	if (rc == 0 && token == NULL) {
		(void)eg_error_set(&err, EG_ENOMEM, "no memory for the token");
		rc = eg_cli_refuse(&err);
	}
	if (token != NULL)
		(void)printf("%s\n", token);
	free(token);
	json_decref(header);
	return rc;
}

static int fill_claims(const struct eg_cli *cli, json_t *claims)
{
	int rc = set_texts(cli, claims);

	if (rc == 0)
		rc = set_audience(cli, claims);
	if (rc == 0)
		rc = set_times(cli, claims);
	if (rc == 0)
		rc = set_members(cli, "claim", claims);
	return rc;
}

int token_cmd_sign(const struct eg_cli *cli)
{
	const char *path = eg_cli_get(cli, "key");
	struct eg_error err = {0};
	struct token_key key;
	json_t *claims = NULL;
	enum token_fmt fmt;
	int rc = get_fmt(cli, &fmt);

	if (rc != 0)
		return rc;
	if (path == NULL)
		return eg_cli_usage(cli, "--key FILE is missing (edgate-token keygen makes one)");
	if (token_key_load(&key, path, &err) != 0 ||
	    start_claims(eg_cli_get(cli, "claims"), &claims, &err) != 0)
		rc = eg_cli_refuse(&err);
	else
		rc = fill_claims(cli, claims);
	if (rc == 0)
		rc = mint(cli, &key, fmt, claims);
	json_decref(claims);
	token_key_wipe(&key);
	return rc;
}
