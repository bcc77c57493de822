/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_egt.h"

#include "eg_err.h"

#define FLAGS_OF_VERIFY                                                                            \
	(EG_EGT_SEALED | EG_EGT_WANT_CLAIMS | EG_EGT_NO_CACHE | EG_EGT_STRICT_ORDER |              \
	    EG_EGT_MIN_EPOCH)
#define FLAGS_OF_PING EG_EGT_SEALED

#define PONG_TLV_VERSION       1u
#define PONG_VERSION_BYTES_MAX 63u

struct header {
	uint16_t magic;
	uint8_t version, type, flags, count;
	uint16_t length;
	uint64_t request_id;
};

static struct header read_header(struct eg_reader *r)
{
	struct header h;

	h.magic = eg_read_be16(r);
	h.version = eg_read_u8(r);
	h.type = eg_read_u8(r);
	h.flags = eg_read_u8(r);
	h.count = eg_read_u8(r);
	h.length = eg_read_be16(r);
	h.request_id = eg_read_be64(r);
	return h;
}

/* Headers and answers are stored in whole words: a checksum that reads them at once need not wait
 * for their bytes to come together. */
static void put_header(uint8_t *p, const struct header *h)
{
	eg_store_be64(p, (uint64_t)EG_EGT_MAGIC << 48 | (uint64_t)EG_EGT_VERSION << 40 |
	                     (uint64_t)h->type << 32 | (uint64_t)h->flags << 24 |
	                     (uint64_t)h->count << 16 | h->length);
	eg_store_be64(p + 8, h->request_id);
}

static void put_answer(uint8_t *p, const struct eg_egt_answer *answer)
{
	eg_store_be32(
	    p, (uint32_t)answer->status << 24 | (uint32_t)answer->detail << 16 | answer->rflags);
	eg_store_be32(p + 4, answer->exp);
	eg_store_be32(p + 8, answer->cache_for);
}

/* The smallest request that may be answered: no answer is longer than its question. */
static size_t smallest_request(uint8_t type, uint8_t count)
{
	return type == EG_EGT_PING ? EG_EGT_PONG_BYTES : EG_EGT_RESPONSE_BYTES(count);
}

/* Of another version only the place of the version is known, so even its type cannot be trusted
 * beyond "odd asks, even answers": answering an even type could loop between two servers. */
static enum eg_drop parse_other_version(
    const struct header *h, size_t len, struct eg_egt_request *req)
{
	if (h->type % 2 == 0)
		return EG_DROP_egt_type;
	if (len < EG_EGT_RESPONSE_BYTES(1))
		return EG_DROP_egt_amplification;
	*req = (struct eg_egt_request){
	    .type = EG_EGT_VERIFY, .count = 1, .bad_version = true, .request_id = h->request_id};
	return EG_DROP_COUNT;
}

static enum eg_drop check_header(const struct header *h, size_t len)
{
	bool ping = h->type == EG_EGT_PING;

	if (!ping && h->type != EG_EGT_VERIFY)
		return EG_DROP_egt_type;
	if ((h->flags & ~(ping ? FLAGS_OF_PING : FLAGS_OF_VERIFY)) != 0)
		return EG_DROP_egt_flags;
	if ((h->flags & EG_EGT_SEALED) != 0)
		return EG_DROP_egt_sealed;
	if (h->count < 1 || h->count > (ping ? 1 : EG_EGT_RECORDS_MAX))
		return EG_DROP_egt_count;
	if (h->length != len)
		return EG_DROP_egt_length;
	if (len < smallest_request(h->type, h->count))
		return EG_DROP_egt_amplification;
	return EG_DROP_COUNT;
}

static enum eg_drop check_records(struct eg_reader *r, const struct header *h)
{
	for (unsigned i = 0; i < h->count; i++) {
		uint16_t token_bytes = eg_read_be16(r);
		uint8_t fmt = eg_read_u8(r);
		uint8_t reserved = eg_read_u8(r);

		(void)eg_read_be32(r);
		(void)eg_read_bytes(r, token_bytes);
		if (r->failed || reserved != 0 || fmt > EG_FMT_PASETO)
			return EG_DROP_egt_record;
		if (h->type == EG_EGT_PING && token_bytes != 0)
			return EG_DROP_egt_record;
	}
	return EG_DROP_COUNT;
}

static bool is_zero(struct eg_span s)
{
	uint8_t any = 0;

	for (size_t i = 0; i < s.len; i++)
		any |= s.ptr[i];
	return any == 0;
}

enum eg_drop eg_egt_parse_request(struct eg_span payload, struct eg_egt_request *req)
{
	struct eg_reader r = eg_reader(payload);
	struct header h = read_header(&r);
	enum eg_drop drop;

	if (r.failed)
		return EG_DROP_egt_short;
	if (h.magic != EG_EGT_MAGIC)
		return EG_DROP_egt_magic;
	if (h.version != EG_EGT_VERSION)
		return parse_other_version(&h, payload.len, req);
	drop = check_header(&h, payload.len);
	if (drop != EG_DROP_COUNT)
		return drop;

	*req = (struct eg_egt_request){
	    .type = h.type, .flags = h.flags, .count = h.count, .request_id = h.request_id};
	if ((h.flags & EG_EGT_MIN_EPOCH) != 0)
		req->min_epoch = eg_read_be64(&r);
	req->records.ptr = r.ptr;
	drop = check_records(&r, &h);
	if (drop != EG_DROP_COUNT)
		return drop;
	req->records.len = (size_t)(r.ptr - req->records.ptr);
	return is_zero(eg_span(r.ptr, r.left)) ? EG_DROP_COUNT : EG_DROP_egt_padding;
}

struct eg_egt_record eg_egt_next_record(struct eg_span *rest)
{
	struct eg_reader r = eg_reader(*rest);
	struct eg_egt_record record;
	uint16_t token_bytes = eg_read_be16(&r);

	record.fmt = eg_read_u8(&r);
	(void)eg_read_u8(&r);
	record.policy_id = eg_read_be32(&r);
	record.token = eg_read_bytes(&r, token_bytes);
	*rest = eg_span(r.ptr, r.left);
	return record;
}

void eg_egt_begin_request(struct eg_writer *w, enum eg_egt_type type, uint8_t flags, uint8_t count,
    uint64_t request_id, uint64_t min_epoch)
{
	struct header h = {
	    .type = (uint8_t)type, .flags = flags, .count = count, .request_id = request_id};
	uint8_t *p = eg_write_room(w, EG_EGT_HEADER_BYTES);

	if (min_epoch != 0)
		h.flags |= EG_EGT_MIN_EPOCH;
	if (p != NULL)
		put_header(p, &h);
	if ((h.flags & EG_EGT_MIN_EPOCH) != 0)
		eg_write_be64(w, min_epoch);
}

void eg_egt_put_record(struct eg_writer *w, const struct eg_egt_record *record)
{
	if (record->token.len > UINT16_MAX) {
		w->failed = true;
		return;
	}
	eg_write_be16(w, (uint16_t)record->token.len);
	eg_write_u8(w, record->fmt);
	eg_write_u8(w, 0);
	eg_write_be32(w, record->policy_id);
	eg_write_bytes(w, record->token);
}

void eg_egt_pad_request(struct eg_writer *w, const uint8_t *start, size_t bytes)
{
	size_t used = (size_t)(w->ptr - start);
	uint8_t *padding;

	if (used >= bytes)
		return;
	padding = eg_write_room(w, bytes - used);
	if (padding != NULL)
		memset(padding, 0, bytes - used);
}

size_t eg_egt_finish_request(struct eg_writer *w, uint8_t *start, uint8_t count)
{
	size_t len;

	if (w->failed)
		return 0;
	eg_egt_pad_request(w, start, smallest_request(start[3], count));
	len = (size_t)(w->ptr - start);
	if (w->failed || len > EG_EGT_DATAGRAM_MAX)
		return 0;
	eg_store_be16(start + 6, (uint16_t)len);
	return len;
}

size_t eg_egt_write_response(uint8_t *frame, uint8_t type, uint64_t request_id, uint64_t epoch,
    const struct eg_egt_answer *answers, uint8_t count)
{
	size_t len = EG_EGT_RESPONSE_BYTES(count);
	struct header h = {
	    .type = type, .count = count, .length = (uint16_t)len, .request_id = request_id};
	uint8_t *p = frame + EG_EGT_HEADER_BYTES;

	put_header(frame, &h);
	eg_store_be64(p, epoch);
	p += sizeof(epoch);
	for (unsigned i = 0; i < count; i++, p += EG_EGT_ANSWER_BYTES)
		put_answer(p, &answers[i]);
	return len;
}

/* A TLV is written whole or left out. */
static size_t put_version(uint8_t *p, size_t room, struct eg_span version)
{
	if (version.len == 0 || version.len > PONG_VERSION_BYTES_MAX || room < 2 + version.len)
		return 0;
	p[0] = PONG_TLV_VERSION;
	p[1] = (uint8_t)version.len;
	memcpy(p + 2, version.ptr, version.len);
	return 2 + version.len;
}

size_t eg_egt_write_pong(uint8_t *frame, size_t room, uint64_t request_id, uint64_t epoch,
    const struct eg_egt_pong *pong)
{
	struct eg_writer w =
	    eg_writer(frame + EG_EGT_HEADER_BYTES, EG_EGT_PONG_BYTES - EG_EGT_HEADER_BYTES);
	struct header h = {.type = EG_EGT_PING_R, .count = 1, .request_id = request_id};
	size_t len = EG_EGT_PONG_BYTES;

	if (room < len)
		return 0;
	put_header(frame, &h);
	eg_write_be64(&w, epoch);
	eg_write_u8(&w, pong->ready);
	eg_write_u8(&w, pong->steering);
	eg_write_be16(&w, pong->shards);
	eg_write_be16(&w, pong->base_port);
	eg_write_be16(&w, 0);
	eg_write_be64(&w, pong->utc_s);
	len += put_version(frame + len, room - len, pong->version);
	eg_store_be16(frame + 6, (uint16_t)len);
	return len;
}

/* The claims blocks behind the answers: one for each answer that has the flag, and nothing else. */
static bool claims_fit(const struct eg_egt_response *resp, struct eg_reader *r)
{
	for (unsigned i = 0; i < resp->count; i++)
		if ((eg_egt_answer_at(resp, i).rflags & EG_RFLAG_CLAIMS) != 0)
			(void)eg_read_bytes(r, eg_read_be16(r));
	return !r->failed && r->left == 0;
}

int eg_egt_parse_response(struct eg_span payload, struct eg_egt_response *resp)
{
	struct eg_reader r = eg_reader(payload);
	struct header h = read_header(&r);

	if (r.failed || h.magic != EG_EGT_MAGIC || h.version != EG_EGT_VERSION || h.flags != 0 ||
	    h.length != payload.len || h.count < 1 || h.count > EG_EGT_RECORDS_MAX)
		return -EG_EINVAL;
	resp->type = h.type;
	resp->count = h.count;
	resp->request_id = h.request_id;
	resp->epoch = eg_read_be64(&r);
	if (h.type == EG_EGT_PING_R && h.count == 1) {
		resp->body = eg_read_bytes(&r, r.left);
		return r.failed ? -EG_EINVAL : 0;
	}
	if (h.type != EG_EGT_VERIFY_R)
		return -EG_EINVAL;
	resp->body = eg_read_bytes(&r, (size_t)EG_EGT_ANSWER_BYTES * h.count);
	return !r.failed && claims_fit(resp, &r) ? 0 : -EG_EINVAL;
}

struct eg_egt_answer eg_egt_answer_at(const struct eg_egt_response *resp, unsigned i)
{
	const uint8_t *p = resp->body.ptr + (size_t)EG_EGT_ANSWER_BYTES * i;

	return (struct eg_egt_answer){.status = p[0],
	    .detail = p[1],
	    .rflags = eg_load_be16(p + 2),
	    .exp = eg_load_be32(p + 4),
	    .cache_for = eg_load_be32(p + 8)};
}

int eg_egt_parse_pong(const struct eg_egt_response *resp, struct eg_egt_pong *pong)
{
	struct eg_reader r = eg_reader(resp->body);

	if (resp->type != EG_EGT_PING_R)
		return -EG_EINVAL;
	*pong = (struct eg_egt_pong){.ready = eg_read_u8(&r)};
	pong->steering = eg_read_u8(&r);
	pong->shards = eg_read_be16(&r);
	pong->base_port = eg_read_be16(&r);
	(void)eg_read_be16(&r);
	pong->utc_s = eg_read_be64(&r);
	while (!r.failed && r.left > 0) {
		uint8_t type = eg_read_u8(&r);
		struct eg_span value = eg_read_bytes(&r, eg_read_u8(&r));

		if (type == PONG_TLV_VERSION && value.len > PONG_VERSION_BYTES_MAX)
			return -EG_EINVAL;
		if (type == PONG_TLV_VERSION)
			pong->version = value;
	}
	return r.failed ? -EG_EINVAL : 0;
}
