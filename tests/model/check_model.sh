#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs the model of the hand-over through spin: it must hold as it is, and each way to break it must
# be found. A model that cannot fail shows nothing.
set -eu
model=$(cd "$(dirname "$0")" && pwd)/revocation.pml

if ! command -v spin >/dev/null; then
	echo "SKIPPED: spin is not installed"
	exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# check NAME [DEFINE]: the number of errors that an exhaustive search finds.
check() {
	spin -a ${2:+-D"$2"} "$model" >/dev/null
	cc -w -O2 -DSAFETY -DNOREDUCE -o pan pan.c
	./pan -m100000 >"$1.out"
	grep -q "max search depth too small" "$1.out" && { echo "$1: not searched to the end"; exit 1; }
	sed -n 's/.*errors: \([0-9]*\)$/\1/p' "$1.out"
}

failed=0
if [ "$(check sound)" != 0 ]; then
	echo "FAILED: a token was answered OK with an epoch that revokes it"
	failed=1
fi
echo "sound: $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' sound.out) states"
for broken in LOAD_EPOCH_LATE OWN_EPOCH_ONLY RELAXED_EPOCH EPOCH_FIRST; do
	if [ "$(check "$broken" "$broken")" = 0 ]; then
		echo "FAILED: the model does not see $broken"
		failed=1
	else
		echo "$broken: found"
	fi
done
exit $failed
