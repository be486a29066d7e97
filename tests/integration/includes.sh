#!/bin/bash
# Includes point one way; and scripts/check-includes sees it where they do not.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
"$root/scripts/check-includes" "$root"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# A tree with one file that includes one header: is that found wrong?
try() { # FILE INCLUDE right|wrong
	local status=0
	rm -rf "$tree/src" "$tree/bpf"
	mkdir -p "$tree/src" "$tree/bpf" "$(dirname "$tree/$1")"
	echo '#include <stdio.h>' >"$tree/src/main.c"
	echo "#include $2" >>"$tree/$1"
	"$root/scripts/check-includes" "$tree" >/dev/null || status=$?
	case $3,$status in
	right,0 | wrong,1) ;;
	*)
		echo "includes: '$1' including $2 should be $3, status was $status"
		exit 1
		;;
	esac
}

try src/main.c '"cli/options.h"' right
try src/cli/trace.c '"report/renderer.h"' right
try src/collect/drain.c '"probe/attach.h"' right
try src/collect/drain.c '<bpf/libbpf.h>' right
try src/probe/attach.c '"memtrace.skel.h"' right
try src/model/snapshot.c '"model/loss.h"' right
try src/report/text.c '"util/escape.h"' right
try bpf/calls.bpf.c '"tables.bpf.h"' right
try bpf/memtrace.h '"model/kind.h"' right

try src/probe/site.c '"collect/session.h"' wrong
try src/report/text.c '"symbolize/symbolizer.h"' wrong
try src/symbolize/elf.c '"unwind/cfi.h"' wrong
try src/model/snapshot.c '"report/renderer.h"' wrong
try src/model/snapshot.c '"memtrace.h"' wrong
try src/util/number.c '"model/snapshot.h"' wrong
try src/analyze/growth.c '<bpf/bpf.h>' wrong
try src/cli/doctor.c '"memtrace.skel.h"' wrong
try src/cli/trace.c '"options.h"' wrong
try src/newcomer/file.c '"model/snapshot.h"' wrong
try bpf/calls.bpf.c '"probe/catalog.h"' wrong
echo "includes: ok"
