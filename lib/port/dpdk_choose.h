/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a device is to be set up: what the configuration asks for against what the device says it
 * can. No device is touched: the same information gives the same choice. [control]
 */
#ifndef EG_DPDK_CHOOSE_H
#define EG_DPDK_CHOOSE_H

#include "eg_config.h"
#include "eg_err.h"

#include <rte_ethdev.h>

struct eg_dpdk_choice {
	struct rte_eth_conf conf;
	/* Where nothing is written: to be adjusted to the device. */
	uint16_t rx_desc_cnt, tx_desc_cnt;
};

/* What was asked for by name (on, a hash field, a number) and cannot be had is refused with the key
 * and the device's limit; what was not is taken where the device has it. -EG_ENOTSUP, -EG_ELIMIT.
 */
int eg_dpdk_choose(struct eg_dpdk_choice *choice, const struct eg_config_port *port,
    const struct rte_eth_dev_info *info, struct eg_error *err);

#endif
