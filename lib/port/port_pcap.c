/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_log.h"
#include "pool.h"
#include "port_impl.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct pcap_port {
	struct eg_port base;
	const char *in_name, *out_name;
	pcap_t *in, *out_format;
	pcap_dumper_t *out; /* NULL: answers go nowhere */
	struct eg_pool pool;
	uint32_t room_bytes;
	struct timeval now;             /* of the packet last read; tv_usec holds nanoseconds */
	const struct pcap_pkthdr *next; /* read ahead: NULL at the end */
	const u_char *next_data;
	uint64_t read_cnt;
	bool faulty; /* the input ended in a fault, not at its end */
};

static struct pcap_port *pcap_port(struct eg_port *port)
{
	return (struct pcap_port *)port;
}

static void read_ahead(struct pcap_port *p)
{
	struct pcap_pkthdr *header;
	int rc = pcap_next_ex(p->in, &header, &p->next_data);

	p->next = rc == 1 ? header : NULL;
	p->faulty = rc == PCAP_ERROR;
}

static void fill_packet(const struct pcap_port *p, uint8_t *buffer, struct eg_packet *pkt)
{
	uint32_t len = p->next->caplen < p->room_bytes ? p->next->caplen : p->room_bytes;

	memcpy(buffer, p->next_data, len);
	*pkt = (struct eg_packet){
	    .data = buffer,
	    .len = len,
	    .room = p->room_bytes,
	    .flags = len < p->next->len ? EG_PACKET_TRUNCATED : 0,
	    .handle = buffer,
	};
}

/* A burst ends where the second changes: with the file's clock every packet is judged at its own.
 */
static unsigned pcap_rx(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned max)
{
	struct pcap_port *p = pcap_port(port);
	unsigned cnt = 0;

	(void)queue;
	if (max > EG_BURST_MAX)
		max = EG_BURST_MAX;
	while (cnt < max && p->next != NULL) {
		uint8_t *buffer;

		if (cnt != 0 && p->next->ts.tv_sec != p->now.tv_sec)
			break;
		buffer = eg_pool_get(&p->pool);
		if (buffer == NULL)
			break;
		fill_packet(p, buffer, &pkts[cnt++]);
		p->now = p->next->ts;
		p->read_cnt++;
		read_ahead(p);
	}
	return cnt;
}

static void pcap_drop(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt)
{
	(void)queue;
	for (unsigned i = 0; i < cnt; i++)
		eg_pool_put(&pcap_port(port)->pool, pkts[i].handle);
}

static unsigned pcap_tx(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt)
{
	struct pcap_port *p = pcap_port(port);

	for (unsigned i = 0; p->out != NULL && i < cnt; i++) {
		struct pcap_pkthdr header = {
		    .ts = p->now, .caplen = pkts[i].len, .len = pkts[i].len};

		pcap_dump((u_char *)p->out, &header, pkts[i].data);
	}
	pcap_drop(port, queue, pkts, cnt);
	return cnt;
}

static bool pcap_alloc(struct eg_port *port, unsigned queue, struct eg_packet pkts[], unsigned cnt)
{
	struct pcap_port *p = pcap_port(port);

	(void)queue;
	if (p->pool.free_cnt < cnt)
		return false;
	for (unsigned i = 0; i < cnt; i++) {
		uint8_t *buffer = eg_pool_get(&p->pool);

		pkts[i] =
		    (struct eg_packet){.data = buffer, .room = p->room_bytes, .handle = buffer};
	}
	return true;
}

static bool pcap_finished(const struct eg_port *port, unsigned queue)
{
	(void)queue;
	return ((const struct pcap_port *)port)->next == NULL;
}

static int64_t pcap_utc_ns(const struct eg_port *port, unsigned queue)
{
	const struct pcap_port *p = (const struct pcap_port *)port;

	(void)queue;
	return (int64_t)p->now.tv_sec * EG_NS_PER_S + (int64_t)p->now.tv_usec;
}

static void free_port(struct pcap_port *p)
{
	if (p->out != NULL)
		pcap_dump_close(p->out);
	if (p->out_format != NULL)
		pcap_close(p->out_format);
	if (p->in != NULL)
		pcap_close(p->in);
	eg_pool_free(&p->pool);
	free(p);
}

static int pcap_close_port(struct eg_port *port)
{
	struct pcap_port *p = pcap_port(port);
	int rc = 0;

	if (p->faulty) {
		eg_log(EG_LOG_ERROR, "port %s: %s: broken after %llu packets: %s", port->name,
		    p->in_name, (unsigned long long)p->read_cnt, pcap_geterr(p->in));
		rc = -EG_ECORRUPT;
	}
	if (p->out != NULL && (pcap_dump_flush(p->out) != 0 || ferror(pcap_dump_file(p->out)))) {
		eg_log(EG_LOG_ERROR, "port %s: %s is not whole: %s", port->name, p->out_name,
		    strerror(errno));
		rc = -EG_EIO;
	}
	free_port(p);
	return rc;
}

static const struct eg_port_ops pcap_ops = {
    .kind = "pcap",
    .rx = pcap_rx,
    .tx = pcap_tx,
    .drop = pcap_drop,
    .alloc = pcap_alloc,
    .finished = pcap_finished,
    .utc_ns = pcap_utc_ns,
    .close = pcap_close_port,
};

static int open_input(struct pcap_port *p, struct eg_error *err)
{
	char text[PCAP_ERRBUF_SIZE] = "";
	int link;

	p->in =
	    pcap_open_offline_with_tstamp_precision(p->in_name, PCAP_TSTAMP_PRECISION_NANO, text);
	if (p->in == NULL)
		return eg_error_set(err, EG_EIO, "pcap_in: %s: %s", p->in_name, text);
	link = pcap_datalink(p->in);
	if (link != DLT_EN10MB) {
		const char *name = pcap_datalink_val_to_name(link);

		return eg_error_set(err, EG_EINVAL,
		    "pcap_in: %s: link type %s (%d): edgate reads Ethernet (EN10MB) only",
		    p->in_name, name != NULL ? name : "unknown", link);
	}
	read_ahead(p);
	if (p->next != NULL)
		p->now = p->next->ts;
	return 0;
}

static bool same_file(const char *a, const char *b)
{
	struct stat sa, sb;

	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev &&
	       sa.st_ino == sb.st_ino && S_ISREG(sa.st_mode);
}

static int open_output(struct pcap_port *p, struct eg_error *err)
{
	if (p->out_name == NULL)
		return 0;
	if (same_file(p->in_name, p->out_name))
		return eg_error_set(err, EG_EINVAL,
		    "pcap_out: %s is the file that is read: name another", p->out_name);
	p->out_format = pcap_open_dead_with_tstamp_precision(
	    DLT_EN10MB, (int)p->room_bytes, PCAP_TSTAMP_PRECISION_NANO);
	if (p->out_format == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a pcap file");
	p->out = pcap_dump_open(p->out_format, p->out_name);
	if (p->out == NULL)
		return eg_error_set(err, EG_EIO, "pcap_out: %s", pcap_geterr(p->out_format));
	return 0;
}

static int check_config(const struct eg_config_port *config, struct eg_error *err)
{
	if (config->pcap_in == NULL)
		return eg_error_set(err, EG_EINVAL, "kind pcap needs pcap_in, the file to read");
	if (config->queues != 1)
		return eg_error_set(
		    err, EG_EINVAL, "a pcap file has one queue, not %u", config->queues);
	if (!config->has_mac)
		return eg_error_set(
		    err, EG_EINVAL, "kind pcap needs mac: there is no device to ask for it");
	return 0;
}

int eg_port_open_pcap(
    struct eg_port **port, const struct eg_port_params *params, struct eg_error *err)
{
	int rc = check_config(params->config, err);
	struct pcap_port *p;

	if (rc != 0)
		return rc;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for a port");
	p->base = (struct eg_port){.ops = &pcap_ops, .queue_cnt = 1, .netif = params->netif};
	p->in_name = params->config->pcap_in;
	p->out_name = params->config->pcap_out;
	p->room_bytes = params->max_datagram_bytes + EG_PORT_HEADERS_BYTES;
	rc = eg_pool_init(&p->pool, EG_PORT_PACKETS_OUT, p->room_bytes, err);
	if (rc == 0)
		rc = open_input(p, err);
	if (rc == 0)
		rc = open_output(p, err);
	if (rc != 0) {
		free_port(p);
		return rc;
	}
	*port = &p->base;
	return 0;
}
