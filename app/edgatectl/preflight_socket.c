/* SPDX-License-Identifier: BSD-3-Clause */
/* preflight: may the ports of kind socket be opened? The kernel knows, by binding each for a
 * moment. */
#include "preflight.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* 0, or errno. */
static int try_bind(const struct eg_config_addr *addr, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	bool is_v4 = addr->family == 4;
	int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	memcpy(&v4.sin_addr, addr->bytes, sizeof(v4.sin_addr));
	memcpy(&v6.sin6_addr, addr->bytes, sizeof(v6.sin6_addr));
	if (fd < 0)
		return errno;
	rc = is_v4 ? bind(fd, (const struct sockaddr *)&v4, sizeof(v4))
	           : bind(fd, (const struct sockaddr *)&v6, sizeof(v6));
	rc = rc == 0 ? 0 : errno;
	(void)close(fd);
	return rc;
}

static void check_address(struct pf *pf, const struct eg_config_addr *addr)
{
	unsigned first = pf->config->base_port, last = first + EG_EGT_PORT_CNT - 1, port = first;
	char name[INET6_ADDRSTRLEN] = "";
	int rc = 0;

	(void)inet_ntop(addr->family == 4 ? AF_INET : AF_INET6, addr->bytes, name, sizeof(name));
	while (port <= last && (rc = try_bind(addr, (uint16_t)port)) == 0)
		port++;
	if (rc == EADDRNOTAVAIL)
		pf_red(pf, "socket",
		    pf_fix(pf, "ip addr add %s/%d dev lo", name, addr->family == 4 ? 32 : 128),
		    "no interface of this host has %s (the command gives it to lo; or correct "
		    "`addresses`)",
		    name);
	else if (rc == EADDRINUSE)
		pf_red(pf, "socket", pf_fix(pf, "ss -lunp 'sport = :%u'", port),
		    "another process has port %u of %s: stop it (the command shows it), or name "
		    "another `base_port`",
		    port, name);
	else if (rc == EACCES)
		pf_red(pf, "socket", pf_fix(pf, "sudo edgate --config %s", pf->shell.file),
		    "uid %u may not open port %u: start edgate as root, it becomes `user` %s",
		    pf_uid(pf), port, pf->config->user);
	else if (rc != 0)
		pf_yellow(pf, "socket", NULL, "%s port %u: %s", name, port, strerror(rc));
	else
		pf_green(pf, "socket", "%s: ports %u to %u are free", name, first, last);
}

void pf_check_sockets(struct pf *pf)
{
	if (pf->config == NULL || pf->is_running || pf->root[0] != '\0')
		return;
	for (unsigned i = 0; i < pf->config->port_cnt; i++) {
		const struct eg_config_port *port = &pf->config->port[i];

		for (unsigned k = 0; port->kind == EG_PORT_SOCKET && k < port->addr_cnt; k++)
			check_address(pf, &port->addr[k]);
	}
}
