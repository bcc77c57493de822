/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * EGT/1 frames over UDP (docs/protocol.md section 5). Total parsers: any bytes in, one verdict out.
 *
 *   0      2  3  4  5  6      8           16
 *   │magic │v │t │f │n │length│request_id │ [u64 min_epoch] │ record … │ zero padding │
 *
 * A request whose shape is wrong ends in one named drop. A request that is right is walked record
 * by record with eg_egt_next_record; the walk cannot fail, since the parse has checked every
 * record. Threads: [any]; no allocation.
 */
#ifndef EG_EGT_H
#define EG_EGT_H

#include "eg_span.h"
#include "eg_stats.h"

#define EG_EGT_MAGIC          0xE6A7u
#define EG_EGT_VERSION        1u
#define EG_EGT_PORT           25519u
#define EG_EGT_PORT_CNT       64u /* base … base + 63: one per shard */
#define EG_EGT_HEADER_BYTES   16u
#define EG_EGT_RECORD_BYTES   8u /* request record before its token */
#define EG_EGT_ANSWER_BYTES   12u
#define EG_EGT_RECORDS_MAX    64u
#define EG_EGT_DATAGRAM_BYTES 1232u /* default largest datagram */
#define EG_EGT_DATAGRAM_MAX   65507u

/* Bytes of a response with n records, without seal and claims; also the smallest request. */
#define EG_EGT_RESPONSE_BYTES(n) (EG_EGT_HEADER_BYTES + 8u + EG_EGT_ANSWER_BYTES * (n))

enum eg_egt_type {
	EG_EGT_VERIFY = 1,
	EG_EGT_VERIFY_R = 2,
	EG_EGT_PING = 3,
	EG_EGT_PING_R = 4,
};

enum eg_egt_flag {
	EG_EGT_SEALED = 1 << 0,
	EG_EGT_WANT_CLAIMS = 1 << 1,
	EG_EGT_NO_CACHE = 1 << 2,
	EG_EGT_STRICT_ORDER = 1 << 3,
	EG_EGT_MIN_EPOCH = 1 << 4,
};

/* rflags of an answer. */
enum eg_egt_rflag {
	EG_RFLAG_SIG_CHECKED = 1 << 0,
	EG_RFLAG_CACHED = 1 << 1,
	EG_RFLAG_CNF_PRESENT = 1 << 2,
	EG_RFLAG_LIST_STALE = 1 << 3,
	EG_RFLAG_STATE_STALE = 1 << 4,
	EG_RFLAG_STEER_MISS = 1 << 5,
	EG_RFLAG_RISK_FLAGGED = 1 << 6,
	EG_RFLAG_CLAIMS = 1 << 7,
};

enum eg_egt_fmt {
	EG_FMT_DETECT = 0,
	EG_FMT_JWT = 1,
	EG_FMT_CWT = 2,
	EG_FMT_PASETO = 3,
};

struct eg_egt_request {
	uint8_t type; /* EG_EGT_VERIFY or EG_EGT_PING */
	uint8_t flags;
	uint8_t count;
	bool bad_version; /* answer one BAD_VERSION record (as to a VERIFY): no more was read */
	uint64_t request_id;
	uint64_t min_epoch;     /* 0 without MIN_EPOCH */
	struct eg_span records; /* exactly `count` records, padding left off */
};

struct eg_egt_record {
	uint8_t fmt;
	uint32_t policy_id;
	struct eg_span token; /* points into the frame; may be empty */
};

/* One answer record. Zeroed it is no accept. */
struct eg_egt_answer {
	uint8_t status; /* enum eg_verdict */
	uint8_t detail; /* enum eg_detail */
	uint16_t rflags;
	uint32_t exp;       /* saturating; 0 unknown */
	uint32_t cache_for; /* seconds; milliseconds of retry-after for 64 and 65 */
};

/* Checks a whole UDP payload. Returns EG_DROP_COUNT where it is a request (req is filled), else the
 * reason to drop it (req is undefined). A PING shorter than EG_EGT_PONG_BYTES is egt_amplification.
 * Order of the checks: egt_short, magic, then for another version bad_version with count 1 (if the
 * frame has room for its answer and type is odd), type, flags, sealed, count, length,
 * amplification, record, padding. */
enum eg_drop eg_egt_parse_request(struct eg_span payload, struct eg_egt_request *req);

/* The next record; `rest` starts as req->records and is moved on. Precondition: called at most
 * req->count times. */
struct eg_egt_record eg_egt_next_record(struct eg_span *rest);

/* Starts a request. The length field is written by eg_egt_finish_request. min_epoch 0: without. */
void eg_egt_begin_request(struct eg_writer *w, enum eg_egt_type type, uint8_t flags, uint8_t count,
    uint64_t request_id, uint64_t min_epoch);
void eg_egt_put_record(struct eg_writer *w, const struct eg_egt_record *record);

/* Pads with zeros to at least `bytes` since start: a PING allows an answer as long as itself. */
void eg_egt_pad_request(struct eg_writer *w, const uint8_t *start, size_t bytes);

/* Pads with zeros up to the smallest legal request, writes the length and returns it; 0 where
 * anything did not fit. `start` is where w began. */
size_t eg_egt_finish_request(struct eg_writer *w, uint8_t *start, uint8_t count);

/* Gives a finished request another id: a retry must not be answered by what its forerunner gets. */
static inline void eg_egt_set_request_id(uint8_t *frame, uint64_t request_id)
{
	eg_store_be64(frame + 8, request_id);
}

/* Writes header, epoch and the answers over `frame` and returns the length. Precondition: frame has
 * EG_EGT_RESPONSE_BYTES(count) bytes. flags of a response are 0. */
size_t eg_egt_write_response(uint8_t *frame, uint8_t type, uint64_t request_id, uint64_t epoch,
    const struct eg_egt_answer *answers, uint8_t count);

/* PING_R body behind the epoch (protocol 5.5). */
struct eg_egt_pong {
	uint8_t ready;
	uint8_t steering; /* 0: none, 1: destination port */
	uint16_t shards;
	uint16_t base_port;
	uint64_t utc_s;
	struct eg_span version; /* TLV 1, at most 63 bytes; left out where it does not fit */
};

/* Writes a PING_R over frame, which holds the PING of room bytes; returns the length (<= room), or
 * 0 where the room is too small for the fixed part (not after eg_egt_parse_request, which has
 * dropped such a frame as egt_amplification). */
size_t eg_egt_write_pong(uint8_t *frame, size_t room, uint64_t request_id, uint64_t epoch,
    const struct eg_egt_pong *pong);

#define EG_EGT_PONG_BYTES (EG_EGT_HEADER_BYTES + 8u + 16u) /* without TLVs */

struct eg_egt_response {
	uint8_t type; /* EG_EGT_VERIFY_R or EG_EGT_PING_R */
	uint8_t count;
	uint64_t request_id;
	uint64_t epoch;
	struct eg_span body; /* count answers, or the pong */
};

/* [client] 0, or -EG_EINVAL for anything that is not a whole, well-formed response. Claims blocks
 * are checked in shape and left out of the body. */
int eg_egt_parse_response(struct eg_span payload, struct eg_egt_response *resp);
/* Answer i < resp->count of a VERIFY_R. */
struct eg_egt_answer eg_egt_answer_at(const struct eg_egt_response *resp, unsigned i);
int eg_egt_parse_pong(const struct eg_egt_response *resp, struct eg_egt_pong *pong);

#endif
