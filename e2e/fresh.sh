#!/bin/bash
# Runs the two commands that matter, and the one between them, as on a machine that has never seen the project: on a clean clone of
# HEAD, with a new home, and so with empty caches of Go, pip, npm and Maven, and with a new /tmp. How clients are configured, in
# the environment, /etc and the home, stays.
set -euo pipefail
if test "${1:-}" != inside; then
	test "$(id -u)" = 0 || { echo 'a cluster needs root: run this with sudo' >&2; exit 1; }
	test ! -e /var/lib/podidentity-e2e || { echo 'there is a cluster on this machine already: run make demo-down and make cluster-down first (bin/e2e remove-all removes those of killed tests)' >&2; exit 1; }
	exec unshare --mount --propagation private "$0" inside
fi
cd "$(dirname "$0")/.."
checkout=$PWD
# Maven and others ask the user database, not the environment.
home=$(getent passwd 0 | cut -d: -f6)
fresh=$(mktemp -d /var/tmp/podidentity-fresh-XXXXXX)
step=

finish() {
	trap '' INT TERM HUP
	if test -n "$step"; then
		kill -TERM -- "-$step" || true
		# What it has started may outlive it.
		for _ in {1..300}; do
			kill -0 -- "-$step" 2>/dev/null || break
			sleep 0.2
		done
		kill -KILL -- "-$step" 2>/dev/null || true
	fi
	if test -e /var/lib/podidentity-e2e; then "$fresh/clone/bin/e2e" remove-all || true; fi
	cd /
	# Lazily: whoever shows a log still has it open.
	umount --lazy "$fresh/logs" 2>/dev/null || true
	rm -rf "$fresh"/{home,tmp,clone,gitconfig,packages}
	rmdir "$fresh/logs" "$fresh"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

mkdir -p "$checkout/bin/test-fresh" "$fresh"/{home,tmp,logs}
chmod 1777 "$fresh/tmp"
rm -f "$checkout"/bin/test-fresh/*
# The checkout may be below what is covered.
mount --bind "$checkout/bin/test-fresh" "$fresh/logs"

# A checkout of another user than root is one that root's git does not trust.
printf '[safe]\n\tdirectory = *\n' >"$fresh/gitconfig"
GIT_CONFIG_GLOBAL=$fresh/gitconfig git clone --quiet "$checkout" "$fresh/clone"

for from in "$home" "$HOME"; do
	for file in .gitconfig .netrc .npmrc .config/go/env .config/pip/pip.conf .pip/pip.conf .m2/settings.xml .m2/settings-security.xml; do
		if test -f "$from/$file"; then
			mkdir -p "$fresh/home/$(dirname "$file")"
			cp -L "$from/$file" "$fresh/home/$file"
		fi
	done
done
go=$(GOTOOLCHAIN=local go env GOROOT)
case $go/ in
"$home"/*)
	mkdir -p "$fresh/home/$(dirname "${go#"$home"/}")"
	cp -a "$go" "$fresh/home/${go#"$home"/}"
	;;
esac
mount --bind "$fresh/home" "$home"
mount --bind "$fresh/tmp" /tmp
if test -d /var/lib/containers; then mount -t tmpfs tmpfs /var/lib/containers; fi

# A home is new only with these where they are by default, whatever the environment or a copied file says.
unset KUBECONFIG TMPDIR GOTMPDIR GOLANGCI_LINT_CACHE CGO_ENABLED MAKEFLAGS MFLAGS MAKELEVEL "${!XDG_@}"
export HOME=$home GOPATH=$home/go GOMODCACHE=$home/go/pkg/mod GOCACHE=$home/.cache/go-build
export PIP_CACHE_DIR=$home/.cache/pip npm_config_cache=$home/.npm MAVEN_OPTS="${MAVEN_OPTS:-} -Dmaven.repo.local=$home/.m2/repository"
unset NPM_CONFIG_CACHE

packages() { dpkg-query --show --showformat '${Package}\n' | sort; }
packages >"$fresh/packages"

failed=0
report=()
run() {
	local name=${*: -1} begin=$SECONDS status=0 log took
	log=$fresh/logs/$name.log
	echo "=== $*"
	: >"$log"
	# In a group of its own, so that an interruption reaches all of it.
	setsid "$@" >>"$log" 2>&1 </dev/null &
	step=$!
	tail --pid="$step" --lines=+1 --follow "$log" &
	local follower=$!
	wait "$step" || status=$?
	step=
	wait "$follower" || true
	took="$(((SECONDS - begin) / 60))m$(((SECONDS - begin) % 60))s"
	if test "$status" = 0; then
		report+=("$* took $took")
	else
		failed=1
		report+=("$* FAILED after $took: see bin/test-fresh/$name.log")
	fi
	echo "=== ${report[-1]}"
}

cd "$fresh/clone"
echo "testing $(git log -1 --format='%h %s'); its output is also kept in bin/test-fresh/; Debian packages that it installs stay"
run make demo
run make demo-down
run make test

if test -n "$(ls -A /var/lib/containers 2>/dev/null)"; then
	failed=1
	report+=("left behind: /var/lib/containers")
fi
if test -e /var/lib/podidentity-e2e; then
	failed=1
	report+=("left behind: /var/lib/podidentity-e2e: $(ls /var/lib/podidentity-e2e)")
fi
installed=$(packages | comm -13 "$fresh/packages" - | paste -sd ' ')
echo
printf '%s\n' "${report[@]}" | tee "$fresh/logs/report.txt"
echo "Debian packages that were installed, and stay: ${installed:-none}"
exit "$failed"
