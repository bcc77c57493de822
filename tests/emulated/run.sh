#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-3-Clause
# Runs test programs on a CPU that this machine need not have.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=.ci/setup.sh
. "$root/.ci/setup.sh"

usage() {
	cat <<'EOF'
usage: tests/emulated/run.sh [--cpu MODEL] [--timeout SECONDS] PROGRAM...

Boots Debian's kernel in the emulator Bochs, on a CPU with AVX-512 IFMA and VBMI, and runs each
PROGRAM there as root, its shared libraries brought along, the test vectors in $EDGATE_VECTORS.
Prints what the programs print. Exit status 0 iff each of them exited with 0; 77 (skipped) is no 0.
  --cpu      as `bochs --help cpu` lists them; corei7_icelake_u where not given
  --timeout  for all of it, 1800 where not given
Missing Debian packages are installed (as root; otherwise it says which). The kernel is downloaded,
not installed, and kept in build-emulated beside the project's other build directories.
EOF
}

packages=(bochs bochs-term bochsbios vgabios busybox-static isolinux syslinux-common xorriso cpio)
work=$root/build-emulated
cpu=corei7_icelake_u
limit=1800

while [ $# -gt 0 ]; do
	case $1 in
	--cpu) cpu=${2:?}; shift 2 ;;
	--timeout) limit=${2:?}; shift 2 ;;
	--help | -h) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*) break ;;
	esac
done
[ $# -gt 0 ] || { usage >&2; exit 2; }

installed() {
	dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

install_packages() {
	local missing=() name
	for name in "${packages[@]}"; do
		installed "$name" || missing+=("$name")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "these packages are missing and only root can install them; run:
  sudo apt-get install --no-install-recommends ${missing[*]}"
	say "installing: ${missing[*]}"
	{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
		--no-install-recommends "${missing[@]}"; } >"$work/apt.log" 2>&1 ||
		{ tail -n 20 "$work/apt.log" >&2; die "apt-get failed"; }
}

# The newest kernel for virtual machines: it has the serial port and the disk-less boot built in.
get_kernel() {
	local name
	[ -f "$work/vmlinuz" ] && return
	name=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p')
	[ -n "$name" ] || die "apt knows no linux-image-cloud-amd64"
	say "downloading: $name"
	rm -rf "$work/kernel" && mkdir "$work/kernel"
	(cd "$work/kernel" && apt-get download -qq "$name" && dpkg -x ./*.deb .) \
		>"$work/apt.log" 2>&1 || { tail -n 20 "$work/apt.log" >&2; die "no kernel"; }
	mv "$work"/kernel/boot/vmlinuz-* "$work/vmlinuz" && rm -rf "$work/kernel"
}

# A program and the shared libraries it names, under the paths it names them by.
bring() {
	local lib
	[ -x "$1" ] || die "$1 is not a program"
	cp "$1" "$tree/test/" || exit 1
	for lib in $(ldd "$1" 2>/dev/null | grep -oE '/[^ ]+'); do
		mkdir -p "$tree${lib%/*}" && cp -L "$lib" "$tree$lib" || exit 1
	done
}

write_init() {
	cat <<'EOF'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin EDGATE_VECTORS=/vectors TMPDIR=/tmp
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t tmpfs tmp /tmp
grep -m1 'model name' /proc/cpuinfo
for flag in avx512ifma avx512vbmi; do
	grep -qw $flag /proc/cpuinfo || echo "this CPU, or the kernel on it, has no $flag"
done
cd /tmp
for program in /test/*; do
	echo "== ${program##*/}"
	$program
	echo "@@ status ${program##*/} $?"
done
echo "@@ end"
while :; do sleep 1; done # switched off from outside: what powers off does not wait for the console
EOF
}

build_image() {
	local vectors=${EDGATE_VECTORS:-$root/../shared/vectors} program
	rm -rf "$tree" "$work/iso"
	mkdir -p "$tree"/{bin,dev,proc,tmp,test,vectors} "$work/iso/isolinux"
	cp /bin/busybox "$tree/bin/"
	[ -d "$vectors" ] && cp -r "$vectors/." "$tree/vectors/"
	for program; do
		bring "$program"
	done
	write_init >"$tree/init" && chmod +x "$tree/init"
	(cd "$tree" && find . | cpio -o -H newc --quiet -R 0:0) >"$work/iso/initrd"
	cp "$work/vmlinuz" "$work/iso/"
	cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 \
		"$work/iso/isolinux/"
	# What is wrong with the CPUs of Bochs 2.7, and what the kernel is therefore told they lack:
	# - CPUID leaf 13 gives the PKRU state (protection keys) no bytes, and the compacted form of
	#   XSAVE the size of the other form. At either the kernel gives up XSAVE, and with it every
	#   register above 128 bits: no XSAVEC (321), XSAVES (323), PKU (515), OSPKE (516).
	# - MSR 0x1a0 does not exist, so the kernel turns fast strings off (ERMS), but not FSRM (580),
	#   and its memmove relies on the two coming together.
	cat >"$work/iso/isolinux/isolinux.cfg" <<'EOF'
default edgate
prompt 0
label edgate
 kernel /vmlinuz
 append initrd=/initrd console=ttyS0 quiet panic=-1 mitigations=off nokaslr nosmp clearcpuid=321,323,515,516,580
EOF
	xorriso -as mkisofs -quiet -o "$work/boot.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat \
		-no-emul-boot -boot-load-size 4 -boot-info-table "$work/iso" >"$work/iso.log" 2>&1 ||
		{ cat "$work/iso.log" >&2; die "no boot image"; }
}

write_machine() {
	cat <<EOF
cpu: model=$cpu, count=1, ips=50000000
memory: guest=512, host=512
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path=$work/boot.iso, status=inserted
boot: cdrom
display_library: term
com1: enabled=1, mode=file, dev=$console
clock: sync=none
log: $work/bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
EOF
}

# Runs the machine until the end mark or the limit.
run_machine() {
	local pid end=$((SECONDS + limit))
	write_machine >"$work/bochsrc"
	echo continue >"$work/debugger" # Debian's Bochs waits in its debugger for this
	: >"$console"
	(exec env TERM=xterm bochs -q -f "$work/bochsrc" -rc "$work/debugger") \
		</dev/null >"$work/screen.log" 2>"$work/bochs.err" &
	pid=$!
	trap 'kill -KILL $pid 2>/dev/null' EXIT
	trap 'exit 1' INT TERM
	while kill -0 $pid 2>/dev/null && [ $SECONDS -lt $end ]; do
		grep -q '^@@ end' "$console" && break
		sleep 1
	done
	kill -KILL $pid 2>/dev/null # it ignores SIGTERM
	wait $pid 2>/dev/null
	trap - EXIT INT TERM
}

# What the programs said, and whether all of them ended well.
report() {
	local good
	tr -d '\r' <"$console" | grep -v '^@@ end'
	if ! grep -q '^@@ end' "$console"; then
		echo "emulated: no end within $limit s; see $work/bochs.log" >&2
		return 1
	fi
	good=$(tr -d '\r' <"$console" | grep -c '^@@ status .* 0$')
	echo "emulated: $good of $# programs passed on $cpu, $SECONDS s"
	[ "$good" = $# ]
}

mkdir -p "$work"
tree=$work/tree console=$work/console.log
install_packages
get_kernel
build_image "$@"
run_machine
report "$@"
