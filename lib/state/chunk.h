/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Table bitmap: the bytes of a status list in chunks of 32 KiB, in two layers. A chunk that is not
 * there is all zero.
 *
 *   imported   what the issuer's list says; an import replaces it as a whole
 *   operator   REVOKED or SUSPENDED in each entry of which the operator said so (folded from the
 * log at a checkpoint)
 *
 * Effective value of an entry: the operator's where it is not 0, else the imported one. (With 1 bit
 * that is OR; with more bits, OR of SUSPENDED and REVOKED would make a third value.)
 */
#ifndef EG_STATE_CHUNK_H
#define EG_STATE_CHUNK_H

#include "lists.h"

#define EG_CHUNK_BYTES 32768u

enum eg_layer { EG_LAYER_IMPORTED, EG_LAYER_OPERATOR };

uint64_t eg_list_bytes(const struct eg_list_row *list);
uint32_t eg_chunk_cnt(const struct eg_list_row *list);
/* Bytes of one chunk: EG_CHUNK_BYTES but for the last. */
uint32_t eg_chunk_len(const struct eg_list_row *list, uint32_t chunk);

/* Replaces the imported layer; bytes: of the list, whose rest becomes zero. */
int eg_chunk_import(
    struct eg_db *db, const struct eg_list_row *list, struct eg_span bytes, struct eg_error *err);
/* Entries of a whole chunk. */
uint32_t eg_chunk_entries(const struct eg_list_row *list);
/* Brings list->marks (sorted) into the operator layer. */
int eg_chunk_fold_marks(struct eg_db *db, const struct eg_list_row *list, struct eg_error *err);
/* Effective bytes of a chunk, with list->marks (sorted); out has EG_CHUNK_BYTES. */
int eg_chunk_effective(struct eg_db *db, const struct eg_list_row *list, uint32_t chunk,
    uint8_t out[EG_CHUNK_BYTES], struct eg_error *err);

#endif
