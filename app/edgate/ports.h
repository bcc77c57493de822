/* SPDX-License-Identifier: BSD-3-Clause */
/* All ports of a configuration, with EAL before the first that needs it. [control] */
#ifndef EDGATE_PORTS_H
#define EDGATE_PORTS_H

#include "eg_config.h"
#include "eg_port.h"

#include <sched.h>

struct eg_ports {
	struct eg_port *port[EG_CONFIG_PORTS_MAX]; /* by index of config->port */
	unsigned cnt;
	bool eal;
};

/* control: the CPUs of this thread, to which it is bound already, so that EAL keeps its own threads
 * there too. Close it even where this fails. */
int eg_ports_open(struct eg_ports *ports, const struct eg_config *config, const cpu_set_t *control,
    struct eg_error *err);
/* 0, or a negative EG_E… where a port's output is not whole (it has logged why). */
int eg_ports_close(struct eg_ports *ports);

#endif
