/* SPDX-License-Identifier: BSD-3-Clause */
/* clang-format off */
/*
 * `include: FILE` in any mapping: the keys of that file come in where the mapping has none of the
 * same name itself.
 *
 *   edgate.yaml                         drivers/mlx5.yaml         what is checked
 *   ports:                              rx_descriptors: 2048      ports:
 *     - include: drivers/mlx5.yaml  +   tx_descriptors: 1024  ▶     - rx_descriptors: 512
 *       rx_descriptors: 512             kind: dpdk                    tx_descriptors: 1024
 *                                                                     kind: dpdk
 *
 * FILE is relative to the file that includes it, wherever edgate is started. A key is taken or left
 * as a whole: lists and mappings are not merged. Who includes wins over what is included, at every
 * level, wherever in the mapping the `include` stands. A file that includes itself, directly or
 * through others, is refused; so is more than the limits below. [control]; allocates, reads files.
 */
/* clang-format on */
#ifndef EG_CONFIG_INCLUDE_H
#define EG_CONFIG_INCLUDE_H

#include "eg_err.h"
#include "eg_span.h"

#define EG_INCLUDE_DEPTH_MAX 4u  /* files below the first */
#define EG_INCLUDE_FILES_MAX 32u /* in all, the first one with them */
#define EG_CONFIG_FILE_BYTES (256u << 10)
#define EG_EXPANSION_BYTES   (1u << 20)

/* The text with all inclusions in it, one token a line, so that a line tells where it is from. */
struct eg_origin {
	unsigned file; /* index into eg_expansion.file */
	unsigned line;
};

struct eg_expansion {
	char *text;
	size_t len, room;
	struct eg_origin *origin; /* of each line of text */
	size_t line_cnt, line_room;
	char *file[EG_INCLUDE_FILES_MAX]; /* names, as messages give them */
	unsigned file_cnt;
};

/* A whole file of at most EG_CONFIG_FILE_BYTES. *text is to be freed. */
int eg_config_read(const char *path, char **text, size_t *len, struct eg_error *err);

/* Every `include` of the file `path`, whose text was read before and is well formed. Free *x in any
 * case. */
int eg_include_expand(
    struct eg_expansion *x, const char *path, struct eg_span text, struct eg_error *err);
void eg_expansion_free(struct eg_expansion *x);

#endif
