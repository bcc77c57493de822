/* SPDX-License-Identifier: BSD-3-Clause */
#include "eg_cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

/* A regular file needs its size, and one that is too large is not read at all; anything else may
 * bring as much as is allowed. One byte more shows that there is more. */
static int room_for(int fd, const char *path, size_t max, size_t *room, struct eg_error *err)
{
	struct stat st;

	*room = max + 1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= 0)
		return 0;
	if ((uint64_t)st.st_size > max)
		return eg_error_set(err, EG_ELIMIT, "%s: it has %lld bytes, at most %zu are taken",
		    path, (long long)st.st_size, max);
	*room = (size_t)st.st_size + 1;
	return 0;
}

static int read_all(int fd, size_t room, struct eg_cli_bytes *out)
{
	while (out->len < room) {
		ssize_t n = read(fd, out->ptr + out->len, room - out->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		out->len += (size_t)n;
	}
	return 0;
}

static int read_fd(
    int fd, const char *path, size_t max, struct eg_cli_bytes *out, struct eg_error *err)
{
	size_t room;
	int rc = room_for(fd, path, max, &room, err);

	if (rc != 0)
		return rc;
	*out = (struct eg_cli_bytes){malloc(room + 1), 0};
	if (out->ptr == NULL)
		return eg_error_set(err, EG_ENOMEM, "%s: no memory for %zu bytes", path, room);
	if (read_all(fd, room, out) != 0)
		return eg_error_set(err, EG_EIO, "%s: %m", path);
	if (out->len == room)
		return eg_error_set(err, EG_ELIMIT,
		    "%s: longer than %zu bytes, or it grew while it was read", path, room - 1);
	out->ptr[out->len] = '\0';
	return 0;
}

int eg_cli_read_file(const char *path, size_t max, struct eg_cli_bytes *out, struct eg_error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	*out = (struct eg_cli_bytes){NULL, 0};
	if (fd < 0)
		return eg_error_set(err, errno == ENOENT ? EG_ENOENT : EG_EIO,
		    "%s: %m (give the path of a file that can be read)", path);
	rc = read_fd(fd, is_stdin ? "stdin" : path, max, out, err);
	if (!is_stdin)
		(void)close(fd);
	if (rc != 0)
		eg_cli_bytes_free(out);
	return rc;
}

void eg_cli_bytes_free(struct eg_cli_bytes *bytes)
{
	if (bytes->ptr != NULL)
		sodium_memzero(bytes->ptr, bytes->len);
	free(bytes->ptr);
	*bytes = (struct eg_cli_bytes){NULL, 0};
}
