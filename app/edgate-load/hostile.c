/* SPDX-License-Identifier: BSD-3-Clause */
#include "hostile.h"

#include "frame.h"

#define EGT_BYTES    16u
#define RECORD_BYTES 8u
#define IP_AT        14u
#define UDP_AT       34u
#define UDP_BYTES    8u

static uint8_t random_byte(struct load_random *r, unsigned from, unsigned to)
{
	return (uint8_t)(from + load_random_below(r, to - from + 1));
}

static void noise(uint8_t *data, size_t len, struct load_random *r)
{
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)load_random_next(r);
}

/* ── payloads: EGT/1 as docs/protocol.md section 5 has it ── */

static size_t bad_magic(uint8_t *p, size_t len, struct load_random *r)
{
	p[load_random_below(r, 2)] ^= random_byte(r, 1, 255);
	return len;
}

static size_t bad_version(uint8_t *p, size_t len, struct load_random *r)
{
	p[2] = random_byte(r, 2, 255);
	return len;
}

static size_t bad_type(uint8_t *p, size_t len, struct load_random *r)
{
	p[3] = random_byte(r, 4, 255);
	return len;
}

static size_t response_type(uint8_t *p, size_t len, struct load_random *r)
{
	p[3] = (uint8_t)(2 + 2 * load_random_below(r, 2));
	return len;
}

static size_t bad_flags(uint8_t *p, size_t len, struct load_random *r)
{
	p[4] = (uint8_t)(p[4] | random_byte(r, 1, 7) << 5);
	return len;
}

static size_t sealed(uint8_t *p, size_t len, struct load_random *r)
{
	(void)r;
	p[4] |= 1;
	return len;
}

static size_t bad_count(uint8_t *p, size_t len, struct load_random *r)
{
	p[5] = load_random_below(r, 2) != 0 ? random_byte(r, 65, 255) : 0;
	return len;
}

static size_t bad_length(uint8_t *p, size_t len, struct load_random *r)
{
	eg_store_be16(p + 6, (uint16_t)(len + 1 + load_random_below(r, 0xfff0)));
	return len;
}

static size_t cut(uint8_t *p, size_t len, struct load_random *r)
{
	(void)p;
	return load_random_below(r, len);
}

static size_t long_record(uint8_t *p, size_t len, struct load_random *r)
{
	eg_store_be16(p + EGT_BYTES, (uint16_t)(len + load_random_below(r, 0x8000)));
	return len;
}

static size_t bad_format(uint8_t *p, size_t len, struct load_random *r)
{
	p[EGT_BYTES + 2] = random_byte(r, 4, 255);
	return len;
}

static size_t reserved_byte(uint8_t *p, size_t len, struct load_random *r)
{
	p[EGT_BYTES + 3] = random_byte(r, 1, 255);
	return len;
}

/* The first record claims all but the last bytes, which are then padding, and not zero. */
static size_t bad_padding(uint8_t *p, size_t len, struct load_random *r)
{
	p[5] = 1;
	eg_store_be16(p + EGT_BYTES, (uint16_t)(len - EGT_BYTES - RECORD_BYTES - 1));
	p[len - 1] = random_byte(r, 1, 255);
	return len;
}

static size_t noise_token(uint8_t *p, size_t len, struct load_random *r)
{
	p[5] = 1;
	eg_store_be16(p + EGT_BYTES, (uint16_t)(len - EGT_BYTES - RECORD_BYTES));
	noise(p + EGT_BYTES + RECORD_BYTES, len - EGT_BYTES - RECORD_BYTES, r);
	return len;
}

/* With another magic for certain. */
static size_t noise_payload(uint8_t *p, size_t len, struct load_random *r)
{
	noise(p, len, r);
	p[0] = 0;
	return len;
}

/* ── packets ── */

static size_t fragment(uint8_t *p, size_t len, struct load_random *r)
{
	eg_store_be16(p + IP_AT + 6,
	    (uint16_t)(load_random_below(r, 2) != 0 ? 0x2000u : 1 + load_random_below(r, 0x1fff)));
	return len;
}

static size_t bad_ip_length(uint8_t *p, size_t len, struct load_random *r)
{
	eg_store_be16(p + IP_AT + 2,
	    (uint16_t)(load_random_below(r, 2) != 0 ? load_random_below(r, 28)
	                                            : len + load_random_below(r, 0x4000)));
	return len;
}

static size_t bad_udp_length(uint8_t *p, size_t len, struct load_random *r)
{
	eg_store_be16(p + UDP_AT + 4,
	    (uint16_t)(load_random_below(r, 2) != 0 ? load_random_below(r, 8)
	                                            : len + load_random_below(r, 0x4000)));
	return len;
}

static size_t bad_ip_header(uint8_t *p, size_t len, struct load_random *r)
{
	p[IP_AT] =
	    load_random_below(r, 2) != 0 ? random_byte(r, 0x00, 0x3f) : random_byte(r, 0x40, 0x44);
	return len;
}

static size_t bad_source(uint8_t *p, size_t len, struct load_random *r)
{
	static const uint8_t source[3][4] = {{255, 255, 255, 255}, {224, 0, 0, 1}, {0, 0, 0, 0}};

	memcpy(p + IP_AT + 12, source[load_random_below(r, 3)], 4);
	return len;
}

static size_t own_source(uint8_t *p, size_t len, struct load_random *r)
{
	(void)r;
	memcpy(p + IP_AT + 12, p + IP_AT + 16, 4);
	return len;
}

static size_t source_port_zero(uint8_t *p, size_t len, struct load_random *r)
{
	(void)r;
	eg_store_be16(p + UDP_AT, 0);
	return len;
}

static size_t other_protocol(uint8_t *p, size_t len, struct load_random *r)
{
	p[IP_AT + 9] = random_byte(r, 18, 255);
	return len;
}

static size_t other_ethertype(uint8_t *p, size_t len, struct load_random *r)
{
	eg_store_be16(p + 12, (uint16_t)(0x9900 + load_random_below(r, 0x100)));
	return len;
}

static size_t stump(uint8_t *p, size_t len, struct load_random *r)
{
	(void)p;
	(void)len;
	return 14 + load_random_below(r, 28);
}

/* Behind the Ethernet header, so that the frame arrives, and of no IP version that there is. */
static size_t noise_packet(uint8_t *p, size_t len, struct load_random *r)
{
	noise(p + IP_AT, len - IP_AT, r);
	p[IP_AT] &= 0x3f;
	return len;
}

static const struct kind {
	const char *name;
	bool packet;
	size_t (*make)(uint8_t *data, size_t len, struct load_random *r);
} kinds[] = {
    {"magic", false, bad_magic},
    {"version", false, bad_version},
    {"type", false, bad_type},
    {"response", false, response_type},
    {"flags", false, bad_flags},
    {"sealed", false, sealed},
    {"count", false, bad_count},
    {"length", false, bad_length},
    {"cut", false, cut},
    {"long record", false, long_record},
    {"format", false, bad_format},
    {"reserved byte", false, reserved_byte},
    {"padding", false, bad_padding},
    {"token of noise", false, noise_token},
    {"payload of noise", false, noise_payload},
    {"fragment", true, fragment},
    {"IP length", true, bad_ip_length},
    {"UDP length", true, bad_udp_length},
    {"IP header", true, bad_ip_header},
    {"source address", true, bad_source},
    {"source is the server", true, own_source},
    {"source port 0", true, source_port_zero},
    {"protocol", true, other_protocol},
    {"Ethertype", true, other_ethertype},
    {"stump", true, stump},
    {"packet of noise", true, noise_packet},
};

unsigned load_hostile_kinds(void)
{
	return sizeof(kinds) / sizeof(kinds[0]);
}

const char *load_hostile_name(unsigned kind)
{
	return kinds[kind].name;
}

bool load_hostile_is_packet(unsigned kind)
{
	return kinds[kind].packet;
}

size_t load_hostile_payload(unsigned kind, uint8_t *payload, size_t len, struct load_random *r)
{
	return kinds[kind].packet ? len : kinds[kind].make(payload, len, r);
}

/* So that what is wrong is what was meant to be: IP's is right again, UDP has none (0). */
static void mend_checksums(uint8_t *frame)
{
	uint8_t *ip = frame + IP_AT;

	eg_store_be16(ip + 10, 0);
	eg_store_be16(ip + 10, (uint16_t)~load_frame_sum(0, ip, UDP_AT - IP_AT));
	eg_store_be16(frame + UDP_AT + 6, 0);
}

size_t load_hostile_packet(unsigned kind, uint8_t *frame, size_t len, struct load_random *r)
{
	if (!kinds[kind].packet)
		return len;
	len = kinds[kind].make(frame, len, r);
	if (len >= UDP_AT + UDP_BYTES)
		mend_checksums(frame);
	return len;
}
