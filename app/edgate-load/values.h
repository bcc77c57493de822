/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of options. Each is read whole or refused: false, with *out undefined. [control] */
#ifndef LOAD_VALUES_H
#define LOAD_VALUES_H

#include <stdbool.h>
#include <stdint.h>

bool load_value_unsigned(const char *text, unsigned min, unsigned max, unsigned *out);
bool load_value_double(const char *text, double min, double max, double *out);
bool load_value_address(const char *text, uint8_t out[4]);
/* A base port: 63 more follow it. */
bool load_value_port(const char *text, uint16_t *out);
bool load_value_host_port(const char *text, uint8_t ip[4], uint16_t *port);
/* "2,4-5": at most max CPUs, none twice. */
bool load_value_cpus(const char *text, int cpu[], unsigned max, unsigned *cnt);

#endif
