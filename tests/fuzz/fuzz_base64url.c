/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * base64url: every variant against a decoder that is as plain as can be. Input = text, and the
 * bytes of a text.
 */
#include "fuzz.h"

#include "eg_base64url.h"
#include "eg_cpu.h"

static int value_of(uint8_t c)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const char *at = c != 0 ? strchr(alphabet, c) : NULL;

	return at != NULL ? (int)(at - alphabet) : -1;
}

static bool all_known(struct eg_span text)
{
	for (size_t i = 0; i < text.len; i++)
		if (value_of(text.ptr[i]) < 0)
			return false;
	return true;
}

/* Bit by bit. False where text is not canonical; out has 3/4 of its length. */
static bool plain_decode(struct eg_span text, uint8_t *out)
{
	unsigned bits = 0, held = 0;

	if (text.len % 4 == 1 || !all_known(text))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		held = held << 6 | (unsigned)value_of(text.ptr[i]);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			*out++ = (uint8_t)(held >> bits);
			held &= (1u << bits) - 1;
		}
	}
	return held == 0;
}

static void check_decode(struct eg_span text, bool ok, const uint8_t *wanted)
{
	const size_t len = EG_BASE64URL_DECODED_BYTES(text.len);
	uint8_t *out = malloc(len);
	char *again = malloc(text.len);

	FUZZ_CHECK(eg_base64url_decode(text, out) == ok);
	if (ok) {
		FUZZ_CHECK(len == 0 || memcmp(out, wanted, len) == 0);
		FUZZ_CHECK(EG_BASE64URL_ENCODED_BYTES(len) == text.len);
		eg_base64url_encode(eg_span(out, len), again);
		FUZZ_CHECK(text.len == 0 || memcmp(again, text.ptr, text.len) == 0);
	}
	free(out);
	free(again);
}

static void check_encode(struct eg_span data)
{
	const size_t chars = EG_BASE64URL_ENCODED_BYTES(data.len);
	char *text = malloc(chars);
	uint8_t *back = malloc(data.len);

	eg_base64url_encode(data, text);
	FUZZ_CHECK(EG_BASE64URL_DECODED_BYTES(chars) == data.len);
	FUZZ_CHECK(eg_base64url_decode(eg_span(text, chars), back));
	FUZZ_CHECK(data.len == 0 || memcmp(back, data.ptr, data.len) == 0);
	free(text);
	free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *wanted = malloc(size + 1);
	const bool ok = plain_decode(eg_span(data, size), wanted);
	unsigned variant = 0;

	fuzz_mark("text", ok ? "canonical" : all_known(eg_span(data, size)) ? "bits" : "alphabet");
	while (fuzz_next_cpu(&variant)) {
		for (size_t shift = 0; shift < 2; shift++) {
			struct fuzz_copy copy = fuzz_copy(eg_span(data, size), shift * variant);

			check_decode(copy.span, ok, wanted);
			check_encode(copy.span);
			fuzz_copy_free(&copy);
		}
	}
	free(wanted);
	return 0;
}
