#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs the fuzz targets with libFuzzer.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root" || exit 1

usage() {
	cat <<'EOT'
usage: tests/fuzz/run.sh MINUTES [TARGET…]
       tests/fuzz/run.sh --keep [TARGET…]

Runs every target (or those named) for MINUTES in all, shared equally, one process a core ($JOBS to
change). What is found stays in build-fuzz/fuzz/<target>: corpus, findings, log. The last line
counts; exit status 0 iff nothing was found. Builds into build-fuzz (or $BUILD) where needed.

--keep: adds to tests/fuzz/corpus what runs have found and covers more, as few and small as can be.
EOT
}

case "${1:-}" in
--help | -h) usage; exit 0 ;;
--keep) keep=true ;;
'' | *[!0-9]*) usage >&2; exit 2 ;;
*) keep=false minutes=$1 ;;
esac
shift

build=${BUILD:-build-fuzz} jobs=${JOBS:-$(nproc)}
export build
[ $# -gt 0 ] || set -- $(ls tests/fuzz/corpus)

if [ ! -f "$build/build.ninja" ]; then
	rm -rf "$build"
	CC=clang meson setup "$build" -Dfuzz=enabled || exit 1
fi
# shellcheck disable=SC2046
ninja -C "$build" $(printf 'tests/fuzz/libfuzzer_%s ' "$@") || exit 1

# one TARGET SECONDS: until it finds something, or its time is over.
one() {
	local target=$1 seconds=$2 work=$build/fuzz/$1 dict=tests/fuzz/dict/$1.dict
	mkdir -p "$work/corpus" "$work/findings"
	[ -f "$dict" ] && dict=-dict=$dict || dict=
	# shellcheck disable=SC2086
	"$build/tests/fuzz/libfuzzer_$target" $dict -max_total_time="$seconds" -max_len=8192 -timeout=20 \
		-rss_limit_mb=3000 -print_final_stats=1 -artifact_prefix="$work/findings/" \
		"$work/corpus" "tests/fuzz/corpus/$target" >"$work/log" 2>&1
	echo $? >"$work/status"
}
export -f one

# The seeds stay: what reach lists name need not be coverage.
keep_found() {
	local target=$1 corpus=tests/fuzz/corpus/$1
	mkdir -p "$build/fuzz/$target/corpus"
	"$build/tests/fuzz/libfuzzer_$target" -merge=1 -use_counters=0 -max_len=4096 "$corpus" \
		"$build/fuzz/$target/corpus" >"$build/fuzz/$target/merge.log" 2>&1 || return 1
	echo "$target: $(ls "$corpus" | wc -l) inputs, $(du -sb "$corpus" | cut -f1) bytes"
}

if $keep; then
	for target; do keep_found "$target" || exit 1; done
	exit 0
fi

summary() {
	local target=$1 work=$build/fuzz/$1 runs found
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/log")
	found=$(ls "$work/findings" | wc -l)
	[ "$(cat "$work/status")" = 0 ] || found=$((found > 0 ? found : 1))
	printf '%-14s %10s runs  %s  %s found\n' "$target" "${runs:-?}" \
		"$(grep -o 'cov: [0-9]* ft: [0-9]*' "$work/log" | tail -n 1)" "$found"
	return "$((found > 0))"
}

printf '%s\n' "$@" | xargs -P "$jobs" -I{} bash -c "one {} $((minutes * 60 * jobs / $#))"
bad=0
for target; do summary "$target" || bad=$((bad + 1)); done
echo "fuzz: $# targets, $minutes minutes, $bad with findings"
[ "$bad" = 0 ]
