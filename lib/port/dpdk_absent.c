/* SPDX-License-Identifier: BSD-3-Clause */
/* Stands in for the DPDK port in a build without DPDK. */
#include "port_impl.h"

static int refuse(struct eg_error *err)
{
	return eg_error_set(err, EG_ENOTSUP,
	    "this build has no DPDK: configure it with -Ddpdk=enabled, or use kind: socket");
}

int eg_port_open_dpdk(
    struct eg_port **port, const struct eg_port_params *params, struct eg_error *err)
{
	(void)port;
	(void)params;
	return refuse(err);
}

int eg_port_eal_init(int argc, char **argv, struct eg_error *err)
{
	(void)argc;
	(void)argv;
	return refuse(err);
}

void eg_port_eal_cleanup(void)
{
}

bool eg_port_have_dpdk(void)
{
	return false;
}

void eg_port_thread_enter(void)
{
}

void eg_port_thread_leave(void)
{
}
