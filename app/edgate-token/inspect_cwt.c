/* SPDX-License-Identifier: BSD-3-Clause */
/* CBOR in diagnostic notation (RFC 8949 section 8), in ASCII alone, as far as it is strict. */
#include "token.h"
#include "eg_cbor.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIGN1_ITEMS = 4, LABEL_KID = 4 };

struct parts {
	struct eg_span protected, payload, signature, kid;
};

static bool print_inside(struct eg_cbor *r, const struct eg_cbor_item *item);

/* ── plain items ── */

static void print_hex(struct eg_span bytes)
{
	(void)printf("h'");
	for (size_t i = 0; i < bytes.len; i++)
		(void)printf("%02x", bytes.ptr[i]);
	(void)printf("'");
}

/* As a JSON string in ASCII: nothing in it reaches a terminal as control. */
static void print_text(struct eg_span text)
{
	json_t *value = json_stringn((const char *)text.ptr, text.len);

	if (value != NULL)
		(void)json_dumpf(value, stdout, JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	json_decref(value);
}

static void print_float(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	(void)printf("%.17g", value);
}

static void print_simple(uint64_t n)
{
	static const char *const names[] = {"false", "true", "null", "undefined"};

	if (n >= 20 && n < 24)
		(void)printf("%s", names[n - 20]);
	else
		(void)printf("simple(%llu)", (unsigned long long)n);
}

/* ── what holds others ── */

static bool print_next(struct eg_cbor *r)
{
	struct eg_cbor_item item;

	return eg_cbor_read(r, &item) && print_inside(r, &item);
}

static bool print_array(struct eg_cbor *r, uint64_t cnt)
{
	if (!eg_cbor_enter(r))
		return false;
	(void)printf("[");
	for (uint64_t i = 0; i < cnt; i++) {
		(void)printf("%s", i != 0 ? ", " : "");
		if (!print_next(r))
			return false;
	}
	(void)printf("]");
	eg_cbor_leave(r);
	return true;
}

static bool print_map(struct eg_cbor *r, const struct eg_cbor_item *item)
{
	const char *between = "";
	struct eg_cbor_item key;
	struct eg_cbor_map map;

	if (!eg_cbor_map_begin(r, item, &map))
		return false;
	(void)printf("{");
	while (eg_cbor_map_next(r, &map, &key)) {
		(void)printf("%s", between);
		(void)print_inside(r, &key);
		(void)printf(": ");
		if (!print_next(r))
			return false;
		between = ", ";
	}
	(void)printf("}");
	return !r->failed;
}

static bool print_tagged(struct eg_cbor *r, const struct eg_cbor_item *tag)
{
	struct eg_cbor_item item = *tag;
	unsigned open = 0;
	bool ok = true;

	for (; ok && item.type == EG_CBOR_TAG; open++) {
		(void)printf("%llu(", (unsigned long long)item.n);
		ok = eg_cbor_read(r, &item);
	}
	ok = ok && print_inside(r, &item);
	while (ok && open-- != 0)
		(void)printf(")");
	return ok;
}

/* An item that was read, with what is inside it. False where that is not strict CBOR. */
static bool print_inside(struct eg_cbor *r, const struct eg_cbor_item *item)
{
	switch ((enum eg_cbor_type)item->type) {
	case EG_CBOR_UINT:
		(void)printf("%llu", (unsigned long long)item->n);
		break;
	case EG_CBOR_NEGATIVE: /* -1 - n, of which n + 1 may not fit */
		if (item->n == UINT64_MAX)
			(void)printf("-18446744073709551616");
		else
			(void)printf("-%llu", (unsigned long long)item->n + 1);
		break;
	case EG_CBOR_BYTES:
		print_hex(eg_cbor_span(item));
		break;
	case EG_CBOR_TEXT:
		print_text(eg_cbor_span(item));
		break;
	case EG_CBOR_ARRAY:
		return print_array(r, item->n);
	case EG_CBOR_MAP:
		return print_map(r, item);
	case EG_CBOR_TAG:
		return print_tagged(r, item);
	case EG_CBOR_SIMPLE:
		print_simple(item->n);
		break;
	case EG_CBOR_FLOAT:
		print_float(item->n);
		break;
	}
	return !r->failed;
}

/* A document on a line of its own. */
static void print_document(const char *title, struct eg_span document)
{
	struct eg_cbor r = eg_cbor(document);

	(void)printf("%s: ", title);
	if (!print_next(&r) || !eg_cbor_done(&r)) {
		(void)printf(" ... (not strict CBOR) ");
		print_hex(document);
	}
	(void)printf("\n");
}

/* ── COSE_Sign1 ── */

/* The kid of a header, where it has one. */
static void find_kid(struct eg_cbor *r, struct eg_span *kid)
{
	struct eg_cbor_item key, value;
	struct eg_cbor_map map;

	if (!eg_cbor_read(r, &value) || value.type != EG_CBOR_MAP ||
	    !eg_cbor_map_begin(r, &value, &map))
		return;
	while (
	    eg_cbor_map_next(r, &map, &key) && eg_cbor_read(r, &value) && eg_cbor_skip(r, &value))
		if (key.type == EG_CBOR_UINT && key.n == LABEL_KID && value.type == EG_CBOR_BYTES)
			*kid = eg_cbor_span(&value);
}

static bool read_bytes(struct eg_cbor *r, struct eg_span *out)
{
	struct eg_cbor_item item;

	if (!eg_cbor_read(r, &item) || item.type != EG_CBOR_BYTES)
		return false;
	*out = eg_cbor_span(&item);
	return true;
}

static bool split(struct eg_span token, struct parts *out)
{
	struct eg_cbor r = eg_cbor(token), header;
	struct eg_cbor_item item;

	if (!eg_cbor_read(&r, &item))
		return false;
	while (item.type == EG_CBOR_TAG)
		if (!eg_cbor_read(&r, &item))
			return false;
	*out = (struct parts){.kid = {NULL, 0}};
	if (item.type != EG_CBOR_ARRAY || item.n != SIGN1_ITEMS || !eg_cbor_enter(&r) ||
	    !read_bytes(&r, &out->protected))
		return false;
	find_kid(&r, &out->kid);
	header = eg_cbor(out->protected);
	find_kid(&header, &out->kid);
	return read_bytes(&r, &out->payload) && read_bytes(&r, &out->signature) && eg_cbor_done(&r);
}

static int verify(const struct parts *parts, const char *path)
{
	size_t len;
	uint8_t *message = token_cwt_message(parts->protected, parts->payload, &len);
	int rc = EG_CLI_REFUSED;

	if (message != NULL)
		rc = token_check_signature(
		    path, parts->kid, eg_span(message, len), parts->signature);
	free(message);
	return rc;
}

int token_inspect_cwt(struct eg_span token, const char *path)
{
	struct eg_error err = {0};
	struct parts parts;

	print_document("token", token);
	if (!split(token, &parts)) {
		(void)eg_error_set(
		    &err, EG_EINVAL, "no CWT: an array of header, map, payload and signature");
		return eg_cli_refuse(&err);
	}
	print_document("protected header", parts.protected);
	print_document("payload", parts.payload);
	return verify(&parts, path);
}
