/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"
#include "address.h"
#include "eg_cpu.h"
#include "eg_vcache.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_BYTES_MAX    32u
#define NUMBER_DIGITS_MAX 18u
#define CPU_MAX           1023
#define SLEEP_US_MAX      100000u
#define DPDK_DATAGRAM_MAX 9000u
#define DEADLINE_US_MAX   1000000
#define NS_PER_US         1000u
#define BUDGET_BYTES      (UINT64_C(20) << 20)
#define BUDGET_L3_PCT     60u
#define BUDGET_BYTES_MAX  (UINT64_C(64) << 30)
#define CACHE_BYTES       (UINT64_C(16) << 20)
#define CACHE_BYTES_MAX   (UINT64_C(64) << 30)

int eg_check_number(struct eg_source *src, const char *path, const char *text,
    struct eg_limits limits, int64_t *out)
{
	size_t sign, digits;

	*out = limits.standard;
	if (text == NULL)
		return 0;
	sign = text[0] == '-' ? 1 : 0;
	digits = strspn(text + sign, "0123456789");
	if (digits == 0 || digits > NUMBER_DIGITS_MAX || text[sign + digits] != '\0')
		return eg_source_refuse(src, path, "must be a whole number");
	*out = strtoll(text, NULL, 10);
	if (*out >= limits.least && *out <= limits.most)
		return 0;
	return eg_source_refuse(src, path, "must be %" PRId64 " to %" PRId64 ", not %s",
	    limits.least, limits.most, text);
}

int eg_check_text(struct eg_source *src, const char *path, char **text, bool required, char **out)
{
	if (*text == NULL && required)
		return eg_source_refuse(src, path, "is required");
	if (*text != NULL && (*text)[0] == '\0')
		return eg_source_refuse(src, path, "is empty");
	*out = *text;
	*text = NULL;
	return 0;
}

int eg_check_name(struct eg_source *src, const char *path, char **text, char **out)
{
	const char *name = *text;
	size_t n = name != NULL ? strlen(name) : 0;

	if (name != NULL && (n == 0 || n > NAME_BYTES_MAX ||
	                        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n))
		return eg_source_refuse(
		    src, path, "must be 1 to %u of a-z, 0-9 and '-'", NAME_BYTES_MAX);
	return eg_check_text(src, path, text, true, out);
}

int eg_check_word(const char *text, const char *const words[], unsigned word_cnt)
{
	for (unsigned i = 0; i < word_cnt; i++)
		if (strcmp(text, words[i]) == 0)
			return (int)i;
	return -1;
}

static int out_of_memory(const struct eg_check *c)
{
	return eg_error_set(c->src->err, EG_ENOMEM, "%s: out of memory", c->src->name);
}

static int check_texts(const struct eg_check *c)
{
	struct eg_config *config = c->config;
	struct eg_raw *raw = c->raw;
	char run[sizeof(EG_CONFIG_RUN_ROOT) + 1 + NAME_BYTES_MAX];

	if (eg_check_name(c->src, "name", &raw->name, &config->name) != 0 ||
	    eg_check_text(c->src, "state", &raw->state, true, &config->state) != 0 ||
	    eg_check_text(c->src, "run", &raw->run, false, &config->run) != 0 ||
	    eg_check_text(c->src, "user", &raw->user, false, &config->user) != 0)
		return -EG_EINVAL;
	(void)snprintf(run, sizeof(run), "%s/%s", EG_CONFIG_RUN_ROOT, config->name);
	if (config->run == NULL)
		config->run = strdup(run);
	if (config->user == NULL)
		config->user = strdup("edgate");
	return config->run != NULL && config->user != NULL ? 0 : out_of_memory(c);
}

static int check_numbers(const struct eg_check *c)
{
	struct eg_config *config = c->config;
	const struct eg_raw *raw = c->raw;
	int64_t base_port, datagram, deadline_us, cpu;

	if (eg_check_number(c->src, "base_port", raw->base_port,
	        (struct eg_limits){1, 65472, 25519}, &base_port) != 0 ||
	    eg_check_number(c->src, "max_datagram", raw->max_datagram,
	        (struct eg_limits){128, 65507, 1232}, &datagram) != 0 ||
	    eg_check_number(c->src, "signature_deadline_us", raw->signature_deadline_us,
	        (struct eg_limits){0, DEADLINE_US_MAX, 20}, &deadline_us) != 0 ||
	    eg_check_number(c->src, "control_cpu", raw->control_cpu,
	        (struct eg_limits){0, CPU_MAX, -1}, &cpu) != 0)
		return -EG_EINVAL;
	config->base_port = (uint16_t)base_port;
	config->max_datagram_bytes = (uint32_t)datagram;
	config->signature_deadline_ns = (uint64_t)deadline_us * NS_PER_US;
	config->control_cpu = (int)cpu;
	return 0;
}

/* "20M": at most 9 digits and one of K, M, G. */
static bool parse_bytes(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMG";
	size_t n = strspn(text, "0123456789");
	const char *unit;

	if (n == 0 || n > 9)
		return false;
	*bytes = strtoull(text, NULL, 10);
	if (text[n] == '\0')
		return true;
	unit = strchr(units, text[n]);
	if (unit == NULL || text[n + 1] != '\0')
		return false;
	*bytes <<= 10 * (unit - units + 1);
	return true;
}

static uint64_t standard_budget(void)
{
	uint64_t share = eg_cpu_l3_bytes() / 100 * BUDGET_L3_PCT;

	return share != 0 && share < BUDGET_BYTES ? share : BUDGET_BYTES;
}

static int check_ed25519(const struct eg_check *c)
{
	struct eg_raw_ed25519 *raw = &c->raw->ed25519;
	const char *impl = c->raw->has_ed25519_mapping ? "ed25519.impl" : "ed25519";
	int64_t sample;

	if (eg_check_text(c->src, impl, &raw->impl, false, &c->config->ed25519) != 0 ||
	    eg_check_number(c->src, "ed25519.sample", raw->sample,
	        (struct eg_limits){0, UINT32_MAX, 4096}, &sample) != 0)
		return -EG_EINVAL;
	c->config->sample_every = (uint32_t)sample;
	c->config->table_budget_bytes = standard_budget();
	if (raw->table_budget == NULL)
		return 0;
	if (!parse_bytes(raw->table_budget, &c->config->table_budget_bytes) ||
	    c->config->table_budget_bytes > BUDGET_BYTES_MAX)
		return eg_source_refuse(c->src, "ed25519.table_budget",
		    "must be a number of bytes, as 20M or 512K, of at most 64G, not %s",
		    raw->table_budget);
	return 0;
}

static int check_cache(const struct eg_check *c)
{
	const char *text = c->raw->cache.memory;
	uint64_t *bytes = &c->config->cache_bytes;

	*bytes = CACHE_BYTES;
	if (text == NULL)
		return 0;
	if (!parse_bytes(text, bytes) || *bytes > CACHE_BYTES_MAX ||
	    (*bytes != 0 && *bytes < EG_VCACHE_BYTES_MIN))
		return eg_source_refuse(c->src, "cache.memory",
		    "must be 0 or a number of bytes, as 16M, from 64K to 64G, not %s", text);
	return 0;
}

static bool parse_sleep_us(const char *text, uint32_t *us)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 6 || text[n] != '\0')
		return false;
	*us = (uint32_t)strtoul(text, NULL, 10);
	return *us >= 1 && *us <= SLEEP_US_MAX;
}

static int check_idle(const struct eg_check *c)
{
	const char *text = c->raw->idle != NULL ? c->raw->idle : "sleep:50";
	struct eg_config *config = c->config;

	if (strcmp(text, "spin") == 0)
		config->idle = EG_IDLE_SPIN;
	else if (strcmp(text, "pause") == 0)
		config->idle = EG_IDLE_PAUSE;
	else if (strncmp(text, "sleep:", 6) == 0 &&
	         parse_sleep_us(text + 6, &config->idle_sleep_us))
		config->idle = EG_IDLE_SLEEP;
	else
		return eg_source_refuse(c->src, "idle",
		    "must be spin, pause or sleep:MICROSECONDS (1 to %u), not %s", SLEEP_US_MAX,
		    text);
	return 0;
}

static int check_eal(const struct eg_check *c)
{
	/* These say on which CPUs threads run: edgate's own configuration does. */
	static const char *const ours[] = {
	    "-c", "-l", "--lcores", "--main-lcore", "--master-lcore"};

	for (unsigned i = 0; i < c->raw->eal_count; i++) {
		const char *path = eg_source_at(c->src, "eal[%u]", i);
		const char *arg = c->raw->eal[i];
		char option[16];

		(void)snprintf(option, sizeof(option), "%.*s", (int)strcspn(arg, "="), arg);
		if (eg_check_word(option, ours, COUNT_OF(ours)) >= 0)
			return eg_source_refuse(
			    c->src, path, "%s follows from control_cpu and workers", option);
		if (eg_check_text(c->src, path, &c->raw->eal[i], true, &c->config->eal[i]) != 0)
			return -EG_EINVAL;
		c->config->eal_cnt = i + 1;
	}
	return 0;
}

static int check_port_names(const struct eg_check *c, unsigned idx)
{
	const struct eg_config_port *a = &c->config->port[idx];

	for (unsigned i = 0; i < idx; i++) {
		const struct eg_config_port *b = &c->config->port[i];

		if (strcmp(a->name, b->name) == 0)
			return eg_source_refuse(c->src, eg_source_at(c->src, "ports[%u].name", idx),
			    "%s is the name of ports[%u] already", a->name, i);
		if (a->device != NULL && b->device != NULL && strcmp(a->device, b->device) == 0)
			return eg_source_refuse(c->src,
			    eg_source_at(c->src, "ports[%u].device", idx),
			    "%s is the device of ports[%u] already", a->device, i);
	}
	return 0;
}

static int check_ports(const struct eg_check *c)
{
	if (c->raw->ports_count == 0)
		return eg_source_refuse(c->src, "ports", "at least one port is required");
	for (unsigned i = 0; i < c->raw->ports_count; i++)
		if (eg_config_check_port(c, i) != 0 || check_port_names(c, i) != 0)
			return -EG_EINVAL;
	return 0;
}

static int check_datagram(const struct eg_check *c)
{
	for (unsigned i = 0; i < c->config->port_cnt; i++)
		if (c->config->port[i].kind == EG_PORT_DPDK &&
		    c->config->max_datagram_bytes > DPDK_DATAGRAM_MAX)
			return eg_source_refuse(c->src, "max_datagram",
			    "must be at most %u with a dpdk port (ports[%u]), not %u",
			    DPDK_DATAGRAM_MAX, i, c->config->max_datagram_bytes);
	return 0;
}

static int check_mode(const struct eg_check *c)
{
	const char *mode = c->raw->mode;

	c->config->plain = mode != NULL && strcmp(mode, "plain") == 0;
	if (c->config->plain)
		return 0;
	if (mode != NULL)
		return eg_source_refuse(c->src, "mode",
		    "%s does not exist yet: write mode: plain where the network between clients "
		    "and edgate may see tokens",
		    mode);
	for (unsigned i = 0; i < c->config->port_cnt; i++) {
		const struct eg_config_port *port = &c->config->port[i];

		for (unsigned k = 0; k < port->addr_cnt; k++)
			if (!eg_address_is_loopback(&port->addr[k]))
				return eg_source_refuse(c->src,
				    eg_source_at(c->src, "ports[%u].addresses[%u]", i, k),
				    "is not loopback, and tokens would travel in the clear (sealed "
				    "mode does not exist yet): where the network may see them, "
				    "write mode: plain at the top");
	}
	return 0;
}

static int find_port(const struct eg_check *c, unsigned idx, unsigned *port)
{
	const char *name = c->raw->workers[idx].port;
	const char *path = eg_source_at(c->src, "workers[%u].port", idx);

	if (name == NULL)
		return eg_source_refuse(c->src, path, "is required: a port's name");
	for (unsigned i = 0; i < c->config->port_cnt; i++)
		if (strcmp(name, c->config->port[i].name) == 0) {
			*port = i;
			return 0;
		}
	return eg_source_refuse(c->src, path, "%s is not the name of a port", name);
}

static int find_worker(const struct eg_config *config, unsigned port, unsigned queue)
{
	for (unsigned i = 0; i < config->worker_cnt; i++)
		if (config->worker[i].port == port && config->worker[i].queue == queue)
			return (int)i;
	return -1;
}

static int check_worker(const struct eg_check *c, unsigned idx)
{
	const struct eg_raw_worker *raw = &c->raw->workers[idx];
	struct eg_config_worker *worker = &c->config->worker[idx];
	int64_t queue, cpu;
	int other;

	if (find_port(c, idx, &worker->port) != 0 ||
	    eg_check_number(c->src, eg_source_at(c->src, "workers[%u].cpu", idx), raw->cpu,
	        (struct eg_limits){0, CPU_MAX, -1}, &cpu) != 0 ||
	    eg_check_number(c->src, eg_source_at(c->src, "workers[%u].queue", idx), raw->queue,
	        (struct eg_limits){0, c->config->port[worker->port].queues - 1, 0}, &queue) != 0)
		return -EG_EINVAL;
	worker->queue = (unsigned)queue;
	worker->cpu = (int)cpu;
	other = find_worker(c->config, worker->port, worker->queue);
	if (other >= 0)
		return eg_source_refuse(c->src, eg_source_at(c->src, "workers[%u]", idx),
		    "queue %u of port %s is served by workers[%d] already", worker->queue,
		    raw->port, other);
	c->config->worker_cnt = idx + 1;
	return 0;
}

/* Every queue has its worker; where no workers are written, each gets one. */
static int check_queue(const struct eg_check *c, unsigned port, unsigned queue)
{
	struct eg_config *config = c->config;

	if (c->raw->workers_count != 0) {
		if (find_worker(config, port, queue) >= 0)
			return 0;
		return eg_source_refuse(c->src, "workers", "queue %u of port %s has no worker",
		    queue, config->port[port].name);
	}
	if (config->worker_cnt == EG_WORKERS_MAX)
		return eg_source_refuse(
		    c->src, "ports", "more than %d queues, each with a worker", EG_WORKERS_MAX);
	config->worker[config->worker_cnt++] =
	    (struct eg_config_worker){.port = port, .queue = queue, .cpu = -1};
	return 0;
}

static int check_workers(const struct eg_check *c)
{
	for (unsigned i = 0; i < c->raw->workers_count; i++)
		if (check_worker(c, i) != 0)
			return -EG_EINVAL;
	for (unsigned port = 0; port < c->config->port_cnt; port++)
		for (unsigned queue = 0; queue < c->config->port[port].queues; queue++)
			if (check_queue(c, port, queue) != 0)
				return -EG_EINVAL;
	return 0;
}

int eg_config_check(const struct eg_check *c)
{
	static int (*const checks[])(const struct eg_check *) = {check_texts, check_numbers,
	    check_ed25519, check_cache, check_idle, check_eal, check_ports, check_datagram,
	    check_mode, check_workers};

	for (unsigned i = 0; i < COUNT_OF(checks); i++)
		if (checks[i](c) != 0)
			return c->src->err->code;
	return 0;
}
