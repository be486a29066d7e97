# shellcheck shell=bash
# Debian's archive by apt, for what the virtual machines are made of: sourced by fetch and module/build.
#
# Mirror and key are those of the machine's own Debian sources; the lists of the other suites are kept
# apart in build/vm, the machine's own apt configuration is not touched. Nothing is installed.

# Of what suites: those that `suites` has when this is sourced, or all. Lists are long: a fifth of them is enough
# for a kernel whose suite is known.
suites=${suites-bullseye bookworm bookworm-backports trixie trixie-backports}
folder=$(realpath -m "${BUILD:-$root/build}")/vm
apt=$folder/apt/${suites// /+}

options=(-q -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
	-o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin -o Dir::Etc::SourceList=/dev/null
	-o "Dir::Etc::SourceParts=$apt/sources" -o APT::Update::Post-Invoke= -o APT::Update::Post-Invoke-Success=
	-o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false)

# Ends with status 3: the archive does not have it.
absent() {
	echo "${0##*/tests/}: $*" >&2
	exit 3
}

# The suites' lists, at most a day old.
update() {
	local uri key
	if [ -e "$apt/updated" ] && [ -z "$(find "$apt/updated" -mmin +1440)" ]; then return; fi
	# shellcheck disable=SC2016
	uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' \
		'Component: main' | head -n 1) || :
	[ -n "$uri" ] || absent 'apt knows no source of Debian'
	key=$(cat /etc/apt/sources.list.d/*.sources 2>/dev/null |
		sed -nE 's/^Signed-By:[[:space:]]*(\/.*debian-archive.*)/\1/ip' | head -n 1) || :
	mkdir -p "$apt"/{lists/partial,cache/archives/partial,sources}
	for name in $suites; do
		printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nArchitectures: amd64\n' "$uri" "$name"
		if [ -n "$key" ]; then printf 'Signed-By: %s\n' "$key"; fi
		echo
	done >"$apt/sources/debian.sources"
	apt-get "${options[@]}" update >"$apt/update.log" 2>&1 || absent "apt-get update failed: see $apt/update.log"
	touch "$apt/updated"
}

# Is there a package of this name?
has() { # package
	apt-cache "${options[@]}" pkgnames "$1" | grep -xF "$1" >/dev/null
}

# The packages that a package depends on, of those whose name matches.
depends() { # package, extended regular expression
	apt-cache "${options[@]}" show --no-all-versions "$1" | sed -n 's/^Depends: //p' | sed 's/[,|]/\n/g' |
		sed -E 's/^ *([^ ]+).*/\1/' | grep -xE "$2" | sort -u
}

# Downloads a package and lays out its files below a folder.
unpack() { # PACKAGE[/SUITE] folder
	local debs
	debs=$(mktemp -d -p "$folder")
	(cd "$debs" && apt-get "${options[@]}" download "$1" >/dev/null)
	mkdir -p "$2"
	dpkg-deb -x "$debs"/*.deb "$2"
	rm -rf "$debs"
}
