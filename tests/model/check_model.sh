#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs the models of the hand-over through spin: each must hold as it is, and each way to break it
# must be found. A model that cannot fail shows nothing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

if ! command -v spin >/dev/null; then
	echo "SKIPPED: spin is not installed"
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# errors MODEL NAME [DEFINE]: the number of errors that an exhaustive search finds.
errors() {
	spin -a ${3:+-D"$3"} "$here/$1.pml" >/dev/null
	cc -w -O2 -DSAFETY -DNOREDUCE -o pan pan.c
	./pan -m100000 >"$2.out"
	grep -q "max search depth too small" "$2.out" && { echo "$2: not searched to the end"; exit 1; }
	sed -n 's/.*errors: \([0-9]*\)$/\1/p' "$2.out"
}

failed=0

# check MODEL BROKEN…
check() {
	local model=$1 broken
	shift
	if [ "$(errors "$model" sound)" != 0 ]; then
		echo "FAILED: $model: a token was answered OK with an epoch that revokes it"
		failed=1
	fi
	echo "$model: $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' sound.out) states"
	for broken; do
		if [ "$(errors "$model" "$broken" "$broken")" = 0 ]; then
			echo "FAILED: $model does not see $broken"
			failed=1
		else
			echo "$broken: found"
		fi
	done
}

check revocation LOAD_EPOCH_LATE OWN_EPOCH_ONLY RELAXED_EPOCH EPOCH_FIRST
check queue SWAP_WET EPOCH_BEFORE_WORD EPOCH_BEFORE_SWAP
exit $failed
