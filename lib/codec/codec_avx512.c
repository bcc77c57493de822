/* SPDX-License-Identifier: BSD-3-Clause */
#include "cbor_size.h"
#include "codec_impl.h"
#include "eg_cpu.h"
#include "json_mark.h"
#include "utf8.h"
#include "vec64_avx512.h"

#include "codec_vec64.h"

static bool base64url_decode(struct eg_span text, uint8_t *out)
{
	return vec64_base64url_decode(text, out);
}

static bool json_mark(struct eg_span text, uint64_t *marks)
{
	return vec64_json_mark(text, marks);
}

const struct eg_codec_impl eg_codec_avx512 = {
    .name = "avx512",
    .cpu = EG_CPU_AVX512,
    .base64url_decode = base64url_decode,
    .json_mark = json_mark,
    .json_mark_ink = eg_json_mark_ink_avx2,
    .json_twice = eg_json_twice_avx2,
    .json_alike = eg_json_alike_avx2,
    .cbor_sizes = eg_cbor_sizes_avx2,
    .utf8_valid = eg_utf8_valid_avx2,
};
