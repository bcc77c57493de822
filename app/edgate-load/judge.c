/* SPDX-License-Identifier: BSD-3-Clause */
#include "judge.h"

#include <stdlib.h>

int load_judge_init(struct load_judge *judge, const struct load_corpus *corpus, bool sightings,
    struct eg_error *err)
{
	*judge = (struct load_judge){.answered = 0};
	if (!sightings)
		return 0;
	judge->sighting = calloc(corpus->token_cnt, sizeof(*judge->sighting));
	if (judge->sighting == NULL)
		return eg_error_set(
		    err, EG_ENOMEM, "no memory to remember %zu tokens", corpus->token_cnt);
	return 0;
}

void load_judge_free(struct load_judge *judge)
{
	free(judge->sighting);
	judge->sighting = NULL;
}

void load_judge_note_wrong(
    struct load_judge *judge, const struct load_token *token, uint8_t status, uint64_t cnt)
{
	struct load_wrong *wrong = judge->wrong_first;

	judge->wrong += cnt;
	for (unsigned i = 0; i < judge->wrong_shown; i++, wrong++)
		if (wrong->token == token && wrong->status == status) {
			wrong->cnt += cnt;
			return;
		}
	if (judge->wrong_shown < LOAD_WRONG_SHOWN)
		judge->wrong_first[judge->wrong_shown++] = (struct load_wrong){token, status, cnt};
}

/* What the answers to one request are judged by. */
struct judging {
	struct load_judge *judge;
	const struct load_corpus *corpus;
	const struct eg_egt_response *resp;
	bool measured;
};

/* Of the two answers that revocations choose between? Then it is judged at the end. */
static bool note_sighting(const struct judging *j, const struct load_token *token, uint8_t status)
{
	struct load_sighting *seen;

	if (j->judge->sighting == NULL || token->expected != EG_OK ||
	    (status != EG_OK && status != EG_REVOKED))
		return false;
	seen = &j->judge->sighting[token - j->corpus->token];
	if (status == EG_REVOKED)
		seen->revoked_cnt++;
	else if (j->resp->epoch >= seen->ok_epoch_end)
		seen->ok_epoch_end = j->resp->epoch + 1;
	return true;
}

static bool is_retryable(uint8_t status)
{
	return status >= EG_OVERLOADED && status <= EG_STALE;
}

enum finding { RIGHT, RETRYABLE, WRONG };

static enum finding judge_status(
    const struct judging *j, const struct load_token *token, uint8_t expected, uint8_t status)
{
	if (note_sighting(j, token, status) || status == expected)
		return RIGHT;
	if (is_retryable(status))
		return RETRYABLE;
	load_judge_note_wrong(j->judge, token, status, 1);
	return WRONG;
}

static bool judge_answer(
    const struct judging *j, const struct load_token *token, uint8_t expected, unsigned i)
{
	/* Its first four bytes: status, detail, rflags. */
	const uint8_t *answer = j->resp->body.ptr + (size_t)EG_EGT_ANSWER_BYTES * i;
	enum finding finding = judge_status(j, token, expected, answer[0]);
	uint16_t rflags = eg_load_be16(answer + 2);
	struct load_judge *judge = j->judge;

	if (j->measured) {
		judge->answered++;
		judge->status[answer[0]]++;
		judge->cached += (rflags & EG_RFLAG_CACHED) != 0;
		judge->sig_checked += (rflags & EG_RFLAG_SIG_CHECKED) != 0;
		judge->steer_miss += (rflags & EG_RFLAG_STEER_MISS) != 0;
		judge->right += finding == RIGHT;
		judge->retryable += finding == RETRYABLE;
	}
	return finding != RETRYABLE;
}

static void judge_misshapen(const struct judging *j, const struct load_request *request)
{
	for (unsigned i = 0; i < request->cnt; i++)
		load_judge_note_wrong(
		    j->judge, &j->corpus->token[request->first + i], EG_VERDICT_NONE, 1);
	if (j->measured)
		j->judge->answered += request->cnt;
}

bool load_judge_response(struct load_judge *judge, const struct load_corpus *corpus,
    const struct load_request *request, const struct eg_egt_response *resp, bool measured)
{
	const struct judging j = {judge, corpus, resp, measured};
	const struct load_token *token = &corpus->token[request->first];
	bool final;

	if (resp->type != EG_EGT_VERIFY_R || resp->count != request->cnt) {
		judge_misshapen(&j, request);
		return true;
	}
	/* One token is the common case, and then the token itself need not be read. */
	final = judge_answer(&j, token, request->expected, 0);
	for (unsigned i = 1; i < request->cnt; i++)
		final |= judge_answer(&j, &token[i], token[i].expected, i);
	return final;
}

static void merge_sightings(
    struct load_sighting *into, const struct load_sighting *from, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (from[i].ok_epoch_end > into[i].ok_epoch_end)
			into[i].ok_epoch_end = from[i].ok_epoch_end;
		into[i].revoked_cnt += from[i].revoked_cnt;
	}
}

void load_judge_merge(
    struct load_judge *into, const struct load_judge *from, const struct load_corpus *corpus)
{
	uint64_t wrong = into->wrong + from->wrong;

	for (unsigned i = 0; i < from->wrong_shown; i++)
		load_judge_note_wrong(into, from->wrong_first[i].token, from->wrong_first[i].status,
		    from->wrong_first[i].cnt);
	into->wrong = wrong; /* with those that were not shown */
	into->answered += from->answered;
	into->right += from->right;
	into->retryable += from->retryable;
	into->cached += from->cached;
	into->sig_checked += from->sig_checked;
	into->steer_miss += from->steer_miss;
	for (unsigned i = 0; i < 256; i++)
		into->status[i] += from->status[i];
	if (into->sighting != NULL)
		merge_sightings(into->sighting, from->sighting, corpus->token_cnt);
}

static void make_wrong(
    struct load_judge *judge, const struct load_token *token, uint8_t status, uint64_t cnt)
{
	judge->right -= cnt < judge->right ? cnt : judge->right;
	load_judge_note_wrong(judge, token, status, cnt);
}

void load_judge_revocations(struct load_judge *judge, const struct load_corpus *corpus,
    const struct load_revocation revocations[], size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		const struct load_token *token = revocations[i].token;
		struct load_sighting *seen = &judge->sighting[token - corpus->token];

		seen->revoked_cnt = 0;
		if (seen->ok_epoch_end > revocations[i].epoch) {
			make_wrong(judge, token, EG_OK, 1);
			seen->ok_epoch_end = 0; /* once, whatever other lines say of it */
		}
	}
	for (size_t i = 0; i < corpus->token_cnt; i++)
		if (judge->sighting[i].revoked_cnt != 0)
			make_wrong(
			    judge, &corpus->token[i], EG_REVOKED, judge->sighting[i].revoked_cnt);
}
