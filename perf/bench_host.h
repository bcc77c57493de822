/* SPDX-License-Identifier: BSD-3-Clause */
/* What a figure was measured on, for the JSON of the benchmarks. */
#ifndef EDGATE_BENCH_HOST_H
#define EDGATE_BENCH_HOST_H

#include <jansson.h>

/* CPU, governor, load, kernel, compiler; commit NULL: "not told". The caller owns it. */
json_t *bench_host_json(const char *commit);

#endif
