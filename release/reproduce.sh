#!/bin/sh
# Makes a release of HEAD twice: in different directories, once with an empty cache of builds, and without a module from the network.
# All bytes must be the same.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
release() {
	mkdir -p "$1"
	git archive HEAD | tar -x -C "$1"
	GOPROXY=off MAKEFLAGS='' make --silent --directory="$1" release VERSION=v0.1.0 REGISTRY=registry.example.com/podidentity
}
release "$work/one"
GOCACHE="$work/cache" release "$work/another/and/deeper"
diff -r "$work/one/dist" "$work/another/and/deeper/dist"
cat "$work/one/dist/SHA256SUMS"
echo "both are the same: $(find "$work/one/dist" -type f | wc -l) files"
