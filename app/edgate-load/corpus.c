/* SPDX-License-Identifier: BSD-3-Clause */
#include "corpus.h"

#include "eg_egt.h"
#include "eg_hex.h"
#include "forge.h"
#include "frame.h"
#include "shard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX_BYTES (16l << 30)

/* -1 with errno. A directory opens and has a size: it says what it is when it is read. */
static long size_of(FILE *f)
{
	char first;
	long bytes = -1;

	if (fread(&first, 1, 1, f) == 0 && ferror(f) != 0)
		return -1;
	if (fseek(f, 0, SEEK_END) == 0)
		bytes = ftell(f);
	rewind(f);
	if (bytes <= FILE_MAX_BYTES)
		return bytes;
	errno = EFBIG;
	return -1;
}

static char *read_file(const char *path, struct eg_error *err)
{
	FILE *f = fopen(path, "rb");
	long bytes = f != NULL ? size_of(f) : -1;
	char *text = bytes >= 0 ? calloc(1, (size_t)bytes + 1) : NULL;
	bool is_whole = text != NULL && fread(text, 1, (size_t)bytes, f) == (size_t)bytes;

	if (!is_whole)
		(void)eg_error_set(err, EG_EIO, "%s: %s", path, strerror(errno));
	else if (strlen(text) != (size_t)bytes) /* what follows would be left out */
		(void)eg_error_set(
		    err, EG_EINVAL, "%s: a byte 0 at %zu: it is damaged", path, strlen(text));
	if (f != NULL)
		(void)fclose(f);
	if (is_whole && strlen(text) == (size_t)bytes)
		return text;
	free(text);
	return NULL;
}

static size_t count_lines(const char *text)
{
	size_t cnt = 1;

	for (; *text != '\0'; text++)
		cnt += *text == '\n';
	return cnt;
}

static int parse_line(struct load_token *token, char *line)
{
	char *status = strchr(line, '\t');
	char *text = status != NULL ? strchr(status + 1, '\t') : NULL;

	if (text == NULL)
		return -EG_EINVAL;
	*status++ = '\0';
	*text++ = '\0';
	*token = (struct load_token){
	    .name = line,
	    .expected = (uint8_t)eg_verdict_by_name(status),
	    .bytes = eg_span_str(text),
	};
	if (eg_hex_decode(token->bytes, (uint8_t *)text)) {
		token->bytes.len /= 2;
		token->fmt = EG_FMT_CWT;
	}
	return token->expected != EG_VERDICT_NONE ? 0 : -EG_EINVAL;
}

static bool is_wanted(const struct load_token *token, const struct load_corpus_wish *wish)
{
	return token->expected == EG_OK || !wish->only_valid;
}

static int parse_text(struct load_corpus *c, const char *path, const struct load_corpus_wish *wish,
    struct eg_error *err)
{
	char *rest = c->text, *line;

	for (unsigned number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
		size_t len = strlen(line);

		if (len != 0 && line[len - 1] == '\r')
			line[len - 1] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (parse_line(&c->token[c->token_cnt], line) != 0)
			return eg_error_set(err, EG_EINVAL,
			    "%s:%u: it must be name<TAB>STATUS<TAB>token with a STATUS that edgate "
			    "answers",
			    path, number);
		c->token_cnt += is_wanted(&c->token[c->token_cnt], wish);
		if (c->token_cnt == wish->cnt_max && wish->cnt_max != 0)
			break;
	}
	return 0;
}

static size_t record_bytes(const struct load_token *token)
{
	return EG_EGT_RECORD_BYTES + token->bytes.len;
}

/* How many tokens from `first` go into one request. */
static uint8_t count_fitting(
    const struct load_corpus *c, size_t first, const struct load_corpus_wish *wish)
{
	size_t bytes = EG_EGT_HEADER_BYTES;
	uint8_t cnt = 0;

	for (size_t i = first; i < c->token_cnt && cnt < wish->tokens_max; i++, cnt++) {
		bytes += record_bytes(&c->token[i]);
		if (bytes > wish->bytes_max || EG_EGT_RESPONSE_BYTES(cnt + 1u) > wish->bytes_max)
			break;
	}
	return cnt;
}

/* Writes the request to `frame`; its tokens learn where in it their signatures are. */
static size_t write_request(
    struct load_corpus *c, const struct load_request *request, uint8_t *frame, size_t room)
{
	struct eg_writer w = eg_writer(frame, room);

	eg_egt_begin_request(&w, EG_EGT_VERIFY, 0, request->cnt, 0, 0);
	for (size_t i = 0; i < request->cnt; i++) {
		struct load_token *token = &c->token[request->first + i];
		const struct eg_egt_record record = {.fmt = token->fmt, .token = token->bytes};

		eg_egt_put_record(&w, &record);
		token->fits = true;
		token->forge = load_forge_place(token);
		if (token->forge.at != 0)
			token->forge.at = (uint16_t)(token->forge.at +
			                             (size_t)(w.ptr - token->bytes.len - frame));
	}
	return eg_egt_finish_request(&w, frame, request->cnt);
}

static size_t build_request(
    struct load_corpus *c, size_t first, uint8_t *frame, const struct load_corpus_wish *wish)
{
	struct load_request *request = &c->request[c->request_cnt];
	const struct load_token *token = &c->token[first];

	request->first = (uint32_t)first;
	request->cnt = count_fitting(c, first, wish);
	if (request->cnt == 0)
		return 0;
	request->bytes = eg_span(frame, write_request(c, request, frame, wish->bytes_max));
	request->sum = load_frame_sum(0, frame, request->bytes.len);
	request->expected = token->expected;
	request->shard = (uint8_t)load_shard_of(token->bytes, token->fmt, wish->list_bits);
	c->request_bytes += request->bytes.len;
	c->request_cnt++;
	return request->bytes.len;
}

static void build_requests(struct load_corpus *c, const struct load_corpus_wish *wish)
{
	uint8_t *frame = c->frames.mem;

	for (size_t first = 0; first < c->token_cnt;) {
		size_t bytes = build_request(c, first, frame, wish);

		frame += bytes;
		first += bytes != 0 ? c->request[c->request_cnt - 1].cnt : 1;
	}
}

/* Room for the requests, each token alone in its own at worst. */
static int allocate_requests(struct load_corpus *c, struct eg_error *err)
{
	size_t bytes = EG_EGT_DATAGRAM_MAX + LOAD_COPY_BYTES;

	if (c->token_cnt > UINT32_MAX)
		return eg_error_set(err, EG_ELIMIT, "%zu tokens are too many", c->token_cnt);
	for (size_t i = 0; i < c->token_cnt; i++)
		bytes += EG_EGT_RESPONSE_BYTES(1) + record_bytes(&c->token[i]);
	c->frames = eg_pages_alloc(bytes);
	c->request = calloc(c->token_cnt + 1, sizeof(*c->request));
	if (c->frames.mem == NULL || c->request == NULL)
		return eg_error_set(err, EG_ENOMEM, "no memory for %zu tokens", c->token_cnt);
	return 0;
}

/* What cannot be made false is left out. */
static void forge_all(struct load_corpus *c)
{
	size_t cnt = 0;

	for (size_t i = 0; i < c->token_cnt; i++) {
		c->token[cnt] = c->token[i];
		c->token[cnt].expected = EG_BAD_SIGNATURE;
		cnt += load_forge_place(&c->token[i]).at != 0;
	}
	c->token_cnt = cnt;
}

static int build(struct load_corpus *c, const char *path, const struct load_corpus_wish *wish,
    struct eg_error *err)
{
	int rc = parse_text(c, path, wish, err);

	if (rc == 0 && wish->forged)
		forge_all(c);
	if (rc == 0 && c->token_cnt == 0)
		rc = eg_error_set(err, EG_EINVAL, "%s: no token in it%s", path,
		    wish->only_valid ? " that is expected OK" : "");
	if (rc == 0)
		rc = allocate_requests(c, err);
	if (rc == 0)
		build_requests(c, wish);
	return rc;
}

int load_corpus_read(struct load_corpus *corpus, const char *path,
    const struct load_corpus_wish *wish, struct eg_error *err)
{
	int rc;

	*corpus = (struct load_corpus){.text = read_file(path, err)};
	if (corpus->text == NULL)
		return err->code;
	corpus->token = calloc(count_lines(corpus->text), sizeof(*corpus->token));
	rc = corpus->token != NULL ? build(corpus, path, wish, err)
	                           : eg_error_set(err, EG_ENOMEM, "no memory for %s", path);
	if (rc != 0)
		load_corpus_free(corpus);
	return rc;
}

void load_corpus_free(struct load_corpus *corpus)
{
	free(corpus->text);
	free(corpus->token);
	free(corpus->request);
	eg_pages_free(&corpus->frames);
	*corpus = (struct load_corpus){.text = NULL};
}
