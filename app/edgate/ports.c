/* SPDX-License-Identifier: BSD-3-Clause */
#include "ports.h"

#include "eg_clock.h"
#include "eg_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LCORES_BYTES 4096u
#define ALLOW_BYTES  512u

/* "0@(0,2,3)": EAL's one lcore is the control thread; workers are threads of our own. Left to
 * itself EAL would start a thread on every CPU. */
static void format_lcores(char text[LCORES_BYTES], const cpu_set_t *control)
{
	size_t n = (size_t)snprintf(text, LCORES_BYTES, "--lcores=0@(");

	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, control) && n < LCORES_BYTES - 8)
			n += (size_t)snprintf(text + n, LCORES_BYTES - n, "%u,", cpu);
	(void)snprintf(text + n - 1, LCORES_BYTES - n + 1, ")");
}

static bool has_devargs(const struct eg_config_port *port)
{
	return port->devargs != NULL && port->vdev == NULL;
}

/* Once one device is allowed by name DPDK looks at no other, so that all have to be. */
static bool must_allow(const struct eg_config *config, const struct eg_config_port *port)
{
	if (port->kind != EG_PORT_DPDK || !eg_config_is_pci_address(port->device))
		return false;
	for (unsigned i = 0; !has_devargs(port) && i < config->eal_cnt; i++)
		if (strstr(config->eal[i], port->device) != NULL)
			return false;
	for (unsigned i = 0; i < config->port_cnt; i++)
		if (has_devargs(&config->port[i]))
			return true;
	return false;
}

/* "--allow=0000:3b:00.0,mprq_en=1" */
static void format_allow(char text[ALLOW_BYTES], const struct eg_config_port *port)
{
	(void)snprintf(text, ALLOW_BYTES, "--allow=%.64s%s%s", port->device,
	    port->devargs != NULL ? "," : "", port->devargs != NULL ? port->devargs : "");
}

static int init_eal(const struct eg_config *config, const cpu_set_t *control, struct eg_error *err)
{
	char lcores[LCORES_BYTES], prefix[64], allow[EG_CONFIG_PORTS_MAX][ALLOW_BYTES];
	char no_shared[] = "--no-shconf";
	char *argv[EG_PORT_EAL_ARGS_MAX];
	_Static_assert(EG_CONFIG_ARGS_MAX + 3 + EG_CONFIG_PORTS_MAX <= EG_PORT_EAL_ARGS_MAX,
	    "ours and the file's");
	int argc = 0;

	format_lcores(lcores, control);
	(void)snprintf(prefix, sizeof(prefix), "--file-prefix=edgate-%s", config->name);
	argv[argc++] = lcores;
	argv[argc++] = prefix;
	/* Threads that are registered rule out secondary processes: no files for those either. */
	argv[argc++] = no_shared;
	for (unsigned i = 0; i < config->eal_cnt; i++)
		argv[argc++] = config->eal[i];
	for (unsigned i = 0; i < config->port_cnt; i++)
		if (must_allow(config, &config->port[i])) {
			format_allow(allow[i], &config->port[i]);
			argv[argc++] = allow[i];
		}
	return eg_port_eal_init(argc, argv, err);
}

static bool need_eal(const struct eg_config *config)
{
	for (unsigned i = 0; i < config->port_cnt; i++)
		if (config->port[i].kind == EG_PORT_DPDK)
			return true;
	return false;
}

int eg_ports_open(struct eg_ports *ports, const struct eg_config *config, const cpu_set_t *control,
    struct eg_error *err)
{
	int rc = 0;

	if (need_eal(config)) {
		rc = init_eal(config, control, err);
		ports->eal = rc == 0;
	}
	while (rc == 0 && ports->cnt < config->port_cnt) {
		rc = eg_port_open(&ports->port[ports->cnt], &config->port[ports->cnt],
		    config->max_datagram_bytes, config->base_port, err);
		ports->cnt += rc == 0;
	}
	return rc;
}

static void say_link(const struct eg_port *port, const uint64_t word[], uint64_t before)
{
	if (word[EG_DEVICE_link] == before)
		return;
	if (word[EG_DEVICE_link] == EG_LINK_DOWN)
		eg_log(EG_LOG_WARNING, "port %s: the link is down: nothing arrives", port->name);
	else if (word[EG_DEVICE_link_mbps] != 0)
		eg_log(EG_LOG_INFO, "port %s: the link is up, %" PRIu64 " Mbit/s", port->name,
		    word[EG_DEVICE_link_mbps]);
	else
		eg_log(EG_LOG_INFO, "port %s: the link is up", port->name);
}

static void look(const struct eg_port *port, struct eg_stats_port *row)
{
	uint64_t word[EG_DEVICE_COUNT] = {0};

	if (port->ops->look == NULL)
		return;
	port->ops->look(port, word);
	say_link(port, word, eg_count_read(&row->word[EG_DEVICE_link]));
	for (unsigned i = 0; i < EG_DEVICE_COUNT; i++)
		atomic_store_explicit(&row->word[i], word[i], memory_order_relaxed);
}

void eg_ports_turn(struct eg_ports *ports, struct eg_stats *stats, uint64_t now_ns)
{
	if (now_ns < ports->look_ns)
		return;
	ports->look_ns = now_ns + (uint64_t)EG_NS_PER_S;
	for (unsigned i = 0; i < ports->cnt; i++)
		look(ports->port[i], &stats->port[i]);
}

int eg_ports_close(struct eg_ports *ports)
{
	int worst = 0;

	while (ports->cnt > 0) {
		struct eg_port *port = ports->port[--ports->cnt];
		int rc = port->ops->close(port);

		worst = rc != 0 ? rc : worst;
	}
	if (ports->eal)
		eg_port_eal_cleanup();
	ports->eal = false;
	return worst;
}
