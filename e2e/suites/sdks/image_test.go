package sdks_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/e2e/machine/cache"
	"github.com/podidentity/podidentity/e2e/machine/images"
	"github.com/podidentity/podidentity/e2e/machine/install"
)

const (
	clientImage = "localhost/podidentity/sdk-clients:e2e"

	clientDockerfile = `FROM scratch
COPY rootfs /
ENV PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
`

	// rootfsScript fills the directory rootfs with Debian's Python and Node, from the host's own package sources, and with the
	// directories of clients that it is given.
	rootfsScript = `
set -eu
export DEBIAN_FRONTEND=noninteractive TMPDIR="$PWD" PATH="$PATH:/usr/sbin:/sbin"
clients=$*
apt-config dump --no-empty Acquire >apt.conf
set --
for sources in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
	if test -s "$sources"; then set -- "$@" "$sources"; fi
done
# Packages are unpacked, not installed: nothing of them needs more.
mmdebstrap --quiet --variant=extract --include=base-files,python3,nodejs \
	--aptopt=apt.conf --aptopt='APT::Install-Recommends "false"' "" rootfs "$@"
mkdir -p rootfs/clients rootfs/tmp
for client in $clients; do
	cp -R "${client#*=}" "rootfs/clients/${client%%=*}"
done
chmod -R a+rX rootfs/clients
chmod 1777 rootfs/tmp
cd rootfs
rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/lintian usr/share/info var/cache var/lib/apt var/log etc/apt
/usr/bin/python3 -m compileall -q --invalidation-mode unchecked-hash -s "$PWD" -p / usr/lib/python3*
`
)

// inImage is the command of a client in the image, which has the directory, or the program, that it runs from here.
func (c client) inImage() []string {
	last := len(c.command) - 1
	if last == 0 {
		return []string{"/clients/" + c.image}
	}
	return append(append([]string{}, c.command[:last]...), "/clients/"+c.image+"/"+filepath.Base(c.command[last]))
}

// buildImage returns the archive of the image of all clients that run in pods, from the cache or built now.
func buildImage(ctx context.Context, rows []row, log logf) (archive string, err error) {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", fmt.Errorf("find out the host's release: %w", err)
	}
	recipe := sha256.New()
	_, _ = recipe.Write([]byte(rootfsScript + clientDockerfile + string(release))) // it never fails
	var from []string
	for _, r := range rows {
		last := r.client.command[len(r.client.command)-1]
		switch {
		case r.client.image == "":
			continue
		case len(r.client.command) == 1:
			program, err := os.ReadFile(last)
			if err != nil {
				return "", err
			}
			_, _ = recipe.Write(program)
		default:
			// Its name has a digest of what is in it.
			last = filepath.Dir(last)
			_, _ = recipe.Write([]byte(last))
		}
		from = append(from, r.client.image+"="+last)
	}
	dir, err := cache.Ensure(ctx, cache.Entry{
		Name:     fmt.Sprintf("sdk-clients-%.6x", recipe.Sum(nil)),
		What:     "making the image of the SDKs",
		Expected: "a minute",
		Make:     func(ctx context.Context, dir string) error { return makeImage(ctx, dir, from) },
	}, log)
	return filepath.Join(dir, "image.tar"), err
}

func makeImage(ctx context.Context, dir string, from []string) error {
	build := filepath.Join(dir, "build")
	dockerfile := filepath.Join(build, "Dockerfile")
	err := errors.Join(os.Mkdir(build, 0o750), os.WriteFile(dockerfile, []byte(clientDockerfile), 0o600))
	if err != nil {
		return err
	}
	for _, client := range from {
		if strings.ContainsAny(client, " \t\n") {
			return fmt.Errorf("the path %q has a blank: set XDG_CACHE_HOME to a directory without", client)
		}
	}
	if err := install.Execute(ctx, build, "/bin/sh", append([]string{"-c", rootfsScript, "sh"}, from...)...); err != nil {
		return err
	}
	image := images.Image{Dockerfile: dockerfile, Context: build, Tag: clientImage}
	return errors.Join(images.Build(ctx, image, filepath.Join(dir, "image.tar")), os.RemoveAll(build))
}
