/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_config.h"
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_BYTES_MAX (256u << 10)

int eg_config_parse(
    struct eg_config *config, const char *name, struct eg_span text, struct eg_error *err)
{
	struct eg_error unheard = {0};
	struct eg_source src = {.name = name, .text = text, .err = err != NULL ? err : &unheard};
	struct eg_raw *raw;
	int rc;

	*config = (struct eg_config){0};
	rc = eg_source_check(&src);
	if (rc != 0)
		return rc;
	rc = eg_raw_load(&raw, &src);
	if (rc != 0)
		return rc;
	rc = eg_config_check(&(struct eg_check){&src, raw, config});
	eg_raw_free(raw);
	if (rc != 0)
		eg_config_free(config);
	return rc;
}

int eg_config_load(struct eg_config *config, const char *path, struct eg_error *err)
{
	FILE *f = fopen(path, "re");
	char *text;
	size_t n;
	int rc;

	*config = (struct eg_config){0};
	if (f == NULL)
		return eg_error_set(
		    err, errno == ENOENT ? EG_ENOENT : EG_EIO, "%s: %s", path, strerror(errno));
	text = malloc(FILE_BYTES_MAX + 1);
	n = text != NULL ? fread(text, 1, FILE_BYTES_MAX + 1, f) : 0;
	if (text == NULL)
		rc = eg_error_set(err, EG_ENOMEM, "%s: out of memory", path);
	else if (ferror(f) != 0)
		rc = eg_error_set(err, EG_EIO, "%s: %s", path, strerror(errno));
	else if (n > FILE_BYTES_MAX)
		rc = eg_error_set(err, EG_ELIMIT, "%s: longer than %u bytes", path, FILE_BYTES_MAX);
	else
		rc = eg_config_parse(config, path, eg_span(text, n), err);
	free(text);
	(void)fclose(f);
	return rc;
}

static void free_port(struct eg_config_port *port)
{
	free(port->name);
	free(port->device);
	free(port->vdev);
	free(port->pcap_in);
	free(port->pcap_out);
}

void eg_config_free(struct eg_config *config)
{
	free(config->name);
	free(config->state);
	free(config->run);
	free(config->user);
	free(config->ed25519);
	for (unsigned i = 0; i < config->eal_cnt; i++)
		free(config->eal[i]);
	for (unsigned i = 0; i < config->port_cnt; i++)
		free_port(&config->port[i]);
	*config = (struct eg_config){0};
}

const char *eg_config_port_kind_name(enum eg_port_kind kind)
{
	static const char *const names[] = {
	    [EG_PORT_DPDK] = "dpdk", [EG_PORT_PCAP] = "pcap", [EG_PORT_SOCKET] = "socket"};

	return names[kind];
}
