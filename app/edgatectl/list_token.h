/* SPDX-License-Identifier: BSD-3-Clause */
/* Status lists as IETF status list tokens (draft 21), signed. Threads: main; allocates. */
#ifndef LIST_TOKEN_H
#define LIST_TOKEN_H

#include "eg_state.h"
#include "token.h"

struct list_token { /* what it is to say */
	struct eg_span uri, issuer;
	const struct eg_list_content *content;
	uint64_t iat_s, exp_s, ttl_s; /* exp, ttl: 0 none */
};

/* The token's bytes, to be given to free(). NULL without memory. */
uint8_t *list_token_jwt(const struct list_token *draft, const struct token_key *key, size_t *len);
uint8_t *list_token_cwt(const struct list_token *draft, const struct token_key *key, size_t *len);

#endif
