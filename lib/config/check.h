/* SPDX-License-Identifier: BSD-3-Clause */
/* From the loaded shape to the checked structure: private to this module. */
#ifndef EG_CONFIG_CHECK_H
#define EG_CONFIG_CHECK_H

#include "eg_config.h"
#include "schema.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct eg_check {
	struct eg_source *src;
	struct eg_raw *raw; /* texts move from here to config */
	struct eg_config *config;
};

/* Everything. On failure config holds what was moved so far: free it. */
int eg_config_check(const struct eg_check *c);

/* ports[idx] → config->port[idx], counted by port_cnt first so that a failure frees it. */
int eg_config_check_port(const struct eg_check *c, unsigned idx);

/* What a port of kind dpdk says of its device: raw → port->devargs and port->dpdk. After device,
 * vdev and queues; the file's `eal` is in c->config. */
int eg_config_check_device(const struct eg_check *c, unsigned idx);

/* ── helpers of all ── */

struct eg_limits {
	int64_t least, most, standard; /* standard: where nothing is written */
};

/* A decimal number within the limits; nothing written: the standard one. */
int eg_check_number(struct eg_source *src, const char *path, const char *text,
    struct eg_limits limits, int64_t *out);
/* 1–32 of [a-z0-9-]; *text moves to *out. */
int eg_check_name(struct eg_source *src, const char *path, char **text, char **out);
/* *text moves to *out; refused where it is required and not there, or there and empty. */
int eg_check_text(struct eg_source *src, const char *path, char **text, bool required, char **out);
/* Index of text in words[], or -1. */
int eg_check_word(const char *text, const char *const words[], unsigned word_cnt);

#endif
