/* SPDX-License-Identifier: BSD-3-Clause */
#include "corpus.h"

#include <stdlib.h>

#define WEIGHT_MAX 1000000u

uint64_t corpus_random(struct corpus *corpus)
{
	uint64_t z = corpus->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static int kind_by_name(struct eg_span name, enum token_fmt fmt)
{
	for (unsigned kind = 0; kind < CORPUS_KINDS; kind++) {
		if (corpus_kind_exists(kind, fmt) && eg_span_eq_str(name, corpus_kind_name(kind)))
			return (int)kind;
	}
	return -1;
}

/* "EXPIRED=5" */
static int parse_share(
    struct eg_span part, enum token_fmt fmt, uint32_t weights[], struct eg_error *err)
{
	const uint8_t *equals = memchr(part.ptr, '=', part.len);
	size_t name_len = equals != NULL ? (size_t)(equals - part.ptr) : part.len;
	int kind = kind_by_name(eg_span(part.ptr, name_len), fmt);
	char digits[16] = "";
	uint64_t weight;

	if (kind < 0)
		return eg_error_set(err, EG_EINVAL, "'%.*s': a corpus has no such status",
		    (int)name_len, (const char *)part.ptr);
	if (equals != NULL && part.len - name_len <= sizeof(digits))
		memcpy(digits, equals + 1, part.len - name_len - 1);
	if (!eg_cli_number(digits, WEIGHT_MAX, &weight))
		return eg_error_set(err, EG_EINVAL, "'%.*s' is not STATUS=WEIGHT", (int)part.len,
		    (const char *)part.ptr);
	weights[kind] = (uint32_t)weight;
	return 0;
}

static uint32_t default_weight(unsigned kind, enum token_fmt fmt)
{
	if (!corpus_kind_exists(kind, fmt))
		return 0;
	return kind == 0 ? 70 : 2;
}

int corpus_parse_mix(const char *text, enum token_fmt fmt, uint32_t weights[], struct eg_error *err)
{
	uint64_t sum = 0;
	struct eg_span part;
	int rc = 0;

	for (unsigned kind = 0; kind < CORPUS_KINDS; kind++)
		weights[kind] = text != NULL ? 0 : default_weight(kind, fmt);
	while (rc == 0 && eg_cli_next_part(&text, &part))
		rc = parse_share(part, fmt, weights, err);
	for (unsigned kind = 0; kind < CORPUS_KINDS; kind++)
		sum += weights[kind];
	if (rc == 0 && sum == 0)
		rc = eg_error_set(err, EG_EINVAL, "all weights are 0");
	return rc;
}

static void shuffle(struct corpus *corpus, uint8_t *plan, uint32_t cnt)
{
	for (uint32_t i = cnt; i > 1; i--) {
		uint32_t j = (uint32_t)(corpus_random(corpus) % i);
		uint8_t kind = plan[i - 1];

		plan[i - 1] = plan[j];
		plan[j] = kind;
	}
}

uint8_t *corpus_plan(struct corpus *corpus, const uint32_t weights[], uint32_t cnt)
{
	uint8_t *plan = malloc((size_t)cnt + 1);
	uint64_t sum = 0, below = 0;
	uint32_t at = 0;

	if (plan == NULL)
		return NULL;
	for (unsigned kind = 0; kind < CORPUS_KINDS; kind++)
		sum += weights[kind];
	for (unsigned kind = 0; kind < CORPUS_KINDS; kind++) {
		below += weights[kind];
		while (at < cnt * below / sum)
			plan[at++] = (uint8_t)kind;
	}
	shuffle(corpus, plan, cnt);
	return plan;
}
