/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of edgate-token, as one table. */
#include "token.h"

#define END                                                                                        \
	{                                                                                          \
		NULL, EG_CLI_SWITCH, NULL, NULL                                                    \
	}

static const struct eg_cli_option globals[] = {END};
static const struct eg_cli_option keygen_options[] = {
    {"kid", EG_CLI_VALUE, "KID", "name of the key (default: its RFC 7638 thumbprint)"},
    {"out", EG_CLI_VALUE, "PREFIX", "writes PREFIX.private.jwk and PREFIX.jwks (default: key)"},
    {"from-pem", EG_CLI_VALUE, "FILE",
        "an OpenSSL PKCS#8 Ed25519 private key instead of a new one"},
    {"force", EG_CLI_SWITCH, NULL, "replace an existing private key"},
    END,
};
static const struct eg_cli_option sign_options[] = {
    {"key", EG_CLI_VALUE, "FILE", "the private JWK"},
    {"fmt", EG_CLI_VALUE, "jwt|cwt|paseto", "format (default jwt); a CWT is printed as hex"},
    {"claims", EG_CLI_VALUE, "FILE", "a JSON object to start from (\"-\": stdin)"},
    {"iss", EG_CLI_VALUE, "URL", "claim"},
    {"sub", EG_CLI_VALUE, "TEXT", "claim"},
    {"aud", EG_CLI_VALUES, "TEXT", "claim; given more than once it is an array"},
    {"jti", EG_CLI_VALUE, "TEXT", "claim"},
    {"cti", EG_CLI_VALUE, "TEXT", "claim of a CWT, as the bytes of the text"},
    {"sid", EG_CLI_VALUE, "TEXT", "claim"},
    {"exp", EG_CLI_VALUE, "T", "claim: seconds since 1970, or +SECONDS or -SECONDS from now"},
    {"nbf", EG_CLI_VALUE, "T", "claim"},
    {"iat", EG_CLI_VALUE, "T", "claim (\"now\" is a time too)"},
    {"claim", EG_CLI_VALUES, "NAME=JSON", "any other claim (of a CWT, digits are a number)"},
    {"typ", EG_CLI_VALUE, "TYP", "in the header (default JWT; of a CWT the number 61)"},
    {"header", EG_CLI_VALUES, "NAME=JSON",
        "any header member, of a PASETO its footer's; null takes one out"},
    {"implicit-assertion", EG_CLI_VALUE, "TEXT", "of a PASETO"},
    {"now", EG_CLI_VALUE, "T", "what now is (default: the clock)"},
    END,
};
static const struct eg_cli_option inspect_options[] = {
    {"jwks", EG_CLI_VALUE, "FILE", "verify the signature with a key of this JWKS"},
    {"implicit-assertion", EG_CLI_VALUE, "TEXT", "of a PASETO, to verify it"},
    END,
};
static const struct eg_cli_option corpus_options[] = {
    {"out", EG_CLI_VALUE, "DIR", "directory to write to; made where it is missing"},
    {"count", EG_CLI_VALUE, "N", "number of tokens (default 1000)"},
    {"issuers", EG_CLI_VALUE, "K", "number of issuers, 1 to 16 (default 1)"},
    {"mix", EG_CLI_VALUE, "STATUS=WEIGHT,...",
        "share of each status (default: OK=70 and all others)"},
    {"fmt", EG_CLI_VALUE, "jwt|cwt|paseto|mixed", "format of the tokens (default jwt)"},
    {"size", EG_CLI_VALUE, "minimal|rfc9068|status", "claims of a token (default rfc9068)"},
    {"now", EG_CLI_VALUE, "T", "the statuses hold from here for a day (default: the clock)"},
    {"seed", EG_CLI_VALUE, "N", "the same seed gives the same files (default: random)"},
    {"force", EG_CLI_SWITCH, NULL, "replace the private keys of an older corpus"},
    END,
};

static const struct eg_cli_command commands[] = {
    {"keygen", NULL, NULL, 0, 0, keygen_options, "make a key pair, as JWK and JWKS",
        token_cmd_keygen},
    {"sign", NULL, NULL, 0, 0, sign_options, "sign a token and print it", token_cmd_sign},
    {"inspect", NULL, "TOKEN|-", 1, 1, inspect_options, "print what is in a token",
        token_cmd_inspect},
    {"corpus", NULL, NULL, 0, 0, corpus_options,
        "make many tokens, each with the status that edgate must answer", token_cmd_corpus},
    {0},
};

static const struct eg_cli_program program = {
    .name = "edgate-token",
    .about = "Keys and tokens for tests, demos and load. Not a production issuer.",
    .globals = globals,
    .commands = commands,
};

int main(int argc, char *argv[])
{
	struct eg_error err = {0};

	if (token_init(&err) != 0)
		return eg_cli_refuse(&err);
	return eg_cli_main(&program, argc, argv);
}
