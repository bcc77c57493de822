# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash
# Shared by ./quickstart and ./check: messages, missing packages. Sourced, with $root set.
: "${root:?}"

say() {
	printf '\n== %s\n' "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Prints the packages of .ci/packages.txt (up to the line '# -- to test' unless $1 is "all") that
# are not installed.
missing_packages() {
	local stop='^# -- to test' name
	[ "$1" = all ] && stop='^$'
	sed -e "/$stop/,\$d" -e 's/#.*//' -e 's/[[:space:]].*//' "$root/.ci/packages.txt" |
		while read -r name; do
			[ -n "$name" ] || continue
			dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed ||
				echo "$name"
		done
}

# Installs what is missing, or says which command does it.
ensure_packages() {
	local missing
	command -v dpkg-query >/dev/null ||
		die "this is not a Debian system: install what .ci/packages.txt lists, then build with meson"
	missing=$(missing_packages "$1" | tr '\n' ' ')
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] ||
		die "these packages are missing and only root can install them; run:
  sudo apt-get install --no-install-recommends $missing"
	say "installing: $missing"
	# shellcheck disable=SC2086
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends $missing; } >"$root/.apt.log" 2>&1 ||
		{ tail -n 20 "$root/.apt.log" >&2; die "apt-get failed; its log is in .apt.log"; }
	rm -f "$root/.apt.log"
}

# Is this root that can make network namespaces?
can_netns() {
	local probe="edgate-probe-$$" rc
	[ "$(id -u)" = 0 ] && ip netns add "$probe" 2>/dev/null || return 1
	ip netns exec "$probe" true 2>/dev/null
	rc=$?
	ip netns del "$probe"
	return "$rc"
}
