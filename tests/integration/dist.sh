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

# In a clone there is nothing but what is committed. What npm has installed is shared with it, and up to date there.
git clone -q . "$work/clone"
if [ -e src/report/html/node_modules ]; then
	ln -s "$PWD/src/report/html/node_modules" "$work/clone/src/report/html/node_modules"
	touch -r src/report/html/package-lock.json "$work/clone/src/report/html/package-lock.json"
fi
for folder in first second; do
	"$work/clone/scripts/dist" "$version" "$work/$folder" gz >/dev/null || fail "scripts/dist: status $?"
	touch "$work/clone"/src/*/*.c
done
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
