/* SPDX-License-Identifier: BSD-3-Clause */
/* JSON to CBOR, shortest heads, in the order of the JSON. */
#include "token.h"

enum {
	MAJOR_UINT,
	MAJOR_NEGATIVE,
	MAJOR_BYTES,
	MAJOR_TEXT,
	MAJOR_ARRAY,
	MAJOR_MAP,
	MAJOR_SIMPLE = 7
};
enum { SIMPLE_FALSE = 20, SIMPLE_TRUE, SIMPLE_NULL };
#define FLOAT64_HEAD 0xfb

void token_cbor_head(struct eg_writer *w, unsigned major, uint64_t n)
{
	const uint8_t high = (uint8_t)(major << 5);

	if (n < 24) {
		eg_write_u8(w, (uint8_t)(high | n));
	} else if (n <= UINT8_MAX) {
		eg_write_u8(w, high | 24);
		eg_write_u8(w, (uint8_t)n);
	} else if (n <= UINT16_MAX) {
		eg_write_u8(w, high | 25);
		eg_write_be16(w, (uint16_t)n);
	} else if (n <= UINT32_MAX) {
		eg_write_u8(w, high | 26);
		eg_write_be32(w, (uint32_t)n);
	} else {
		eg_write_u8(w, high | 27);
		eg_write_be64(w, n);
	}
}

void token_cbor_bytes(struct eg_writer *w, struct eg_span bytes)
{
	token_cbor_head(w, MAJOR_BYTES, bytes.len);
	eg_write_bytes(w, bytes);
}

static void put_text(struct eg_writer *w, struct eg_span text)
{
	token_cbor_head(w, MAJOR_TEXT, text.len);
	eg_write_bytes(w, text);
}

void token_cbor_int(struct eg_writer *w, int64_t n)
{
	if (n >= 0)
		token_cbor_head(w, MAJOR_UINT, (uint64_t)n);
	else
		token_cbor_head(w, MAJOR_NEGATIVE, (uint64_t) - (n + 1));
}

static void put_real(struct eg_writer *w, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	eg_write_u8(w, FLOAT64_HEAD);
	eg_write_be64(w, bits);
}

static void put_array(struct eg_writer *w, const json_t *array)
{
	const json_t *element;
	size_t i;

	token_cbor_head(w, MAJOR_ARRAY, json_array_size(array));
	json_array_foreach(array, i, element) token_cbor_json(w, element);
}

static void put_object(struct eg_writer *w, json_t *object)
{
	const char *name;
	json_t *value;

	token_cbor_head(w, MAJOR_MAP, json_object_size(object));
	json_object_foreach(object, name, value)
	{
		put_text(w, eg_span_str(name));
		token_cbor_json(w, value);
	}
}

void token_cbor_json(struct eg_writer *w, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		put_object(w, (json_t *)(uintptr_t)value); /* to walk it, jansson wants it so */
		break;
	case JSON_ARRAY:
		put_array(w, value);
		break;
	case JSON_STRING:
		put_text(w, eg_span(json_string_value(value), json_string_length(value)));
		break;
	case JSON_INTEGER:
		token_cbor_int(w, json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(w, json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		token_cbor_head(w, MAJOR_SIMPLE, json_is_true(value) ? SIMPLE_TRUE : SIMPLE_FALSE);
		break;
	case JSON_NULL:
		token_cbor_head(w, MAJOR_SIMPLE, SIMPLE_NULL);
		break;
	}
}
