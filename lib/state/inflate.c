/* SPDX-License-Identifier: BSD-3-Clause */
#include "inflate.h"

#include <stdlib.h>
#include <zlib.h>

#define GZIP_ALONE 16 /* zlib.h: added to the window's bits, gzip and nothing else */

static int judge(const z_stream *z, int found, size_t cap, struct eg_error *err)
{
	if (z->total_out > cap)
		return eg_error_set(
		    err, EG_ELIMIT, "the compressed list holds more than %zu bytes", cap);
	if (found == Z_MEM_ERROR)
		return eg_error_set(err, EG_ENOMEM, "no memory to decompress the list");
	if (found == Z_BUF_ERROR || found == Z_OK)
		return eg_error_set(err, EG_EINVAL, "the compressed list is cut off");
	if (found != Z_STREAM_END)
		return eg_error_set(err, EG_EINVAL, "the compressed list is damaged: %s",
		    z->msg != NULL ? z->msg : "it needs a dictionary");
	if (z->avail_in != 0)
		return eg_error_set(
		    err, EG_EINVAL, "%u bytes stand behind the compressed list", z->avail_in);
	return 0;
}

int eg_inflate(struct eg_span packed, enum eg_inflate_form form, size_t cap,
    struct eg_inflated *out, struct eg_error *err)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)packed.ptr, .avail_in = (uInt)packed.len};
	int rc;

	*out = (struct eg_inflated){0};
	if (packed.len > UINT32_MAX || cap >= UINT32_MAX)
		return eg_error_set(
		    err, EG_ELIMIT, "a compressed list of %zu bytes is too long", packed.len);
	out->bytes = malloc(cap + 1); /* the byte more shows that there is more */
	if (out->bytes == NULL ||
	    inflateInit2(&z, MAX_WBITS + (form == EG_INFLATE_GZIP ? GZIP_ALONE : 0)) != Z_OK) {
		free(out->bytes);
		return eg_error_set(err, EG_ENOMEM, "no memory to decompress the list");
	}
	z.next_out = out->bytes;
	z.avail_out = (uInt)(cap + 1);
	rc = judge(&z, inflate(&z, Z_FINISH), cap, err);
	out->len = z.total_out;
	(void)inflateEnd(&z);
	if (rc != 0) {
		free(out->bytes);
		*out = (struct eg_inflated){0};
	}
	return rc;
}
