#!/bin/bash
# Every option of the help stands in the man page, the README and the completions.
set -euo pipefail
cd "$(dirname "$0")/../.."

options=$("${BUILD:-build}/memtrace" help trace | grep -oE -- '--[a-z][a-z-]+' | sort -u)
[ "$(wc -w <<<"$options")" -ge 10 ] || {
	echo "options: the help lists too few options: $options"
	exit 1
}
status=0
for option in $options; do
	name=${option#--}
	for file in docs/memtrace.1 scripts/completions/memtrace.{bash,fish} scripts/completions/_memtrace README.md; do
		case $file,$name in README.md,help | README.md,version) continue ;; esac
		text=$(sed 's/\\-/-/g' "$file")
		grep -qE -- "(--|-l )$name([^a-z-]|\$)" <<<"$text" && continue
		case $file,$name in README.md,verbose | README.md,quiet) continue ;; esac
		echo "options: $option is missing in $file"
		status=1
	done
done
exit "$status"
