/* SPDX-License-Identifier: BSD-3-Clause */
/* All ports of a configuration, with EAL before the first that needs it. [control] */
#ifndef EDGATE_PORTS_H
#define EDGATE_PORTS_H

#include "eg_config.h"
#include "eg_port.h"
#include "eg_stats.h"

#include <sched.h>

struct eg_ports {
	struct eg_port *port[EG_CONFIG_PORTS_MAX]; /* by index of config->port */
	unsigned cnt;
	bool eal;
	uint64_t look_ns; /* when the devices are asked again */
};

/* control: the CPUs of this thread, to which it is bound already, so that EAL keeps its own threads
 * there too. Close it even where this fails. */
int eg_ports_open(struct eg_ports *ports, const struct eg_config *config, const cpu_set_t *control,
    struct eg_error *err);
/* Asks the devices, once a second, how they are: their words go to `stats`, and a link that comes
 * or goes to the log. */
void eg_ports_turn(struct eg_ports *ports, struct eg_stats *stats, uint64_t now_ns);
/* 0, or a negative EG_E… where a port's output is not whole (it has logged why). */
int eg_ports_close(struct eg_ports *ports);

#endif
