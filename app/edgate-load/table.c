/* SPDX-License-Identifier: BSD-3-Clause */
#include "table.h"

#include "eg_clock.h"
#include "eg_egt.h"

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

static void take_answer(struct eg_span payload, struct question *q)
{
	struct eg_egt_response resp;

	if (eg_egt_parse_response(payload, &resp) != 0 || resp.request_id != q->id ||
	    resp.type != EG_EGT_VERIFY_R || resp.count != 1)
		return;
	q->status = eg_egt_answer_at(&resp, 0).status;
	q->answered = true;
}

static void send_request(
    struct load_lane *lane, const struct load_request *request, const struct question *q)
{
	const struct load_address address = {
	    .owner = lane->steer->owner[request->shard],
	    .server_port = load_steer_server_port(lane->steer, request->shard),
	};
	struct load_slot slot;

	if (lane->ops->take(lane, &slot, 1) == 0)
		return;
	memcpy(slot.payload, request->bytes.ptr, request->bytes.len);
	eg_egt_set_request_id(slot.payload, q->id);
	lane->ops->address(lane, &slot, &address, request->bytes.len,
	    load_frame_sum(0, slot.payload, request->bytes.len));
	(void)lane->ops->send(lane, &slot, 1);
}

/* Returns how many packets came. */
static unsigned listen_once(struct load_lane *lane, struct question *q)
{
	struct eg_span payload[EG_BURST_MAX];
	unsigned came, cnt = lane->ops->receive(lane, payload, &came);

	for (unsigned i = 0; i < cnt; i++)
		take_answer(payload[i], q);
	lane->ops->release(lane);
	return came;
}

static void ask_once(struct load_lane *lane, const struct load_request *request, struct question *q)
{
	uint64_t start_ns = eg_clock_mono_ns();

	send_request(lane, request, q);
	while (!q->answered && eg_clock_mono_ns() - start_ns < TIMEOUT_NS)
		if (listen_once(lane, q) == 0)
			(void)poll(NULL, 0, 1);
}

/* The name of the status answered, or "-". */
static const char *ask(struct load_lane *lane, const struct load_request *request)
{
	struct question q = {.answered = false};
	const char *name;

	randombytes_buf(&q.id, sizeof(q.id));
	for (unsigned i = 0; i < TRIES && !q.answered; i++)
		ask_once(lane, request, &q);
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

bool load_table(struct load_session *session)
{
	const struct load_corpus *corpus = &session->corpus;
	int width = widest_name(corpus);
	size_t next = 0;
	bool good = true;

	if (!session->options->json)
		(void)printf("%-*s  %-16s  answered\n", width, "name", "expected");
	for (size_t i = 0; i < corpus->token_cnt; i++) {
		const struct load_token *token = &corpus->token[i];
		const char *expected = eg_verdict_name(token->expected);
		const char *answered = eg_verdict_name(EG_TOO_BIG);

		if (token->fits)
			answered = ask(session->lane[0], &corpus->request[next++]);
		if (session->options->json)
			print_json(token->name, expected, answered);
		else
			(void)printf("%-*s  %-16s  %s%s\n", width, token->name, expected, answered,
			    strcmp(expected, answered) != 0 ? "  <- wrong" : "");
		good = good && strcmp(expected, answered) == 0;
	}
	return good;
}
