/* SPDX-License-Identifier: BSD-3-Clause */
#include "impl.h"

#include <assert.h>

void eg_frame_pool_init(struct eg_frame_pool *pool)
{
	pool->free_cnt = EG_FRAMES_MAX;
	for (unsigned i = 0; i < EG_FRAMES_MAX; i++)
		pool->free[i] = &pool->frame[i];
}

static void drop_packet(struct eg_pipeline *p, const struct eg_packet *pkt, enum eg_drop reason)
{
	eg_count(&p->stats->drop[reason], 1);
	p->out->drop[p->out->drop_cnt] = *pkt;
	p->out->drop[p->out->drop_cnt++].answer = (uint8_t)reason;
}

static void send_packet(struct eg_pipeline *p, const struct eg_packet *pkt, enum eg_answer answer)
{
	struct eg_packet *tx = &p->out->tx[p->out->tx_cnt++];

	*tx = *pkt;
	tx->answer = (uint8_t)answer;
}

static void frame_reply(struct eg_pipeline *p, struct eg_frame *frame)
{
	uint8_t *payload = frame->pkt.data + frame->parsed.payload_off;
	size_t payload_bytes = eg_egt_write_response(payload, EG_EGT_VERIFY_R, frame->request_id,
	    frame->epoch, frame->answers, frame->count);

	eg_parse_reply(p->config.netif, &frame->parsed, &frame->pkt, (uint32_t)payload_bytes);
	send_packet(p, &frame->pkt, EG_ANSWER_answered_verify);
	p->frames.free[p->frames.free_cnt++] = frame;
}

void eg_frame_answer(
    struct eg_pipeline *p, struct eg_record_ref ref, const struct eg_egt_answer *answer)
{
	eg_count(&p->stats->verdict[answer->status], 1);
	ref.frame->answers[ref.index] = *answer;
	if (--ref.frame->outstanding == 0)
		frame_reply(p, ref.frame);
}

/* Who an address block was given to: a host, or with IPv6 a network, whose hosts are one sender. */
static uint64_t sender(const struct eg_packet *pkt, const struct eg_parsed *parsed)
{
	if (parsed->datagram)
		return pkt->sender;
	return parsed->ip6 ? eg_load_be64(pkt->data + parsed->l3_off + 8)
	                   : eg_load_be32(pkt->data + parsed->l3_off + 12);
}

/* Where the next packet is looked at: it stays free unless a request is found. */
static struct eg_frame *frame_next(struct eg_pipeline *p)
{
	assert(p->frames.free_cnt > 0);
	return p->frames.free[p->frames.free_cnt - 1];
}

static void frame_open(
    struct eg_pipeline *p, struct eg_frame *frame, const struct eg_egt_request *req)
{
	p->frames.free_cnt--;
	frame->request_id = req->request_id;
	frame->epoch = p->epoch;
	frame->min_epoch = req->min_epoch;
	frame->sender = sender(&frame->pkt, &frame->parsed);
	frame->flags = req->flags;
	frame->count = req->count;
	frame->outstanding = req->count;
	eg_pipeline_count(p, EG_COUNTER_records, req->count);
}

static void admit_verify(struct eg_pipeline *p, struct eg_frame *frame, struct eg_span records)
{
	for (uint8_t i = 0; i < frame->count; i++) {
		struct eg_egt_record record = eg_egt_next_record(&records);

		eg_batch_add(p, (struct eg_record_ref){frame, i}, &record);
	}
}

static void answer_bad_version(struct eg_pipeline *p, struct eg_frame *frame)
{
	struct eg_egt_answer answer = {.status = EG_BAD_VERSION};

	eg_frame_answer(p, (struct eg_record_ref){frame, 0}, &answer);
}

static void answer_ping(struct eg_pipeline *p, struct eg_packet *pkt,
    const struct eg_parsed *parsed, uint64_t request_id)
{
	const struct eg_netif *netif = p->config.netif;
	struct eg_egt_pong pong = {
	    .ready = p->ready,
	    .steering = netif != NULL, /* by destination port, where we know ours */
	    .shards = EG_SHARDS,
	    .base_port = netif != NULL ? netif->base_port : 0,
	    .utc_s = p->now_s,
	    .version = eg_span_str(p->config.version),
	};
	size_t payload_bytes = eg_egt_write_pong(
	    pkt->data + parsed->payload_off, parsed->payload_bytes, request_id, p->epoch, &pong);

	assert(payload_bytes != 0);
	eg_parse_reply(netif, parsed, pkt, (uint32_t)payload_bytes);
	send_packet(p, pkt, EG_ANSWER_answered_ping);
}

static void admit_payload(struct eg_pipeline *p, struct eg_frame *frame)
{
	const struct eg_parsed *parsed = &frame->parsed;
	struct eg_span payload =
	    eg_span(frame->pkt.data + parsed->payload_off, parsed->payload_bytes);
	struct eg_egt_request req;
	enum eg_drop drop = eg_egt_parse_request(payload, &req);

	if (drop != EG_DROP_COUNT) {
		drop_packet(p, &frame->pkt, drop);
	} else if (req.bad_version) {
		frame_open(p, frame, &req);
		answer_bad_version(p, frame);
	} else if (req.type == EG_EGT_PING) {
		answer_ping(p, &frame->pkt, parsed, req.request_id);
	} else {
		frame_open(p, frame, &req);
		admit_verify(p, frame, req.records);
	}
}

void eg_frame_admit(struct eg_pipeline *p, const struct eg_packet *pkt)
{
	struct eg_frame *frame = frame_next(p);
	const struct eg_parsed *parsed = &frame->parsed;

	frame->pkt = *pkt;
	eg_parse_packet(p->config.netif, p->config.max_datagram_bytes, &frame->pkt, &frame->parsed);
	switch ((enum eg_parse_outcome)parsed->outcome) {
	case EG_PARSE_DROP:
		drop_packet(p, &frame->pkt, (enum eg_drop)parsed->drop);
		return;
	case EG_PARSE_ANSWERED:
		send_packet(p, &frame->pkt, (enum eg_answer)parsed->answer);
		return;
	case EG_PARSE_PAYLOAD:
		admit_payload(p, frame);
		return;
	}
}
