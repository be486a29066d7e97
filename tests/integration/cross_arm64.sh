#!/bin/bash
# timeout: 600
# memtrace compiles for aarch64, warnings being errors; what of it needs no kernel of that machine runs emulated.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() {
	echo "$*"
	exit 77
}

[ "$(uname -m)" = x86_64 ] || skip 'compiles from x86-64 only'
command -v aarch64-linux-gnu-gcc >/dev/null || skip 'no gcc-aarch64-linux-gnu: scripts/setup cross installs it'
folder=$(realpath -m "${BUILD:-build}")/arm64-cross
sysroot=$folder/sysroot
if [ ! -d "$sysroot" ]; then
	scripts/sysroot-arm64 "$sysroot" || skip 'no libraries of arm64'
fi
make -s ARCH=arm64 BUILD="$folder" SYSROOT="$sysroot" WERROR=1 all "$folder/tests/unit/probe_site_aarch64"
readelf -h "$folder/memtrace" | grep -q 'Machine: *AArch64'

emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64) || {
	echo 'compiled; nothing was run: no qemu-user-static'
	exit 0
}
run() { "$emulator" -L "$sysroot" "$@"; }
run "$folder/memtrace" --version | grep -q '^memtrace '
run "$folder/memtrace" help | grep -qi usage
run "$folder/tests/unit/probe_site_aarch64"
