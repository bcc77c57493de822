/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include <jansson.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>

#define TRIES      3u
#define TIMEOUT_NS (500 * 1000 * 1000ull)

struct question {
	uint64_t id;
	bool answered;
	uint8_t status;
};

static void on_datagram(void *ctx, struct eg_span payload)
{
	struct question *q = ctx;
	struct eg_egt_response resp;

	if (eg_egt_parse_response(payload, &resp) != 0 || resp.request_id != q->id ||
	    resp.type != EG_EGT_VERIFY_R || resp.count != 1)
		return;
	q->status = eg_egt_answer_at(&resp, 0).status;
	q->answered = true;
}

static void ask_once(struct load_link *link, struct eg_span request, struct question *q)
{
	const struct load_sink sink = {q, on_datagram};
	const struct load_datagram datagram = {request, q->id};
	uint64_t start_ns = eg_clock_mono_ns();

	(void)load_link_send(link, &datagram, 1);
	while (!q->answered && eg_clock_mono_ns() - start_ns < TIMEOUT_NS)
		if (load_link_poll(link, &sink) == 0)
			(void)poll(NULL, 0, 1);
}

/* The name of the status answered, or "-". */
static const char *ask(struct load_link *link, struct eg_span request)
{
	struct question q = {.answered = false};
	const char *name;

	randombytes_buf(&q.id, sizeof(q.id));
	for (unsigned i = 0; i < TRIES && !q.answered; i++)
		ask_once(link, request, &q);
	if (!q.answered)
		return "-";
	name = eg_verdict_name(q.status);
	return name != NULL ? name : "unknown";
}

static int widest_name(const struct load_corpus *corpus)
{
	size_t widest = 4;

	for (size_t i = 0; i < corpus->token_cnt; i++) {
		size_t len = strlen(corpus->token[i].name);

		widest = len > widest ? len : widest;
	}
	return (int)(widest < 60 ? widest : 60);
}

static void print_json(const char *name, const char *expected, const char *answered)
{
	json_t *row =
	    json_pack("{s:s,s:s,s:s}", "name", name, "expected", expected, "answered", answered);

	(void)json_dumpf(row, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(row);
}

bool load_table(struct load_link *link, const struct load_corpus *corpus, bool json)
{
	int width = widest_name(corpus);
	size_t next = 0;
	bool good = true;

	if (!json)
		(void)printf("%-*s  %-16s  answered\n", width, "name", "expected");
	for (size_t i = 0; i < corpus->token_cnt; i++) {
		const struct load_token *token = &corpus->token[i];
		const char *expected = eg_verdict_name(token->expected);
		const char *answered = eg_verdict_name(EG_TOO_BIG);

		if (token->fits)
			answered = ask(link, corpus->request[next++].bytes);
		if (json)
			print_json(token->name, expected, answered);
		else
			(void)printf("%-*s  %-16s  %s%s\n", width, token->name, expected, answered,
			    strcmp(expected, answered) != 0 ? "  <- wrong" : "");
		good = good && strcmp(expected, answered) == 0;
	}
	return good;
}
