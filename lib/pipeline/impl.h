/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of one core's pipeline: private to lib/pipeline. [worker]
 *
 *   frame   a request in flight: its packet, its answers, how many of them are outstanding
 *   batch   up to 64 records on their way through the stages; empty between turns
 *   queue   up to 128 records that wait for their signature; outlives a turn and pins their frames
 *
 * A record is in exactly one place: in the batch, in the queue, or answered. What the rules after
 * the signature ask of a token is in one form (struct eg_case), whether it was decoded just now or
 * found in the verified cache, so that both get the same answer from the same functions.
 */
#ifndef EG_PIPELINE_IMPL_H
#define EG_PIPELINE_IMPL_H

#include "eg_pipeline.h"
#include "eg_token.h"
#include "parse.h"
#include "trace_impl.h"

#define EG_BATCH_SLOTS 64u

struct eg_frame {
	struct eg_packet pkt;
	struct eg_parsed parsed;
	uint64_t request_id;
	uint64_t epoch; /* the answer says that this one is in force */
	uint64_t min_epoch;
	uint64_t sender; /* as eg_packet.sender */
	uint8_t flags;   /* enum eg_egt_flag */
	uint8_t count;
	uint8_t outstanding; /* records without an answer; at 0 the reply leaves */
	struct eg_egt_answer answers[EG_EGT_RECORDS_MAX];
};

struct eg_frame_pool {
	unsigned free_cnt;
	struct eg_frame *free[EG_FRAMES_MAX];
	struct eg_frame frame[EG_FRAMES_MAX];
};

/* A frame in use has a record in the queue or came in this turn's burst (the batch holds records of
 * this burst alone), so the pool can never run out. */
_Static_assert(EG_SIGNATURE_QUEUE_MAX + EG_BURST_MAX <= EG_FRAMES_MAX, "a frame is always free");

/* Which record of which frame. */
struct eg_record_ref {
	struct eg_frame *frame;
	uint8_t index;
};

/* Structure of arrays; live[] names the slots that no stage has refused yet. */
struct eg_batch {
	unsigned cnt, live_cnt;
	uint8_t live[EG_BATCH_SLOTS];
	struct eg_record_ref ref[EG_BATCH_SLOTS];
	struct eg_egt_record record[EG_BATCH_SLOTS];
	const struct eg_policy *policy[EG_BATCH_SLOTS];
	struct eg_egt_answer answer[EG_BATCH_SLOTS]; /* what is known of it so far */
};

/* What S9 and the answer need of a record. Key, policy and list belong to the snapshot in use. */
struct eg_case {
	struct eg_record_ref ref;
	const struct eg_policy *policy;
	const struct eg_key *key;
	const struct eg_list *list; /* the status list to ask, or NULL */
	bool status_unknown;        /* R5 cannot be told, whatever the lists say */
	struct eg_egt_answer answer;
	const struct eg_vcache_entry *token; /* what it says */
};

/* A record between S7 and its signature. What comes from the token is copied or hashed, but for the
 * message, which stays in the frame (JWT) or beside this entry in the queue. The snapshot is never
 * swapped while anything is queued. */
struct eg_pending {
	struct eg_case of; /* its token is the one below */
	uint64_t queued_ns;
	struct eg_finding deferred; /* S7 under strict order, EG_OK otherwise */
	struct eg_span message;     /* what the signature covers */
	bool is_cacheable;
	uint64_t sender; /* these two where it is cacheable */
	struct eg_vcache_tag tag;
	struct eg_vcache_entry token;
	uint8_t signature[EG_ED25519_SIGNATURE_BYTES];
};

/* A ring, oldest first. */
struct eg_signature_queue {
	unsigned head, cnt;
	unsigned asked; /* of cnt: what revocation needs of them is on its way into the cache */
	struct eg_pending entry[EG_SIGNATURE_QUEUE_MAX];
	/* entry[i]'s message, where it is not the token as received */
	struct eg_token_message message[EG_SIGNATURE_QUEUE_MAX];
	/* of the run that is under way */
	struct eg_ed25519_job job[EG_SIGNATURE_QUEUE_MAX];
	bool ok[EG_SIGNATURE_QUEUE_MAX];
};

/* The queue holds fewer than EG_BATCH_SLOTS between batches, so a whole batch always fits. */
_Static_assert(2 * EG_BATCH_SLOTS <= EG_SIGNATURE_QUEUE_MAX, "a batch fits into the queue");

/* What the batch's stage of the verified cache knows: by slot, and the hits one after the other. */
struct eg_lookups {
	bool is_tagged[EG_BATCH_SLOTS]; /* to be looked up, and put in where it is verified */
	struct eg_vcache_tag tag[EG_BATCH_SLOTS];
	unsigned hit_cnt;
	struct eg_case hit[EG_BATCH_SLOTS];
};

struct eg_pipeline {
	_Alignas(EG_CACHE_LINE_BYTES) struct eg_pipeline_config config;
	struct eg_core_stats *stats; /* our own block */
	struct eg_stage_clock clock;
	const _Atomic uint64_t *order; /* of a trace: control's word, or one that is always 0 */
	uint64_t trace_order;          /* the one that is followed; 0: no trace */
	const struct eg_snapshot *snapshot;

	/* of this turn */
	struct eg_pipeline_out *out;
	uint64_t now_ns, now_s;
	uint64_t epoch;       /* that frames admitted now answer */
	uint64_t state_age_s; /* since the last good contact with the authority */
	bool ready;

	struct eg_batch batch;
	struct eg_lookups lookups;
	struct eg_token_scratch scratch;
	uint32_t unsampled; /* signatures to come before the next sample */
	struct eg_signature_queue queue;
	struct eg_frame_pool frames;
};

static inline void eg_pipeline_count(struct eg_pipeline *p, enum eg_counter counter, uint64_t n)
{
	eg_count(&p->stats->counter[counter], n);
}

/* S8 before S7: by policy, or as the request asked. */
static inline bool eg_is_strict(const struct eg_policy *policy, const struct eg_frame *frame)
{
	return policy->order == EG_ORDER_STRICT || (frame->flags & EG_EGT_STRICT_ORDER) != 0;
}

/* exp as an answer says it. */
static inline uint32_t eg_saturated_exp(bool has_exp, int64_t exp_s)
{
	if (!has_exp || exp_s < 0)
		return 0;
	return exp_s < UINT32_MAX ? (uint32_t)exp_s : UINT32_MAX;
}

/* ── frame.c ── */

void eg_frame_pool_init(struct eg_frame_pool *pool);

/* Takes a packet in: it is dropped, answered, or its records go to the batch. */
void eg_frame_admit(struct eg_pipeline *p, const struct eg_packet *pkt);

/* The one end of a record; the last one of its frame sends the reply. */
void eg_frame_answer(
    struct eg_pipeline *p, struct eg_record_ref ref, const struct eg_egt_answer *answer);

/* ── stages.c ── */

/* Adds a record to the batch, which is run first where it is full. */
void eg_batch_add(
    struct eg_pipeline *p, struct eg_record_ref ref, const struct eg_egt_record *record);

/* Brings every record of the batch to its answer or into the signature queue, and runs the queue
 * where its lanes are full. */
void eg_batch_run(struct eg_pipeline *p);

/* Ends a token record: counts where its shard was, then eg_frame_answer. */
void eg_record_settle(
    struct eg_pipeline *p, struct eg_record_ref ref, const struct eg_egt_answer *answer);

/* The record's shard is this one: says whether it is another core's. */
void eg_answer_set_shard(const struct eg_pipeline *p, struct eg_egt_answer *answer, unsigned shard);

/* ── case.c ── */

/* What the token says of its status: `list` is the one that it names, NULL where none is served. */
void eg_case_set_list(
    struct eg_pipeline *p, struct eg_case *c, const struct eg_list *list, bool names_status);

/* Cache lines that eg_case_settle will read of revocation, of all cases of a batch. A prefetch
 * waits for its page walk where the TLB misses: with nothing between them, the walks overlap. */
#define EG_CASE_LINES_MAX 6u

struct eg_case_lines {
	unsigned cnt;
	const void *at[EG_BATCH_SLOTS * EG_CASE_LINES_MAX];
};

void eg_case_add_lines(
    const struct eg_pipeline *p, const struct eg_case *c, struct eg_case_lines *lines);
void eg_case_prefetch(const struct eg_case_lines *lines);

/* S9, after a good signature: ends the record. Returns its status. */
enum eg_verdict eg_case_settle(struct eg_pipeline *p, struct eg_case *c);

/* Ends it before S9. */
void eg_case_refuse(struct eg_pipeline *p, struct eg_case *c, struct eg_finding found);

/* ── lookup.c ── */

/* Looks the live records of the batch up in the verified cache: those that are found are settled,
 * the others stay live. */
void eg_lookup_batch(struct eg_pipeline *p);

/* The signature of a queued record was looked at: keeps what may be kept. status: its answer. Of a
 * run the first is called for all, then the second for all, since signatures have filled the caches
 * with their tables; then each is settled and kept. */
void eg_lookup_expect(const struct eg_pipeline *p, const struct eg_pending *e);
void eg_lookup_expect_entry(const struct eg_pipeline *p, const struct eg_pending *e);
void eg_lookup_keep(struct eg_pipeline *p, const struct eg_pending *e, enum eg_verdict status);

/* ── signature_queue.c ── */

/* The entry behind the last one, to be filled; eg_signature_queue_push takes it in. */
struct eg_pending *eg_signature_queue_next(struct eg_signature_queue *queue);
/* Where a message for that entry may be built. */
struct eg_token_message *eg_signature_queue_room(struct eg_signature_queue *queue);
void eg_signature_queue_push(struct eg_pipeline *p);

/* Asks for what revocation will need of the entries that have not been asked for: at the end of a
 * batch, so none is left when the queue is run. */
void eg_signature_queue_prefetch(struct eg_pipeline *p);

/* Verifies and settles: whole groups of lanes where a batch's worth waits (full); whole groups, or
 * everything, so that nobody waits longer than the deadline; or everything at once (idle). */
void eg_signature_queue_run_full(struct eg_pipeline *p);
void eg_signature_queue_run_deadline(struct eg_pipeline *p);
void eg_signature_queue_run_idle(struct eg_pipeline *p);

#endif
