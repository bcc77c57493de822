#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Every Ed25519 implementation against libsodium on millions of signatures, other ones in each run.
set -u
cd "$(dirname "$0")/../.." || exit 1
case "${1:-}" in
--help | -h | "" | *[!0-9]*)
	echo "usage: [EDGATE_BUILD=build] tests/soak/ed25519.sh MILLIONS [SEED]   (SEED: the time)" >&2
	exit 2
	;;
esac
seed=${2:-$(($(date +%s) % 100000))}
build=${EDGATE_BUILD:-build}
ninja -C "$build" tests/unit/test_ed25519_random || exit 1
for ((i = 0; i < $1; i++)); do
	echo "seed $((seed + i)):"
	EDGATE_SOURCE_ROOT=$PWD EDGATE_ED25519_RANDOM=1000000 EDGATE_ED25519_SEED=$((seed + i)) \
		"$build/tests/unit/test_ed25519_random" || exit 1
done
