/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operations of vec8_avx512.h mean what vec8_plain.h says, one by one: what every test of the
 * eight-lane code over plain arrays rests on. Needs the CPU, or tests/emulated/run.sh.
 */
#include "ed25519_vec8_ops.h"
#include "eg_cpu.h"
#include "eg_test.h"

#include <sys/mman.h>

#define ROUNDS 2000

/* Words at the ends of the ranges that operations treat apart, and any. */
static uint64_t edge_word(void)
{
	static const uint64_t edge[8] = {0, 1, UINT64_MAX, UINT64_MAX >> 1, UINT64_MAX / 2 + 1,
	    UINT64_MAX >> 12, (uint64_t)1 << 52, (uint64_t)1 << 51};

	return eg_test_below(3) == 0 ? edge[eg_test_below(8)] : eg_test_random();
}

/* 64 bytes at the end of readable memory. */
static uint8_t *fenced_end(void)
{
	uint8_t *mem = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_true(mem != MAP_FAILED);
	assert_int_equal(mprotect(mem + 4096, 4096, PROT_NONE), 0);
	eg_test_random_bytes(mem + 4096 - 64, 64);
	return mem + 4096;
}

static void instructions_mean_what_arrays_say(void **state)
{
	struct vec8_in in = {.end = fenced_end()};
	uint64_t plain[VEC8_OPS_MAX][8], avx512[VEC8_OPS_MAX][8];

	for (int round = 0; round < ROUNDS; round++) {
		unsigned cnt;

		for (int i = 0; i < 9; i++)
			for (int l = 0; l < 8; l++)
				in.word[i][l] = edge_word();
		in.word[1][eg_test_below(8)] = in.word[0][0];
		in.word[1][0] = eg_test_below(2) ? in.word[0][0] : in.word[1][0];
		in.bytes = (unsigned)round % 65;
		cnt = vec8_ops_plain(&in, plain);
		assert_int_equal(vec8_ops_avx512(&in, avx512), cnt);
		for (unsigned i = 0; i < cnt; i++)
			for (int l = 0; l < 8; l++)
				if (plain[i][l] != avx512[i][l])
					fail_msg("round %d, result %u, lane %d: %016llx, expected "
					         "%016llx",
					    round, i, l, (unsigned long long)avx512[i][l],
					    (unsigned long long)plain[i][l]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(instructions_mean_what_arrays_say),
	};

	if (!eg_cpu_has(EG_CPU_AVX512)) {
		(void)fprintf(stderr, "SKIPPED: this CPU has no AVX-512 IFMA\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
