#!/bin/bash
# The release archive: the same bytes each time, all that git has, and the page of --format html without node.
set -euo pipefail
cd "$(dirname "$0")/../.."
fail() {
	echo "dist: $*"
	exit 1
}
git rev-parse --verify -q HEAD >/dev/null || {
	echo 'this is no clone'
	exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(sed -n 's/^VERSION := //p' Makefile)
name=memtrace-$version

git diff --quiet HEAD -- src/report/html || {
	echo 'src/report/html has changes that are not committed'
	exit 77
}
scripts/dist "$version" "$work/first" gz >/dev/null 2>"$work/said" || fail "$(cat "$work/said")"
(umask 077 && TZ=Asia/Tokyo LC_ALL=C scripts/dist "$version" "$work/second" gz) >/dev/null 2>&1
cmp "$work"/{first,second}/"$name.tar.gz"
tar -C "$work" -xzf "$work/first/$name.tar.gz"
diff <(git ls-tree -r --name-only HEAD | sort) <(cd "$work/$name" && find . -type f -o -type l | sed 's#^\./##' | grep -v '^src/report/html/bundle/' | sort) ||
	fail 'git has other files (<) than the archive (>)'

cd "$work/$name"
scripts/offline scripts/bundle-html "$work/page" || fail 'the page is not made offline'
for part in head tail; do
	cmp "$work/page/$part.html" "src/report/html/bundle/$part.html"
done
grep -q '</html>' "$work/page/tail.html" || fail 'the page is not whole'
grep -q 'Leon Sorokin' "$work/page/head.html" || fail "the page lacks uPlot's licence"

# A version that a release would contradict.
[ "$(sed -n '1s/^memtrace (\(.*\)).*/\1/p' debian/changelog)" = "$version" ] || fail "debian/changelog has another version than $version"
grep -qE "^## \[(Unreleased|$version)\]" CHANGELOG.md || fail "CHANGELOG.md has nothing of $version"
