// Package install installs AWS SDKs by the ordinary clients of their registries, into the user's cache directory.
package install

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/e2e/machine/cache"
)

// installScript installs, into the directory that it runs in, what the lock file there names, by the ordinary client of its
// registry. Nothing that a package brings is run.
const installScript = `
set -eu
if test -e package-lock.json; then
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
elif test -e pom.xml; then
	mvn --quiet --batch-mode compile dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=lib
elif test -e Cargo.toml; then
	mkdir src
	mv main.rs src
	cargo build --quiet --locked
elif ls ./*.txt >/dev/null 2>&1; then
	/usr/bin/python3 -m pip install --quiet --no-input --root-user-action=ignore --disable-pip-version-check \
		--only-binary=:all: --no-deps --no-compile --requirement="$(echo *.txt)" --target=.
	# SDKs read their descriptions of AWS compressed as well, and those are most of them.
	find . -path '*/botocore/data/*.json' -exec gzip -n {} +
	# Compiled here once: an image is read-only in a pod.
	/usr/bin/python3 -m compileall -q --invalidation-mode unchecked-hash .
fi
# Without one of these, it is a package of Debian.
`

// Client is a directory with files of the directory clients and with what their lock file names, from the cache or made now.
func Client(ctx context.Context, log func(format string, args ...any), name string, files ...string) (dir string, err error) {
	// Another release of the host is another Python.
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", fmt.Errorf("find out the host's release: %w", err)
	}
	recipe := bytes.NewBuffer(append(release, installScript...))
	for _, file := range files {
		content, err := os.ReadFile(filepath.Join("clients", file))
		if err != nil {
			return "", fmt.Errorf("read the client: %w", err)
		}
		recipe.WriteString(file)
		recipe.Write(content)
	}
	return cache.Ensure(ctx, cache.Entry{
		Name:     fmt.Sprintf("sdk-%s-%.6x", name, sha256.Sum256(recipe.Bytes())),
		What:     "installing the SDK " + name,
		Expected: "half a minute",
		Make: func(ctx context.Context, dir string) error {
			for _, file := range files {
				if err := Execute(ctx, "", "cp", filepath.Join("clients", file), dir); err != nil {
					return err
				}
			}
			return Execute(ctx, dir, "/bin/sh", "-c", installScript)
		},
	}, log)
}

// Execute runs a program of the host in a directory. Its error carries what the program complained about.
func Execute(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(string(out)))
	}
	return nil
}
