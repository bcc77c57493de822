/* SPDX-License-Identifier: BSD-3-Clause */
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAGIC_NS      0xa1b23c4du
#define LINK_ETHERNET 1u
#define SNAP_BYTES    262144u
#define NS_PER_S      1000000000u
#define ETH_BYTES     14u
#define IP4_BYTES     20u
#define UDP_BYTES     8u
#define HEADERS_BYTES (ETH_BYTES + IP4_BYTES + UDP_BYTES)

struct trace_pcap {
	FILE *file;
	const char *path;
};

/* In the byte order of the host: readers tell by the magic. */
static bool write_words(FILE *to, const uint32_t words[], size_t cnt)
{
	return fwrite(words, sizeof(words[0]), cnt, to) == cnt;
}

struct trace_pcap *trace_pcap_open(const char *path, struct eg_error *err)
{
	const uint32_t version = 2 | 4u << 16; /* two halves: 2.4 */
	const uint32_t header[] = {MAGIC_NS, version, 0, 0, SNAP_BYTES, LINK_ETHERNET};
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct trace_pcap *pcap = malloc(sizeof(*pcap));

	if (fd < 0 || pcap == NULL || (pcap->file = fdopen(fd, "w")) == NULL) {
		(void)eg_error_set(err, EG_EIO, "--pcap: %s: %s%s", path, strerror(errno),
		    errno == EEXIST ? ": name a file that is not there yet" : "");
		if (fd >= 0)
			(void)close(fd);
		free(pcap);
		return NULL;
	}
	pcap->path = path;
	(void)write_words(pcap->file, header, sizeof(header) / sizeof(header[0]));
	return pcap;
}

/* Big-endian halves of 16 bits, added up with their carries (RFC 1071). */
static uint16_t ip_checksum(const uint8_t ip[IP4_BYTES])
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < IP4_BYTES; i += 2)
		sum += eg_load_be16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

/* The addresses stay 0: edgate leaves them to the kernel. */
static void make_headers(
    uint8_t headers[HEADERS_BYTES], uint16_t from_port, uint16_t to_port, uint32_t bytes)
{
	uint8_t *ip = headers + ETH_BYTES, *udp = ip + IP4_BYTES;

	memset(headers, 0, HEADERS_BYTES);
	eg_store_be16(headers + 12, 0x0800);
	ip[0] = 0x45;
	eg_store_be16(ip + 2, (uint16_t)(IP4_BYTES + UDP_BYTES + bytes));
	ip[8] = 64;
	ip[9] = 17;
	eg_store_be16(ip + 10, ip_checksum(ip));
	eg_store_be16(udp, from_port);
	eg_store_be16(udp + 2, to_port);
	eg_store_be16(udp + 4, (uint16_t)(UDP_BYTES + bytes));
}

struct shot {
	uint64_t utc_ns;
	struct eg_span bytes; /* of wire_bytes */
	uint32_t wire_bytes;
	uint16_t from_port, to_port; /* of a datagram */
};

static bool put(FILE *to, const struct shot *shot, bool datagram)
{
	const uint32_t more = datagram ? HEADERS_BYTES : 0;
	const uint32_t record[] = {(uint32_t)(shot->utc_ns / NS_PER_S),
	    (uint32_t)(shot->utc_ns % NS_PER_S), (uint32_t)shot->bytes.len + more,
	    shot->wire_bytes + more};
	uint8_t headers[HEADERS_BYTES];

	make_headers(headers, shot->from_port, shot->to_port, shot->wire_bytes);
	return write_words(to, record, 4) && fwrite(headers, 1, more, to) == more &&
	       fwrite(shot->bytes.ptr, 1, shot->bytes.len, to) == shot->bytes.len;
}

int trace_pcap_put(struct trace_pcap *pcap, const struct eg_traced *packet, struct eg_error *err)
{
	const struct shot request = {
	    packet->utc_ns, packet->request, packet->request_bytes, 0, packet->base_port};
	const struct shot reply = {packet->utc_ns + trace_times_of(packet).all_ns, packet->reply,
	    packet->reply_bytes, packet->base_port, 0};
	bool ok = put(pcap->file, &request, packet->datagram);

	if (ok && packet->reply.len != 0)
		ok = put(pcap->file, &reply, packet->datagram);
	if (!ok || fflush(pcap->file) != 0)
		return eg_error_set(err, EG_EIO, "--pcap: %s: %s", pcap->path, strerror(errno));
	return 0;
}

void trace_pcap_close(struct trace_pcap *pcap)
{
	(void)fclose(pcap->file);
	free(pcap);
}
