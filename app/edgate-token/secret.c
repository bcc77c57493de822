/* SPDX-License-Identifier: BSD-3-Clause */
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* A length in front of each block, so that free knows how much to wipe. */
union block {
	size_t len;
	max_align_t align;
};

static void *wiping_malloc(size_t len)
{
	union block *block = malloc(sizeof(*block) + len);

	if (block == NULL)
		return NULL;
	block->len = len;
	return block + 1;
}

static void wiping_free(void *ptr)
{
	union block *block;

	if (ptr == NULL)
		return;
	block = (union block *)ptr - 1;
	sodium_memzero(ptr, block->len);
	free(block);
}

int token_init(struct eg_error *err)
{
	if (sodium_init() < 0)
		return eg_error_set(err, EG_EIO, "libsodium does not start");
	json_set_alloc_funcs(wiping_malloc, wiping_free);
	return 0;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int token_write_file(const char *path, const char *text, unsigned mode, struct eg_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int failed;

	if (fd < 0)
		return eg_error_set(err, errno == EEXIST ? EG_EEXIST : EG_EIO,
		    "%s: %m (--force replaces a file of an earlier run)", path);
	failed = write_all(fd, text, strlen(text)) | write_all(fd, "\n", 1);
	if (close(fd) != 0 || failed != 0)
		return eg_error_set(err, EG_EIO, "%s: %m", path);
	return 0;
}
