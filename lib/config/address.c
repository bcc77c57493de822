/* SPDX-License-Identifier: BSD-3-Clause */
#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t address_bytes(const struct eg_config_addr *addr)
{
	return addr->family == 4 ? 4 : 16;
}

/* One to three digits, 1 … max. */
static bool parse_prefix(const char *text, unsigned max, uint8_t *bits)
{
	size_t n = strspn(text, "0123456789");
	unsigned long value;

	if (n == 0 || n > 3 || text[n] != '\0')
		return false;
	value = strtoul(text, NULL, 10);
	*bits = (uint8_t)value;
	return value >= 1 && value <= max;
}

bool eg_address_parse(struct eg_config_addr *addr, const char *text, bool *has_prefix)
{
	char host[INET6_ADDRSTRLEN];
	size_t n = strcspn(text, "/");
	unsigned max;

	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	*addr = (struct eg_config_addr){0};
	if (inet_pton(AF_INET, host, addr->bytes) == 1)
		addr->family = 4;
	else if (inet_pton(AF_INET6, host, addr->bytes) == 1)
		addr->family = 6;
	else
		return false;
	max = addr->family == 4 ? 32 : 128;
	addr->prefix_bits = (uint8_t)max;
	*has_prefix = text[n] == '/';
	return !*has_prefix || parse_prefix(text + n + 1, max, &addr->prefix_bits);
}

bool eg_address_is_loopback(const struct eg_config_addr *addr)
{
	static const uint8_t loopback6[16] = {[15] = 1};

	return addr->family == 4 ? addr->bytes[0] == 127
	                         : memcmp(addr->bytes, loopback6, sizeof(loopback6)) == 0;
}

bool eg_address_is_any(const struct eg_config_addr *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr->bytes, zero, address_bytes(addr)) == 0;
}

bool eg_address_is_group(const struct eg_config_addr *addr)
{
	static const uint8_t broadcast4[4] = {255, 255, 255, 255};

	if (addr->family == 6)
		return addr->bytes[0] == 0xff;
	return (addr->bytes[0] & 0xf0) == 0xe0 || memcmp(addr->bytes, broadcast4, 4) == 0;
}

bool eg_address_is_link_local(const struct eg_config_addr *addr)
{
	return addr->family == 6 && addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
}

bool eg_address_eq(const struct eg_config_addr *a, const struct eg_config_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, address_bytes(a)) == 0;
}

bool eg_address_is_within(const struct eg_config_addr *addr, const struct eg_config_addr *net)
{
	unsigned whole = net->prefix_bits / 8u, rest = net->prefix_bits % 8u;
	unsigned mask = 0xffu & ~(0xffu >> rest);

	if (addr->family != net->family || memcmp(addr->bytes, net->bytes, whole) != 0)
		return false;
	return rest == 0 || ((addr->bytes[whole] ^ net->bytes[whole]) & mask) == 0;
}

bool eg_mac_parse(uint8_t mac[6], const char *text)
{
	unsigned b[6];
	int end = -1;

	if (strlen(text) != 17 || strspn(text, "0123456789abcdefABCDEF:") != 17)
		return false;
	if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5],
	        &end) != 6 ||
	    end != 17)
		return false;
	for (unsigned i = 0; i < 6; i++)
		mac[i] = (uint8_t)b[i];
	return true;
}
