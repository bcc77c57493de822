/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Is the answer right? Each token's status against the corpus.
 *
 *   answered = right + wrong + retryable     of the tokens that were measured
 *
 * Where the server's state changes under the load (revocations), an answer cannot be judged when it
 * comes: each core notes what it saw of each token, and load_judge_revocations decides at the end,
 * when all revocations are known with their epochs:
 *
 *   OK in epoch e         wrong if the token was revoked in an epoch ≤ e
 *   REVOKED in epoch e    wrong if the token was never revoked. (Before its epoch it is right: an
 *                         answer may be newer than the epoch that it names.)
 *
 * One judge a core; they are merged when the cores have ended.
 */
#ifndef LOAD_JUDGE_H
#define LOAD_JUDGE_H

#include "corpus.h"
#include "eg_egt.h"

#define LOAD_WRONG_SHOWN 10u /* different ones, the first that came */

struct load_wrong {
	const struct load_token *token;
	uint8_t status; /* what was answered; EG_VERDICT_NONE: not as many answers as tokens */
	uint64_t cnt;
};

/* What was answered about a token that is expected OK, of the two that may both be right. */
struct load_sighting {
	uint64_t ok_epoch_end; /* the highest epoch of an OK, plus 1; 0: none came */
	uint64_t revoked_cnt;
};

struct load_judge {
	uint64_t answered, right, wrong, retryable;
	uint64_t cached, sig_checked, steer_miss;
	uint64_t status[256];
	unsigned wrong_shown;
	struct load_wrong wrong_first[LOAD_WRONG_SHOWN];
	struct load_sighting *sighting; /* one for each token, or NULL: nothing changes */
};

/* A revocation that came into force while the load ran. */
struct load_revocation {
	const struct load_token *token;
	uint64_t epoch;
};

/* [control] sightings: keep a sighting for each token of the corpus. -EG_ENOMEM. */
int load_judge_init(struct load_judge *judge, const struct load_corpus *corpus, bool sightings,
    struct eg_error *err);
void load_judge_free(struct load_judge *judge);

/* [core] All answers to one request. Returns whether one was not retryable. An answer of another
 * shape than its request has every token wrong. Wrong ones count whether measured or not. */
bool load_judge_response(struct load_judge *judge, const struct load_corpus *corpus,
    const struct load_request *request, const struct eg_egt_response *resp, bool measured);

/* [core] An answer that no request should have had. */
void load_judge_note_wrong(
    struct load_judge *judge, const struct load_token *token, uint8_t status, uint64_t cnt);

/* [control] Both are of the same corpus. */
void load_judge_merge(
    struct load_judge *into, const struct load_judge *from, const struct load_corpus *corpus);

/* [control] After the last answer, of a judge with sightings: tokens become wrong here. */
void load_judge_revocations(struct load_judge *judge, const struct load_corpus *corpus,
    const struct load_revocation revocations[], size_t cnt);

#endif
