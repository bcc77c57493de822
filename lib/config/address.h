/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses as the configuration writes them. */
#ifndef EG_CONFIG_ADDRESS_H
#define EG_CONFIG_ADDRESS_H

#include "eg_config.h"

/* "192.0.2.1/24", "2001:db8::1/64"; without a prefix the whole address counts (32 or 128 bits) and
 * *has_prefix is false. Returns false where it is neither. */
bool eg_address_parse(struct eg_config_addr *addr, const char *text, bool *has_prefix);

bool eg_address_is_loopback(const struct eg_config_addr *addr);
bool eg_address_is_any(const struct eg_config_addr *addr);
/* Multicast, or IPv4's limited broadcast. */
bool eg_address_is_group(const struct eg_config_addr *addr);
bool eg_address_is_link_local(const struct eg_config_addr *addr);
bool eg_address_eq(const struct eg_config_addr *a, const struct eg_config_addr *b);
/* Is `addr` on the link that net's prefix describes? */
bool eg_address_is_within(const struct eg_config_addr *addr, const struct eg_config_addr *net);

/* "02:00:00:00:00:01" */
bool eg_mac_parse(uint8_t mac[6], const char *text);

#endif
