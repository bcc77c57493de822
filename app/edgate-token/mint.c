/* SPDX-License-Identifier: BSD-3-Clause */
#include "token.h"

#define CONTENT_FORMAT_CWT 61

enum token_fmt token_fmt_by_name(const char *name)
{
	static const char *const names[TOKEN_FMTS] = {
	    [TOKEN_JWT] = "jwt", [TOKEN_CWT] = "cwt", [TOKEN_PASETO] = "paseto"};
	unsigned fmt = 0;

	while (fmt < TOKEN_FMTS && strcmp(names[fmt], name) != 0)
		fmt++;
	return (enum token_fmt)fmt;
}

json_t *token_header(enum token_fmt fmt, const char *typ, const char *kid)
{
	if (fmt == TOKEN_PASETO)
		return json_pack("{s:s}", "kid", kid);
	if (fmt == TOKEN_CWT && typ == NULL)
		return json_pack(
		    "{s:s, s:i, s:s}", "alg", "EdDSA", "typ", CONTENT_FORMAT_CWT, "kid", kid);
	return json_pack(
	    "{s:s, s:s, s:s}", "alg", "EdDSA", "typ", typ != NULL ? typ : "JWT", "kid", kid);
}

char *token_mint(const struct token_key *key, const struct token_draft *draft)
{
	const char *implicit = draft->implicit_assertion;

	switch (draft->fmt) {
	case TOKEN_CWT:
		return token_sign_cwt(key, draft->header, draft->claims);
	case TOKEN_PASETO:
		return token_sign_paseto(key, draft->header, draft->claims,
		    eg_span_str(implicit != NULL ? implicit : ""));
	default:
		return token_sign(key, draft->header, draft->claims);
	}
}
