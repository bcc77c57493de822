#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Proof of reach: runs each target's corpus in a build that counts, and fails naming what of
# reach/<target>.txt was not reached. Needs clang and llvm.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 1

usage() {
	cat <<'EOT'
usage: tests/fuzz/reach.sh [TARGET…]

Builds into build-reach (or $BUILD) with source-based coverage, replays tests/fuzz/corpus, and
compares with tests/fuzz/reach. Exit status 0 iff everything listed was reached.
EOT
}

case "${1:-}" in --help | -h) usage; exit 0 ;; esac

build=${BUILD:-build-reach}
# the tools must be of the compiler's own version
version=$(clang -dumpversion | cut -d. -f1)
profdata=$(command -v "llvm-profdata-$version" || command -v llvm-profdata) || exit 1
cov=$(command -v "llvm-cov-$version" || command -v llvm-cov) || exit 1

if [ ! -f "$build/build.ninja" ]; then
	rm -rf "$build"
	CC=clang meson setup "$build" -Ddpdk=disabled -Dbuildtype=plain \
		-Dc_args='-O1 -fprofile-instr-generate -fcoverage-mapping' \
		-Dc_link_args=-fprofile-instr-generate >/dev/null || exit 1
fi
ninja -C "$build" fuzz-replay >"$build/reach.log" 2>&1 || { tail -n 20 "$build/reach.log"; exit 1; }

[ $# -gt 0 ] || set -- $(ls tests/fuzz/corpus)
failed=0
for target; do
	program=$build/tests/fuzz/fuzz_$target raw=$build/$target.profraw data=$build/$target.profdata
	rm -f "$raw"
	LLVM_PROFILE_FILE=$raw "$program" --reach "tests/fuzz/reach/$target.txt" \
		"tests/fuzz/corpus/$target" >/dev/null || failed=1
	"$profdata" merge -o "$data" "$raw" &&
		"$cov" export "$program" -instr-profile="$data" -skip-expansions 2>/dev/null |
		python3 tests/fuzz/reach.py "tests/fuzz/reach/$target.txt" || failed=1
done
[ "$failed" = 0 ] && echo "everything listed was reached"
exit "$failed"
