/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include "eg_hex.h"
#include "values.h"

#include <sodium.h>

#define QUEUES_MAX       64u
#define WINDOW_MAX       65536u
#define CACHED_SET       64u /* tokens of W1 */
#define CACHED_SET_MAX   (1u << 20)
#define ZIPF_OF_THE_WEB  0.99
#define REPETITIONS_MAX  99u
#define SOCKET_SOURCES   8u
#define PACKET_SOURCES   LOAD_SOURCES_MAX
#define RETA_SIZE_MAX    2048u
#define DESCRIPTORS_MAX  32768u
#define HOSTILE_MAX      16u
#define TIMEOUT_MAX_MS   60000u
#define PATIENCE_MAX_US  10000000u
#define RATE_MIN_DEFAULT 1000.0
#define RATE_MAX_DEFAULT 1e7

/* clang-format off */
const struct eg_cli_option load_common_options[] = {
    {"corpus", EG_CLI_VALUE, "FILE", "lines of name<TAB>STATUS<TAB>token (edgate-token corpus)"},
    {"vdev", EG_CLI_VALUE, "STR", "make this DPDK device, as net_memif0,role=client,socket=/tmp/m.sock"},
    {"device", EG_CLI_VALUE, "NAME", "use this one, by name or PCI address"},
    {"eal", EG_CLI_VALUES, "ARG", "an argument for DPDK, as --eal=--no-huge; again for more"},
    {"udp", EG_CLI_VALUE, "HOST:PORT", "kernel sockets to this edgate, in place of a device"},
    {"server", EG_CLI_VALUE, "IP", "with a device: the edgate's IPv4 address (192.0.2.1)"},
    {"client", EG_CLI_VALUE, "IP", "with a device: ours (192.0.2.2)"},
    {"port", EG_CLI_VALUE, "P", "with a device: the edgate's base port (25519)"},
    {"cpus", EG_CLI_VALUE, "LIST", "a core of the generator on each of these CPUs, as 2,4-5 (one, not pinned)"},
    {"queues", EG_CLI_VALUE, "N", "queues of the device (one for each core)"},
    {"descriptors", EG_CLI_VALUE, "N", "entries of each queue's rings (1024)"},
    {"datagram", EG_CLI_VALUE, "BYTES", "largest request (1232)"},
    {"frame-tokens", EG_CLI_VALUE, "N", "at most so many tokens in a request (1)"},
    {"json", EG_CLI_SWITCH, NULL, "print JSON (docs/edgate-load.md)"},
    {0},
};

#define TRAFFIC_OPTIONS \
    {"mix", EG_CLI_VALUE, "W1|...|W6", "W1 cached, W2 cold, W3 forged, W4 Zipf, W5 churn, W6 hostile (the corpus in turn)"}, \
    {"popularity", EG_CLI_VALUE, "KIND", "cycle, uniform or zipf:S (the mix's)"}, \
    {"set", EG_CLI_VALUE, "N", "tokens of W1 (64)"}, \
    {"first", EG_CLI_VALUE, "N", "cycle: the request to begin with, as the `next` of another run (0)"}, \
    {"cache-entries", EG_CLI_VALUE, "N", "of the edgate's cache: W2 wants four times as many tokens"}, \
    {"hostile", EG_CLI_VALUE, "N", "hostile frames for each good one in W6 (1)"}, \
    {"arrivals", EG_CLI_VALUE, "KIND", "constant, poisson or burst:N (constant)"}, \
    {"warmup", EG_CLI_VALUE, "S", "seconds of load in front that do not count (run 0, search 0.5)"}, \
    {"timeout", EG_CLI_VALUE, "MS", "without an answer for so long a request is lost (run 1000, search 200)"}, \
    {"patience", EG_CLI_VALUE, "US", "a departure this late does not leave any more (10000)"}, \
    {"steer", EG_CLI_VALUE, "KIND", "none, port (base + shard) or toeplitz (source port) (none)"}, \
    {"workers", EG_CLI_VALUE, "N", "toeplitz: the edgate's workers (1)"}, \
    {"rss-key", EG_CLI_VALUE, "HEX", "toeplitz: 40 bytes (Microsoft's key)"}, \
    {"rss-reta", EG_CLI_VALUE, "N", "toeplitz: entries of the NIC's table (128)"}, \
    {"list-bits", EG_CLI_VALUE, "N", "steering: bits of a status list's entry (1)"}, \
    {"sources", EG_CLI_VALUE, "N", "source ports (device 64, sockets 8)"}, \
    {"seed", EG_CLI_VALUE, "N", "the same seed gives the same load (random)"}, \
    {"quiet", EG_CLI_SWITCH, NULL, "no line of progress, terminal or not"}

const struct eg_cli_option load_run_options[] = {
    {"seconds", EG_CLI_VALUE, "S", "how long to send (5)"},
    {"rate", EG_CLI_VALUE, "PPS", "open loop: requests a second, whatever comes back (0: closed loop)"},
    {"profile", EG_CLI_VALUE, "PARTS", "hold:RATE,S ramp:FROM,TO,S spike:RATE,S (ten times RATE), joined by +"},
    {"window", EG_CLI_VALUE, "N", "closed loop: requests in flight (64)"},
    {"revocations", EG_CLI_VALUE, "FILE", "W5: name<TAB>epoch lines, then end, of who revokes meanwhile"},
    {"histogram", EG_CLI_SWITCH, NULL, "the latency's buckets in the JSON too"},
    {"table", EG_CLI_SWITCH, NULL, "the same as the command table"},
    TRAFFIC_OPTIONS,
    {0},
};

const struct eg_cli_option load_search_options[] = {
    {"rate-min", EG_CLI_VALUE, "PPS", "lowest rate to try (1000)"},
    {"rate-max", EG_CLI_VALUE, "PPS", "highest rate to try (10000000)"},
    {"precision", EG_CLI_VALUE, "RATIO", "stop when the interval is this narrow (0.01)"},
    {"seconds", EG_CLI_VALUE, "S", "of each trial (2)"},
    {"repetitions", EG_CLI_VALUE, "N", "searches for the NDR, for its spread (3)"},
    {"no-pdr", EG_CLI_SWITCH, NULL, "only the NDR, and the latencies below it"},
    TRAFFIC_OPTIONS,
    {0},
};
/* clang-format on */

const char *load_mix_name(enum load_mix mix)
{
	static const char *const names[] = {NULL, "W1", "W2", "W3", "W4", "W5", "W6"};

	return names[mix];
}

/* ── groups of options ── */

static bool parse_mix(struct load_options *o, const char *text)
{
	for (enum load_mix mix = LOAD_MIX_CACHED; mix <= LOAD_MIX_HOSTILE; mix++)
		if (strcmp(text, load_mix_name(mix)) == 0) {
			o->mix = mix;
			return true;
		}
	return false;
}

static bool parse_popularity(struct load_options *o, const char *text)
{
	if (strncmp(text, "zipf:", 5) == 0) {
		o->popularity = LOAD_ZIPF;
		return load_value_double(text + 5, 0, 10, &o->zipf_s);
	}
	o->popularity = strcmp(text, "uniform") == 0 ? LOAD_UNIFORM : LOAD_CYCLE;
	return o->popularity == LOAD_UNIFORM || strcmp(text, "cycle") == 0;
}

static bool parse_arrivals(struct load_options *o, const char *text)
{
	if (strncmp(text, "burst:", 6) == 0) {
		o->timing.arrivals = LOAD_BURST;
		return load_value_unsigned(text + 6, 1, WINDOW_MAX, &o->timing.burst);
	}
	o->timing.arrivals = strcmp(text, "poisson") == 0 ? LOAD_POISSON : LOAD_CONSTANT;
	return o->timing.arrivals == LOAD_POISSON || strcmp(text, "constant") == 0;
}

static bool parse_steer(struct load_options *o, const char *text)
{
	static const char *const names[] = {"none", "port", "toeplitz"};

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(text, names[i]) == 0) {
			o->steer.kind = (enum load_steer_kind)i;
			return true;
		}
	return false;
}

static bool parse_rss_key(struct load_options *o, const char *text)
{
	return strlen(text) == 2 * LOAD_RSS_KEY_BYTES &&
	       eg_hex_decode(eg_span_str(text), o->steer.rss_key);
}

/* ── one option each ── */

#define NUMBER(name, min, max, field)                                                              \
	static bool set_##name(struct load_options *o, const char *text)                           \
	{                                                                                          \
		return load_value_unsigned(text, min, max, &o->field);                             \
	}
#define DOUBLE(name, min, max, field)                                                              \
	static bool set_##name(struct load_options *o, const char *text)                           \
	{                                                                                          \
		return load_value_double(text, min, max, &o->field);                               \
	}
#define TEXT(name, field)                                                                          \
	static bool set_##name(struct load_options *o, const char *text)                           \
	{                                                                                          \
		o->field = text;                                                                   \
		return true;                                                                       \
	}

NUMBER(queues, 1, QUEUES_MAX, port.queues)
NUMBER(datagram, EG_EGT_RESPONSE_BYTES(1), EG_EGT_DATAGRAM_MAX, datagram_bytes)
NUMBER(frame_tokens, 1, EG_EGT_RECORDS_MAX, wish.tokens_max)
NUMBER(window, 1, WINDOW_MAX, window)
NUMBER(hostile, 1, HOSTILE_MAX, hostile)
NUMBER(timeout, 1, TIMEOUT_MAX_MS, timeout_ms)
NUMBER(patience, 1, PATIENCE_MAX_US, patience_us)
NUMBER(workers, 1, EG_WORKERS_MAX, steer.workers)
NUMBER(rss_reta, 1, RETA_SIZE_MAX, steer.reta_size)
NUMBER(list_bits, 1, 8, wish.list_bits)
NUMBER(first, 0, UINT32_MAX, first)
NUMBER(sources, 1, LOAD_SOURCES_MAX, steer.sources)
NUMBER(repetitions, 1, REPETITIONS_MAX, repetitions)
DOUBLE(seconds, 0, LOAD_SECONDS_MAX, seconds)
DOUBLE(warmup, 0, LOAD_SECONDS_MAX, warmup_s)
DOUBLE(rate, 0, LOAD_RATE_MAX, rate)
DOUBLE(rate_min, 1, LOAD_RATE_MAX, rate_min)
DOUBLE(rate_max, 1, LOAD_RATE_MAX, rate_max)
DOUBLE(precision, 0.0001, 0.5, precision)
TEXT(corpus, corpus)
TEXT(revocations, revocations)

static bool set_descriptors(struct load_options *o, const char *text)
{
	unsigned cnt;

	if (!load_value_unsigned(text, 1, DESCRIPTORS_MAX, &cnt))
		return false;
	o->port.dpdk.rx_desc_cnt = o->port.dpdk.tx_desc_cnt = (uint16_t)cnt;
	return true;
}

static bool set_vdev(struct load_options *o, const char *text)
{
	o->port.vdev = (char *)(uintptr_t)text; /* the configuration's strings are its own */
	return true;
}

static bool set_device(struct load_options *o, const char *text)
{
	o->port.device = (char *)(uintptr_t)text;
	return true;
}

static bool set_udp(struct load_options *o, const char *text)
{
	o->udp = true;
	return load_value_host_port(text, o->server, &o->server_port);
}

static bool set_server(struct load_options *o, const char *text)
{
	return load_value_address(text, o->server);
}

static bool set_client(struct load_options *o, const char *text)
{
	return load_value_address(text, o->port.addr[0].bytes);
}

static bool set_port(struct load_options *o, const char *text)
{
	return load_value_port(text, &o->server_port);
}

static bool set_cpus(struct load_options *o, const char *text)
{
	return load_value_cpus(text, o->cpu, EG_WORKERS_MAX, &o->cpu_cnt);
}

static bool set_set(struct load_options *o, const char *text)
{
	unsigned cnt;

	if (!load_value_unsigned(text, 1, CACHED_SET_MAX, &cnt))
		return false;
	o->wish.cnt_max = cnt;
	return true;
}

static bool set_cache_entries(struct load_options *o, const char *text)
{
	return eg_cli_number(text, UINT32_MAX, &o->cache_entries) && o->cache_entries != 0;
}

static bool set_profile(struct load_options *o, const char *text)
{
	o->profile_text = text;
	return load_profile_parse(&o->timing.profile, text);
}

static bool set_seed(struct load_options *o, const char *text)
{
	return eg_cli_number(text, UINT32_MAX, &o->seed);
}

static const struct setter {
	const char *option;
	bool (*set)(struct load_options *o, const char *text);
	const char *wanted;
} setters[] = {
    {"corpus", set_corpus, "a file"},
    {"vdev", set_vdev, "a device"},
    {"device", set_device, "a device"},
    {"udp", set_udp, "HOST:PORT with an IPv4 address"},
    {"server", set_server, "an IPv4 address"},
    {"client", set_client, "an IPv4 address"},
    {"port", set_port, "a port of which 63 more follow"},
    {"cpus", set_cpus, "a list as 2,4-5, of at most 64"},
    {"queues", set_queues, "a number of 1 to 64"},
    {"descriptors", set_descriptors, "a number of 1 to 32768"},
    {"datagram", set_datagram, "a number of 36 to 65507"},
    {"frame-tokens", set_frame_tokens, "a number of 1 to 64"},
    {"seconds", set_seconds, "seconds, at most 86400"},
    {"rate", set_rate, "requests a second, at most 1e9"},
    {"profile", set_profile,
        "parts hold:RATE,S ramp:FROM,TO,S spike:RATE,S joined by +, at most 64"},
    {"window", set_window, "a number of 1 to 65536"},
    {"revocations", set_revocations, "a file"},
    {"mix", parse_mix, "W1 to W6"},
    {"popularity", parse_popularity, "cycle, uniform or zipf:S with S at most 10"},
    {"set", set_set, "a number of 1 to 1048576"},
    {"first", set_first, "a number"},
    {"cache-entries", set_cache_entries, "a number"},
    {"hostile", set_hostile, "a number of 1 to 16"},
    {"arrivals", parse_arrivals, "constant, poisson or burst:N with N at most 65536"},
    {"warmup", set_warmup, "seconds, at most 86400"},
    {"timeout", set_timeout, "milliseconds of 1 to 60000"},
    {"patience", set_patience, "microseconds of 1 to 10000000"},
    {"steer", parse_steer, "none, port or toeplitz"},
    {"workers", set_workers, "a number of 1 to 64"},
    {"rss-key", parse_rss_key, "40 bytes of hex"},
    {"rss-reta", set_rss_reta, "a number of 1 to 2048"},
    {"list-bits", set_list_bits, "1, 2, 4 or 8"},
    {"sources", set_sources, "a number of 1 to 64"},
    {"seed", set_seed, "a number below 2^32"},
    {"rate-min", set_rate_min, "requests a second, 1 to 1e9"},
    {"rate-max", set_rate_max, "requests a second, 1 to 1e9"},
    {"precision", set_precision, "a ratio of 0.0001 to 0.5"},
    {"repetitions", set_repetitions, "a number of 1 to 99"},
};

/* ── all of them ── */

static void set_defaults(struct load_options *o, bool search)
{
	static char name[] = "load";
	/* No files that another DPDK program of this host could have too. */
	static char no_telemetry[] = "--no-telemetry", no_shared[] = "--no-shconf";

	*o = (struct load_options){
	    .search = search,
	    .port = {.name = name,
	        .kind = EG_PORT_DPDK,
	        .vlan = -1,
	        .service_vlan = -1,
	        .addr_cnt = 1,
	        .addr = {{.family = 4, .prefix_bits = 24, .bytes = {192, 0, 2, 2}}}},
	    .eal_cnt = 2,
	    .eal = {no_telemetry, no_shared},
	    .server = {192, 0, 2, 1},
	    .server_port = EG_EGT_PORT,
	    .steer = {.workers = 1, .reta_size = 128},
	    .seconds = search ? 2 : 5,
	    .warmup_s = search ? 0.5 : 0,
	    .timeout_ms = search ? 200 : 1000,
	    .patience_us = 10000,
	    .window = 64,
	    .timing.burst = 1,
	    .zipf_s = ZIPF_OF_THE_WEB,
	    .seed = randombytes_random(),
	    .datagram_bytes = EG_EGT_DATAGRAM_BYTES,
	    .wish = {.tokens_max = 1, .list_bits = 1},
	    .rate_min = RATE_MIN_DEFAULT,
	    .rate_max = RATE_MAX_DEFAULT,
	    .precision = 0.01,
	    .repetitions = 3,
	};
	memcpy(o->steer.rss_key, load_rss_key_default, sizeof(o->steer.rss_key));
}

static int read_values(struct load_options *o, const struct eg_cli *cli)
{
	for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
		const char *text = eg_cli_get(cli, setters[i].option);

		if (text != NULL && !setters[i].set(o, text))
			return eg_cli_usage(cli, "--%s wants %s, not \"%s\"", setters[i].option,
			    setters[i].wanted, text);
	}
	o->json = eg_cli_has(cli, "json");
	o->histogram = eg_cli_has(cli, "histogram");
	o->no_pdr = eg_cli_has(cli, "no-pdr");
	o->quiet = eg_cli_has(cli, "quiet");
	o->table = eg_cli_has(cli, "table");
	return 0;
}

static int read_eal(struct load_options *o, const struct eg_cli *cli)
{
	const char *arg;
	unsigned at = 0;

	while ((arg = eg_cli_next(cli, "eal", &at)) != NULL) {
		if (o->eal_cnt == (int)EG_CONFIG_ARGS_MAX)
			return eg_cli_usage(cli, "at most %u --eal", EG_CONFIG_ARGS_MAX - 2);
		o->eal[o->eal_cnt++] = (char *)(uintptr_t)arg;
	}
	return 0;
}

/* What a mix says of the corpus; an option said before keeps its word. */
static void apply_mix(struct load_options *o, const struct eg_cli *cli)
{
	bool zipf = o->mix >= LOAD_MIX_ZIPF;

	o->wish.bytes_max = o->datagram_bytes;
	o->wish.only_valid = o->mix >= LOAD_MIX_CACHED && o->mix <= LOAD_MIX_FORGED;
	o->wish.forged = o->mix == LOAD_MIX_FORGED;
	if (o->mix == LOAD_MIX_CACHED && o->wish.cnt_max == 0)
		o->wish.cnt_max = CACHED_SET;
	if (zipf && !eg_cli_has(cli, "popularity"))
		o->popularity = LOAD_ZIPF;
	if (o->mix == LOAD_MIX_HOSTILE && o->hostile == 0)
		o->hostile = 1;
}

static void fill_in(struct load_options *o)
{
	if (o->port.queues == 0)
		o->port.queues = o->cpu_cnt != 0 ? o->cpu_cnt : 1;
	if (o->steer.sources == 0)
		o->steer.sources = o->udp ? SOCKET_SOURCES : PACKET_SOURCES;
	o->timing.seed = o->seed;
	if (o->profile_text == NULL && o->rate > 0)
		(void)load_profile_add(
		    &o->timing.profile, (struct load_segment){o->seconds, o->rate, o->rate});
	else if (o->profile_text != NULL)
		o->seconds = load_profile_seconds(&o->timing.profile);
}

static int check_together(const struct load_options *o, const struct eg_cli *cli)
{
	bool device = o->port.vdev != NULL || o->port.device != NULL;

	if (o->corpus == NULL || device == o->udp)
		return eg_cli_usage(
		    cli, "--corpus, and one of --vdev, --device and --udp, are needed");
	if (o->profile_text != NULL && o->rate > 0)
		return eg_cli_usage(cli, "--rate and --profile exclude each other");
	if (o->profile_text != NULL && eg_cli_has(cli, "seconds"))
		return eg_cli_usage(cli, "--profile says itself how long: no --seconds");
	if (eg_cli_has(cli, "arrivals") && o->rate <= 0 && o->profile_text == NULL &&
	    strcmp(cli->command->group, "search") != 0)
		return eg_cli_usage(cli, "--arrivals needs --rate or --profile");
	if (o->port.queues < o->cpu_cnt)
		return eg_cli_usage(cli, "each of the %u cores needs a queue", o->cpu_cnt);
	if (o->mix == LOAD_MIX_COLD && o->cache_entries == 0)
		return eg_cli_usage(
		    cli, "W2 needs --cache-entries: how many tokens the edgate keeps");
	if ((o->mix == LOAD_MIX_CHURN) != (o->revocations != NULL))
		return eg_cli_usage(cli, "W5 and --revocations belong together");
	if (o->hostile != 0 && o->mix != LOAD_MIX_HOSTILE)
		return eg_cli_usage(cli, "--hostile belongs to W6");
	if ((o->wish.list_bits & (o->wish.list_bits - 1)) != 0)
		return eg_cli_usage(cli, "--list-bits is 1, 2, 4 or 8");
	if (o->rate_min > o->rate_max)
		return eg_cli_usage(cli, "--rate-min is above --rate-max");
	return 0;
}

int load_options_parse(struct load_options *options, const struct eg_cli *cli)
{
	int rc;

	set_defaults(options, strcmp(cli->command->group, "search") == 0);
	rc = read_values(options, cli);
	if (rc == 0)
		rc = read_eal(options, cli);
	if (rc != 0)
		return rc;
	apply_mix(options, cli);
	fill_in(options);
	return check_together(options, cli);
}
