/* SPDX-License-Identifier: BSD-3-Clause */
/* Between port.c and the kinds of ports: private to this module. */
#ifndef EG_PORT_IMPL_H
#define EG_PORT_IMPL_H

#include "eg_port.h"

/* Packets of one queue that may be out at a time. */
#define EG_PORT_PACKETS_OUT (EG_FRAMES_MAX + EG_BURST_MAX)

struct eg_port_params {
	const struct eg_config_port *config;
	struct eg_netif netif; /* without what only the device knows */
	uint32_t max_datagram_bytes;
	uint16_t base_port;
};

int eg_port_open_dpdk(
    struct eg_port **port, const struct eg_port_params *params, struct eg_error *err);
int eg_port_open_pcap(
    struct eg_port **port, const struct eg_port_params *params, struct eg_error *err);
int eg_port_open_socket(
    struct eg_port **port, const struct eg_port_params *params, struct eg_error *err);

#endif
