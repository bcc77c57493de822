/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of edgatectl, as one table. */
#include "ctl.h"

#include <limits.h>

#define JSON                                                                                       \
	{                                                                                          \
		"json", EG_CLI_SWITCH, NULL, "JSON instead of text"                                \
	}
#define WAIT                                                                                       \
	{                                                                                          \
		"wait", EG_CLI_OPTIONAL, "MS",                                                     \
		    "wait until the running edgate has applied it (at most MS, default 5000) and " \
		    "print how long that took"                                                     \
	}
#define FMT                                                                                        \
	{                                                                                          \
		"fmt", EG_CLI_VALUE, "detect|jwt|cwt|paseto",                                      \
		    "what the request says about all tokens (default: CWT where a line is hex, "   \
		    "else detect)"                                                                 \
	}
#define HEX                                                                                        \
	{                                                                                          \
		"hex", EG_CLI_SWITCH, NULL, "VALUE is hex: a cti is bytes, not text"               \
	}
#define BULK(what)                                                                                 \
	{                                                                                          \
		"file", EG_CLI_VALUE, "FILE",                                                      \
		    "take " what ", one on each line (\"-\": stdin): all of them or none"          \
	}
#define PROGRESS                                                                                   \
	{                                                                                          \
		"progress", EG_CLI_SWITCH, NULL,                                                   \
		    "show progress on stderr where that is no terminal too"                        \
	}
#define END                                                                                        \
	{                                                                                          \
		NULL, EG_CLI_SWITCH, NULL, NULL                                                    \
	}

static const struct eg_cli_option globals[] = {
    {"state", EG_CLI_VALUE, "DIR", "the store's directory (default " CTL_STATE_DEFAULT ")"},
    {"run", EG_CLI_VALUE, "DIR",
        "run directory of the edgate that is meant (default: all of " CTL_RUN_DEFAULT
        " for a change, the only one for stats, top and trace)"},
    END,
};
static const struct eg_cli_option json_option[] = {JSON, END};
static const struct eg_cli_option change_options[] = {WAIT, END};
static const struct eg_cli_option init_options[] = {
    {"group", EG_CLI_VALUE, "NAME", "the group that may use the store (default: your own)"},
    END,
};
static const struct eg_cli_option issuer_add_options[] = {
    {"jwks", EG_CLI_VALUE, "FILE", "its keys: a JWKS, or one JWK (\"-\": stdin)"},
    {"allow-mixed-order", EG_CLI_SWITCH, NULL, "keep keys of mixed order"},
    WAIT,
    END,
};
static const struct eg_cli_option policy_set_options[] = {
    {"issuer", EG_CLI_VALUES, "URL[,URL...]", "whose tokens pass"},
    {"audience", EG_CLI_VALUES, "AUD[,AUD...]|any", "an aud that is ours; any: not checked"},
    {"typ", EG_CLI_VALUES, "TYP[,TYP...]", "header types that pass (default JWT,at+jwt)"},
    {"cwt-typ", EG_CLI_VALUES, "TYP[,TYP...]",
        "the same of a CWT: media types, content formats (default application/cwt,61)"},
    {"typ-required", EG_CLI_SWITCH, NULL, "refuse a token without typ"},
    {"skew", EG_CLI_VALUE, "SECONDS", "allowed difference of clocks, 0 to 300 (default 0)"},
    {"order", EG_CLI_VALUE, "cheap|strict", "claims first (default), or the signature first"},
    {"status", EG_CLI_VALUE, "optional|required|ignore", "status list claim (default optional)"},
    {"cnf", EG_CLI_VALUE, "accept|require|refuse", "proof of possession (default accept)"},
    {"implicit-assertion", EG_CLI_VALUE, "TEXT", "of PASETO tokens"},
    {"max-age", EG_CLI_VALUE, "SECONDS", "refuse what was issued longer ago"},
    {"max-lifetime", EG_CLI_VALUE, "SECONDS", "refuse what is valid for longer"},
    {"max-token", EG_CLI_VALUE, "BYTES", "refuse what is longer (default 4096)"},
    {"client-cache", EG_CLI_VALUE, "SECONDS", "how long clients may remember an OK"},
    {"exp-optional", EG_CLI_SWITCH, NULL, "let tokens without exp pass"},
    {"freshness", EG_CLI_VALUE, "strict:SECONDS|bounded:SECONDS",
        "state that old: answer STALE, or go on with the flag STATE_STALE (default: no bound)"},
    {"default", EG_CLI_SWITCH, NULL, "make it the default policy (the first one is)"},
    WAIT,
    END,
};
static const struct eg_cli_option list_add_options[] = {
    {"issuer", EG_CLI_VALUE, "URL", "whose list it is"},
    {"bits", EG_CLI_VALUE, "1|2|4|8", "bits of an entry"},
    {"entries", EG_CLI_VALUE, "N", "number of entries"},
    WAIT,
    END,
};
static const struct eg_cli_option list_import_options[] = {
    {"jwt", EG_CLI_SWITCH, NULL, "the file is a statuslist+jwt of the list's issuer"},
    {"cwt", EG_CLI_SWITCH, NULL, "the file is a statuslist+cwt, as bytes or as hex"},
    {"w3c", EG_CLI_SWITCH, NULL,
        "the file is a BitstringStatusListCredential: a JWT, or JSON with --unsigned"},
    {"unsigned", EG_CLI_SWITCH, NULL,
        "take a --w3c credential as JSON on your word: its proof is NOT checked; the audit says "
        "so"},
    {"raw", EG_CLI_SWITCH, NULL, "the file is the list's bytes, least significant bit first"},
    {"force", EG_CLI_SWITCH, NULL,
        "also where it is older than what is in force, or contradicts it; the audit says so"},
    WAIT,
    END,
};
static const struct eg_cli_option list_export_options[] = {
    {"jwt", EG_CLI_SWITCH, NULL, "as a statuslist+jwt"},
    {"cwt", EG_CLI_SWITCH, NULL, "as a statuslist+cwt (bytes)"},
    {"raw", EG_CLI_SWITCH, NULL, "as bytes, least significant bit first"},
    {"key", EG_CLI_VALUE, "PRIVATE.jwk", "what to sign with, as edgate-token keygen makes it"},
    {"exp", EG_CLI_VALUE, "T", "when it ends to be valid (default: never)"},
    {"ttl", EG_CLI_VALUE, "SECONDS", "how long a verifier may keep it before it looks again"},
    END,
};
static const struct eg_cli_option key_window_options[] = {
    {"from", EG_CLI_VALUE, "T", "not before T (default: always)"},
    {"until", EG_CLI_VALUE, "T", "not after T (default: for ever)"},
    WAIT,
    END,
};
static const struct eg_cli_option index_options[] = {
    BULK("indices and ranges like 7-9 from it"), PROGRESS, WAIT, END};
static const struct eg_cli_option revoke_value_options[] = {
    {"exp", EG_CLI_VALUE, "T", "the token's exp: the entry is kept until 360 s past it"},
    HEX,
    BULK("values from it"),
    PROGRESS,
    WAIT,
    END,
};
static const struct eg_cli_option unrevoke_value_options[] = {HEX, WAIT, END};
static const struct eg_cli_option cutoff_options[] = {
    {"until", EG_CLI_VALUE, "T",
        "refuse what was issued at T or before (default: now and the largest skew)"},
    WAIT,
    END,
};
static const struct eg_cli_option subject_options[] = {
    {"until", EG_CLI_VALUE, "T",
        "refuse what was issued at T or before (default: now and the largest skew)"},
    BULK("subjects from it"),
    PROGRESS,
    WAIT,
    END,
};
static const struct eg_cli_option decide_options[] = {
    {"policy", EG_CLI_VALUE, "ID", "by this policy (default: the default policy)"},
    {"now", EG_CLI_VALUE, "T", "at this time (default: the clock, read once)"},
    FMT,
    {"exit-status", EG_CLI_SWITCH, NULL, "exit 1 where a token is refused"},
    JSON,
    END,
};
static const struct eg_cli_option explain_options[] = {
    {"policy", EG_CLI_VALUE, "ID", "by this policy (default: the default policy)"},
    {"now", EG_CLI_VALUE, "T", "at this time (default: the clock, read once)"},
    FMT,
    JSON,
    END,
};
static const struct eg_cli_option verify_options[] = {
    {"policy", EG_CLI_VALUE, "ID", "by this policy (default: the server's default)"},
    FMT,
    {"timeout", EG_CLI_VALUE, "MS", "of one try (default 200)"},
    {"max-datagram", EG_CLI_VALUE, "BYTES",
        "what the server and the way to it take (default 1232); a longer token is TOO_BIG"},
    {"until", EG_CLI_VALUE, "STATUS", "ask each token until this is answered (at most 30 s)"},
    {"exit-status", EG_CLI_SWITCH, NULL, "exit 1 where a token is refused"},
    JSON,
    END,
};
static const struct eg_cli_option ping_options[] = {
    {"timeout", EG_CLI_VALUE, "MS", "of one try (default 200)"},
    JSON,
    END,
};
static const struct eg_cli_option selftest_options[] = {
    {"impl", EG_CLI_VALUE, "NAME",
        "of this implementation (default: $EDGATE_ED25519, else the best of this CPU)"},
    {"vectors", EG_CLI_VALUE, "FILE",
        "verify these instead: a line is 'id pk msg sig' in hex with TABs between, and is answered "
        "with 'id 1' or 'id 0' (\"-\": stdin)"},
    END,
};
static const struct eg_cli_option preflight_options[] = {
    {"sysroot", EG_CLI_VALUE, "DIR", "look at the host whose proc, sys and files lie below DIR"},
    JSON,
    END,
};
static const struct eg_cli_option stats_options[] = {
    {"all", EG_CLI_SWITCH, NULL, "counters that are zero too"},
    JSON,
    END,
};
static const struct eg_cli_option top_options[] = {
    {"once", EG_CLI_SWITCH, NULL, "one table, without a terminal"},
    {"batch", EG_CLI_VALUE, "N", "so many tables, without a terminal"},
    {"interval", EG_CLI_VALUE, "MS", "what a table is about (default 1000)"},
    END,
};
static const struct eg_cli_option trace_options[] = {
    {"count", EG_CLI_VALUE, "N", "end after so many packets (default 10)"},
    {"status", EG_CLI_VALUE, "NAME",
        "only packets with a record of this status, or that ended in this drop (edgatectl "
        "counters)"},
    {"timeout", EG_CLI_VALUE, "SECONDS", "give up then, with exit status 1 (default: never)"},
    {"pcap", EG_CLI_VALUE, "FILE",
        "write requests and replies to a new file (mode 0600), every byte of a token as x"},
    {"with-tokens", EG_CLI_SWITCH, NULL,
        "with --pcap: tokens as they are. Who has the file can use them"},
    {"json", EG_CLI_SWITCH, NULL, "one JSON object a line instead of text"},
    END,
};
static const struct eg_cli_option no_options[] = {END};
static const struct eg_cli_option audit_options[] = {
    {"last", EG_CLI_VALUE, "N", "the last N lines alone"},
    JSON,
    END,
};
static const struct eg_cli_option counters_options[] = {
    {"markdown", EG_CLI_SWITCH, NULL, "as the tables of docs/counters.md"},
    END,
};

static const struct eg_cli_command commands[] = {
    {"init", NULL, NULL, 0, 0, init_options, "make the state directory and an empty store",
        ctl_init},
    {"issuer", "add", "URL", 1, 1, issuer_add_options, "add an issuer, or replace its keys",
        ctl_issuer_add},
    {"issuer", "remove", "URL", 1, 1, change_options, "remove an issuer and its keys",
        ctl_issuer_remove},
    {"issuer", "list", NULL, 0, 0, json_option, "the issuers", ctl_issuer_list},
    {"key", "list", NULL, 0, 0, json_option, "the keys of all issuers", ctl_key_list},
    {"key", "tables", NULL, 0, 0, json_option,
        "what the running edgate has for each key: comb table, and how often it verifies",
        ctl_key_tables},
    {"key", "window", "ISSUER KID", 2, 2, key_window_options,
        "from when until when a key counts, both inclusive", ctl_key_window},
    {"policy", "set", "ID", 1, 1, policy_set_options,
        "make or replace a policy: what is not given is its default", ctl_policy_set},
    {"policy", "remove", "ID", 1, 1, change_options, "remove a policy", ctl_policy_remove},
    {"policy", "list", NULL, 0, 0, json_option, "the policies", ctl_policy_list},
    {"list", "add", "URI", 1, 1, list_add_options, "add a status list of an issuer", ctl_list_add},
    {"list", "import", "URI FILE", 2, 2, list_import_options,
        "replace the imported values of a list; what was revoked here stays revoked",
        ctl_list_import},
    {"list", "grow", "URI ENTRIES", 2, 2, change_options,
        "give a list more entries, while it is in use", ctl_list_grow},
    {"list", "show", "URI [IDX[,IDX...]...]", 1, UINT_MAX, json_option,
        "a list as it counts: shape, freshness, counts, memory; or the values of entries",
        ctl_list_show},
    {"list", "export", "URI FILE", 2, 2, list_export_options,
        "write a list as it counts, for other verifiers", ctl_list_export},
    {"list", "list", NULL, 0, 0, json_option, "the status lists", ctl_list_list},
    {"revoke", "index", "URI IDX[,IDX-IDX...]|--file FILE", 1, UINT_MAX, index_options,
        "revoke entries of a status list", ctl_revoke_index},
    {"revoke", "jti", "ISSUER VALUE|--file FILE", 1, 2, revoke_value_options,
        "revoke one token by its jti", ctl_revoke_value},
    {"revoke", "cti", "ISSUER VALUE|--file FILE", 1, 2, revoke_value_options,
        "revoke one CWT by its cti", ctl_revoke_value},
    {"revoke", "sid", "ISSUER VALUE|--file FILE", 1, 2, revoke_value_options,
        "revoke the tokens of one session", ctl_revoke_value},
    {"revoke", "jkt", "ISSUER VALUE|--file FILE", 1, 2, revoke_value_options,
        "revoke the tokens that are bound to one key", ctl_revoke_value},
    {"revoke", "subject", "ISSUER SUB|--file FILE", 1, 2, subject_options,
        "revoke what a subject was issued until T", ctl_revoke_subject},
    {"revoke", "issuer", "ISSUER", 1, 1, cutoff_options, "revoke all that was issued until T",
        ctl_revoke_issuer},
    {"revoke", "key", "ISSUER KID", 2, 2, change_options, "revoke a key, for good", ctl_revoke_key},
    {"suspend", "index", "URI IDX[,IDX-IDX...]|--file FILE", 1, UINT_MAX, index_options,
        "suspend entries of a status list of 2 or more bits", ctl_suspend_index},
    {"unrevoke", "index", "URI IDX[,IDX-IDX...]|--file FILE", 1, UINT_MAX, index_options,
        "take back what was revoked or suspended here; an imported list still counts",
        ctl_unrevoke_index},
    {"unrevoke", "jti", "ISSUER VALUE", 2, 2, unrevoke_value_options, "take back a revoked jti",
        ctl_unrevoke_value},
    {"unrevoke", "cti", "ISSUER VALUE", 2, 2, unrevoke_value_options, "take back a revoked cti",
        ctl_unrevoke_value},
    {"unrevoke", "sid", "ISSUER VALUE", 2, 2, unrevoke_value_options, "take back a revoked sid",
        ctl_unrevoke_value},
    {"unrevoke", "jkt", "ISSUER VALUE", 2, 2, unrevoke_value_options, "take back a revoked jkt",
        ctl_unrevoke_value},
    {"unrevoke", "subject", "ISSUER SUB", 2, 2, change_options, "take back a subject's cutoff",
        ctl_unrevoke_value},
    {"unrevoke", "issuer", "ISSUER", 1, 1, change_options, "take back an issuer's cutoff",
        ctl_unrevoke_value},
    {"audit", NULL, NULL, 0, 0, audit_options, "who changed what, and when", ctl_audit},
    {"state", "verify", NULL, 0, 0, no_options, "read the whole store and its checksums",
        ctl_state_verify},
    {"state", "backup", "FILE", 1, 1, no_options,
        "copy the store to a new file, while it is in use", ctl_state_backup},
    {"state", "restore", "FILE", 1, 1, no_options,
        "put a backup in the store's place, under a higher generation", ctl_state_restore},
    {"decide", NULL, "FILE|-", 1, 1, decide_options,
        "decide about tokens, one a line, without a network", ctl_decide},
    {"explain", NULL, "TOKEN|-", 1, 1, explain_options,
        "which rule refuses a token, and since when it is revoked", ctl_explain},
    {"verify", NULL, "HOST[:PORT] TOKEN...|-", 2, UINT_MAX, verify_options,
        "ask a running edgate about tokens", ctl_verify},
    {"ping", NULL, "HOST[:PORT]", 1, 1, ping_options, "ask a running edgate how it is", ctl_ping},
    {"selftest", NULL, NULL, 0, 0, selftest_options,
        "does Ed25519 verification give known answers on this CPU", ctl_selftest},
    {"preflight", NULL, "[CONFIG]", 0, 1, preflight_options,
        "does this host have what a configuration needs; changes nothing", ctl_preflight},
    {"stats", NULL, NULL, 0, 0, stats_options, "counters of the running edgate", ctl_stats},
    {"top", NULL, NULL, 0, 0, top_options,
        "the running edgate, live: rates, verdicts and cycles of each core; q quits", ctl_top},
    {"trace", NULL, NULL, 0, 0, trace_options,
        "what became of single packets, and where the core's time went meanwhile", ctl_trace},
    {"counters", NULL, NULL, 0, 0, counters_options, "what each status and counter means",
        ctl_counters},
    {0},
};

static const struct eg_cli_program program = {
    .name = "edgatectl",
    .about = "The operator's hand: keys, policies, revocation, decisions and counters of edgate.",
    .globals = globals,
    .commands = commands,
};

int main(int argc, char *argv[])
{
	return eg_cli_main(&program, argc, argv);
}
