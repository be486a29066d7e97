#!/bin/bash
# timeout: 300
# Unwind tables of Debian's arm64 programs, which are fetched for it, against libdw and Capstone.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=$(tests/unwind/fetch-arm64 2>&1) || {
	echo "no arm64 programs: ${folder##*$'\n'}"
	exit 77
}
MEMTRACE_ARM64=${folder##*$'\n'} exec "${BUILD:-build}/tests/unit/unwind_oracle"
