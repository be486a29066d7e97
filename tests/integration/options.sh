#!/bin/bash
# Every option of every command stands in the README (tests/unit/help.c looks at the man pages, completions.py at the
# completions), and the man pages are well-formed.
set -euo pipefail
cd "$(dirname "$0")/../.."
memtrace=${BUILD:-build}/memtrace
status=0

commands=$("$memtrace" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
options=$(for command in $commands; do "$memtrace" help "$command"; done | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' |
	grep -oE -- '--[a-z-]+' | sort -u)
[ "$(wc -w <<<"$options")" -ge 40 ] || {
	echo "options: the helps list too few options: $options"
	exit 1
}
for option in $options; do
	case $option in --help | --version | --verbose | --quiet) continue ;; esac
	grep -qE -- "$option([^a-z-]|\$)" README.md && continue
	echo "options: $option is missing in README.md"
	status=1
done

wrong=$(
	groff -ww -z -man -Tutf8 docs/man/*.1 2>&1
	mandoc -T lint -W warning docs/man/*.1 || :
)
[ -z "$wrong" ] || {
	echo "$wrong"
	status=1
}
exit "$status"
