/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_config.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

/* The text, with its inclusions where it has any, has become `src`. */
static int check_source(struct eg_config *config, struct eg_source *src)
{
	struct eg_raw *raw;
	int rc = eg_raw_load(&raw, src);

	if (rc != 0)
		return rc;
	rc = eg_config_check(&(struct eg_check){src, raw, config});
	eg_raw_free(raw);
	if (rc != 0)
		eg_config_free(config);
	return rc;
}

int eg_config_parse(
    struct eg_config *config, const char *name, struct eg_span text, struct eg_error *err)
{
	struct eg_error unheard = {0};
	struct eg_source src = {.name = name, .text = text, .err = err != NULL ? err : &unheard};
	unsigned line;
	int rc;

	*config = (struct eg_config){0};
	rc = eg_source_check(&src);
	if (rc != 0)
		return rc;
	line = eg_source_include_line(&src);
	if (line != 0)
		return eg_error_set(
		    src.err, EG_EINVAL, "%s:%u: include: only a file can include", name, line);
	return check_source(config, &src);
}

static int load_text(struct eg_config *config, struct eg_source *src)
{
	struct eg_expansion expansion;
	int rc = eg_source_check(src);

	if (rc != 0 || eg_source_include_line(src) == 0)
		return rc != 0 ? rc : check_source(config, src);
	rc = eg_include_expand(&expansion, src->name, src->text, src->err);
	if (rc == 0) {
		src->text = eg_span(expansion.text, expansion.len);
		src->expansion = &expansion;
		rc = check_source(config, src);
	}
	eg_expansion_free(&expansion);
	return rc;
}

int eg_config_load(struct eg_config *config, const char *path, struct eg_error *err)
{
	struct eg_error unheard = {0};
	struct eg_source src = {.name = path, .err = err != NULL ? err : &unheard};
	char *text;
	size_t len;
	int rc;

	*config = (struct eg_config){0};
	rc = eg_config_read(path, &text, &len, src.err);
	if (rc != 0)
		return rc;
	src.text = eg_span(text, len);
	rc = load_text(config, &src);
	free(text);
	return rc;
}

static void free_port(struct eg_config_port *port)
{
	free(port->name);
	free(port->device);
	free(port->vdev);
	free(port->devargs);
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
