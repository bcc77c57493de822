/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include "eg_log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE_MAX    1e9
#define SECONDS_MAX 86400.0
#define WINDOW_MAX  65536u
#define QUEUES_MAX  64u

static const char help[] =
    "usage: edgate-load --corpus FILE (--vdev STR | --device NAME) [option…]\n"
    "\n"
    "Asks an edgate about the tokens of a corpus and checks every answer. Exit status: 0 all "
    "answers\n"
    "were right, 1 one was wrong or none came, 2 usage.\n"
    "\n"
    "  --corpus FILE       lines of name<TAB>STATUS<TAB>token; # begins a comment\n"
    "  --vdev STR          make this DPDK device, as net_memif0,role=client,socket=/tmp/m.sock,…\n"
    "  --device NAME       use this one, by name or PCI address\n"
    "  --eal ARG           an argument for DPDK, as --eal=--no-huge (again for more)\n"
    "  --queues N          queues of the device to send on in turn (1)\n"
    "  --server IP         the edgate's IPv4 address (192.0.2.1)\n"
    "  --client IP         ours (192.0.2.2)\n"
    "  --port P            the edgate's base port (25519)\n"
    "  --seconds S         how long to send (5)\n"
    "  --rate PPS          open loop: requests a second, whatever comes back; latency counts from\n"
    "                      the moment when a request should have left. 0: as fast as answers come "
    "(0)\n"
    "  --window N          requests in flight without --rate (64)\n"
    "  --frame-tokens N    at most so many tokens in a request (1)\n"
    "  --datagram BYTES    largest request (1232)\n"
    "  --table             ask about each token once and print name, expected, answered\n"
    "  --json              print JSON\n"
    "  --help              this\n";

void load_options_help(void)
{
	(void)fputs(help, stdout);
}

enum option_id {
	OPT_CORPUS = 256,
	OPT_VDEV,
	OPT_DEVICE,
	OPT_EAL,
	OPT_QUEUES,
	OPT_SERVER,
	OPT_CLIENT,
	OPT_PORT,
	OPT_SECONDS,
	OPT_RATE,
	OPT_WINDOW,
	OPT_FRAME_TOKENS,
	OPT_DATAGRAM,
	OPT_TABLE,
	OPT_JSON,
	OPT_HELP,
};

static const struct option long_options[] = {
    {"corpus", required_argument, NULL, OPT_CORPUS},
    {"vdev", required_argument, NULL, OPT_VDEV},
    {"device", required_argument, NULL, OPT_DEVICE},
    {"eal", required_argument, NULL, OPT_EAL},
    {"queues", required_argument, NULL, OPT_QUEUES},
    {"server", required_argument, NULL, OPT_SERVER},
    {"client", required_argument, NULL, OPT_CLIENT},
    {"port", required_argument, NULL, OPT_PORT},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"rate", required_argument, NULL, OPT_RATE},
    {"window", required_argument, NULL, OPT_WINDOW},
    {"frame-tokens", required_argument, NULL, OPT_FRAME_TOKENS},
    {"datagram", required_argument, NULL, OPT_DATAGRAM},
    {"table", no_argument, NULL, OPT_TABLE},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static bool refuse(const char *what, const char *text)
{
	eg_log(EG_LOG_ERROR, "%s, not \"%s\"", what, text);
	return false;
}

static bool parse_unsigned(const char *text, unsigned min, unsigned max, unsigned *out)
{
	char what[80], *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && text[0] != '-' && value >= min &&
	    value <= max) {
		*out = (unsigned)value;
		return true;
	}
	(void)snprintf(what, sizeof(what), "a number of %u to %u is wanted", min, max);
	return refuse(what, text);
}

static bool parse_double(const char *text, double max, double *out)
{
	char *end;

	*out = strtod(text, &end);
	if (end != text && *end == '\0' && isfinite(*out) && *out >= 0 && *out <= max)
		return true;
	return refuse("a number that is not negative is wanted", text);
}

static bool parse_address(const char *text, uint8_t out[4])
{
	return inet_pton(AF_INET, text, out) == 1 || refuse("an IPv4 address is wanted", text);
}

static bool parse_port(const char *text, uint16_t *out)
{
	unsigned value = 0;

	if (!parse_unsigned(text, 1, UINT16_MAX, &value))
		return false;
	*out = (uint16_t)value;
	return true;
}

static bool add_eal(struct load_options *o, char *arg)
{
	if (o->eal_cnt == (int)EG_CONFIG_ARGS_MAX)
		return refuse("no further --eal", arg);
	o->eal[o->eal_cnt++] = arg;
	return true;
}

static bool set(struct load_options *o, int id, char *arg)
{
	switch (id) {
	case OPT_CORPUS:
		o->corpus = arg;
		return true;
	case OPT_VDEV:
		o->port.vdev = arg;
		return true;
	case OPT_DEVICE:
		o->port.device = arg;
		return true;
	case OPT_EAL:
		return add_eal(o, arg);
	case OPT_QUEUES:
		return parse_unsigned(arg, 1, QUEUES_MAX, &o->port.queues);
	case OPT_SERVER:
		return parse_address(arg, o->server);
	case OPT_CLIENT:
		return parse_address(arg, o->port.addr[0].bytes);
	case OPT_PORT:
		return parse_port(arg, &o->server_port);
	case OPT_SECONDS:
		return parse_double(arg, SECONDS_MAX, &o->seconds);
	case OPT_RATE:
		return parse_double(arg, RATE_MAX, &o->rate);
	case OPT_WINDOW:
		return parse_unsigned(arg, 1, WINDOW_MAX, &o->window);
	case OPT_FRAME_TOKENS:
		return parse_unsigned(arg, 1, EG_EGT_RECORDS_MAX, &o->frame_tokens);
	case OPT_DATAGRAM:
		return parse_unsigned(
		    arg, EG_EGT_RESPONSE_BYTES(1), EG_EGT_DATAGRAM_MAX, &o->datagram_bytes);
	case OPT_TABLE:
		o->table = true;
		return true;
	case OPT_JSON:
		o->json = true;
		return true;
	default:
		return false; /* getopt has said why */
	}
}

static void set_defaults(struct load_options *o)
{
	static char name[] = "load";
	/* No files that another DPDK program of this host could have too. */
	static char no_telemetry[] = "--no-telemetry", no_shared[] = "--no-shconf";

	*o = (struct load_options){
	    .port = {.name = name,
	        .kind = EG_PORT_DPDK,
	        .queues = 1,
	        .vlan = -1,
	        .service_vlan = -1,
	        .addr_cnt = 1,
	        .addr = {{.family = 4, .prefix_bits = 24, .bytes = {192, 0, 2, 2}}}},
	    .eal_cnt = 2,
	    .eal = {no_telemetry, no_shared},
	    .server = {192, 0, 2, 1},
	    .server_port = EG_EGT_PORT,
	    .seconds = 5,
	    .window = 64,
	    .frame_tokens = 1,
	    .datagram_bytes = EG_EGT_DATAGRAM_BYTES,
	};
}

enum load_parse load_options_parse(struct load_options *options, int argc, char **argv)
{
	int id;

	set_defaults(options);
	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (id == OPT_HELP)
			return LOAD_PARSE_HELP;
		if (!set(options, id, optarg))
			return LOAD_PARSE_USAGE;
	}
	if (optind < argc) {
		(void)refuse("options only", argv[optind]);
		return LOAD_PARSE_USAGE;
	}
	if (options->corpus == NULL ||
	    (options->port.vdev == NULL && options->port.device == NULL)) {
		eg_log(EG_LOG_ERROR, "--corpus and --vdev or --device are needed; see --help");
		return LOAD_PARSE_USAGE;
	}
	return LOAD_PARSE_OK;
}
