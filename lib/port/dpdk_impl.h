/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the files of the DPDK port. */
#ifndef EG_DPDK_IMPL_H
#define EG_DPDK_IMPL_H

#include "port_impl.h"

#include <rte_dev.h>
#include <rte_mempool.h>

struct dpdk_port {
	struct eg_port base;
	uint16_t id;
	bool found, started; /* id is a device that close must stop and close */
	struct rte_mempool *pool;
	char vdev[RTE_DEV_NAME_MAX_LEN]; /* made by us; empty: none */
};

/* Makes or finds the device, sets it up and starts it. On failure p keeps what was reached, for
 * eg_dpdk_device_close. */
int eg_dpdk_device_open(
    struct dpdk_port *p, const struct eg_port_params *params, struct eg_error *err);
void eg_dpdk_device_close(struct dpdk_port *p);

#endif
