#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# The order of lib/meson.build is enforced: a dependency on a module that stands later is refused when
# the build is configured, an include of a module that is not a declared dependency when it compiles,
# and no file reaches into another module's folder by a relative path.
set -eu
root=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset DESTDIR MESON_TESTTHREADS

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# A fresh copy of the sources in $tmp/$1.
copy() {
	mkdir "$tmp/$1"
	cp -r "$root"/{lib,app,drivers-config,tests,perf,meson.build,meson_options.txt} "$tmp/$1/"
}

configure() {
	meson setup -Ddpdk=disabled -Dtests=disabled "$tmp/$1/build" "$tmp/$1" >"$tmp/$1.log" 2>&1
}

copy untouched
configure untouched || { cat "$tmp/untouched.log" >&2; fail "the untouched tree does not configure"; }

copy upward
echo "deps += ['pipeline']" >>"$tmp/upward/lib/codec/meson.build"
! configure upward || fail "codec may depend on pipeline, which stands after it"
grep -q "lib/codec uses 'pipeline', which does not stand before it" "$tmp/upward.log" ||
	{ cat "$tmp/upward.log" >&2; fail "refused, but not for the order"; }

# base64url.c compiles, and no longer does with a header of a later or of an undeclared module.
object() {
	ninja -C "$tmp/$1/build" lib/libeg_codec.a >"$tmp/$1.ninja" 2>&1
}
object untouched || { cat "$tmp/untouched.ninja" >&2; fail "the untouched codec does not compile"; }
for header in eg_pipeline.h eg_stats.h pipeline/eg_pipeline.h; do
	copy include
	sed -i "1a #include \"$header\"" "$tmp/include/lib/codec/base64url.c"
	configure include || fail "the tree with an include of $header does not configure"
	! object include || fail "codec may include $header"
	grep -q "$header.*\(No such file\|file not found\)" "$tmp/include.ninja" ||
		{ cat "$tmp/include.ninja" >&2; fail "refused, but not for $header"; }
	rm -rf "$tmp/include"
done

if grep -rnE '#[[:space:]]*include[[:space:]]*"[^"]*/' "$root/lib" --include='*.[ch]'; then
	fail "an include with a path goes around the order"
fi
echo "module order: enforced"
