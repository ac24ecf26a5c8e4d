package images

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"github.com/podidentity/podidentity/e2e/machine/cache"
)

// requirements are the AWS CLI and all that it needs, at the versions that this was tried with.
const requirements = `awscli==1.46.3
colorama==0.4.6
docutils==0.19
jmespath==1.1.0
pyasn1==0.6.5
python-dateutil==2.9.0.post0
PyYAML==6.0.3
rsa==4.7.2
six==1.17.0
urllib3==2.8.0
`

// awsDockerfile makes an image that is used like Amazon's own image of the CLI: `aws` is its entry point.
const awsDockerfile = `FROM scratch
COPY rootfs /
ENV PATH=/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
ENTRYPOINT ["aws"]
`

// rootfsScript fills the directory rootfs. It runs on the host, with the host's own package sources and its configuration of
// pip, and with the host's Python, which is the one that goes into the image: both come from the same sources.
const rootfsScript = `
set -eu
export DEBIAN_FRONTEND=noninteractive TMPDIR="$PWD" PATH="$PATH:/usr/sbin:/sbin"

# Packages are unpacked, not installed: nothing of them needs more, and the image is a fifth of a Debian.
apt-config dump --no-empty Acquire >apt.conf
set --
for sources in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
	if test -s "$sources"; then set -- "$@" "$sources"; fi
done
mmdebstrap --quiet --variant=extract --include=base-files,busybox,python3 \
	--aptopt=apt.conf --aptopt='APT::Install-Recommends "false"' "" rootfs "$@"

/usr/bin/python3 -m pip install --quiet --no-input --no-warn-script-location --root-user-action=ignore \
	--only-binary=:all: --no-deps --no-compile --requirement=requirements.txt --target=rootfs/usr/local/aws
cd rootfs
mkdir -p bin usr/bin usr/local/bin proc sys dev tmp root
chmod 1777 tmp
mv usr/local/aws/bin/aws usr/local/bin/
# Debian's Python looks here.
mkdir -p usr/local/lib
for python in usr/lib/python3.[0-9]*; do
	mkdir -p "usr/local/lib/${python##*/}"
	mv usr/local/aws "usr/local/lib/${python##*/}/dist-packages"
done

rm -rf usr/share/doc usr/share/man usr/share/locale usr/share/lintian usr/share/info var/cache var/lib/apt var/log etc/apt
rm -rf usr/lib/*/gconv usr/lib/python3*/test usr/local/lib/python3*/dist-packages/bin usr/local/lib/python3*/dist-packages/awscli/examples
# The descriptions of all of AWS are most of the CLI, and it reads them compressed as well.
find usr/local/lib -path '*/botocore/data/*.json' -exec gzip -n {} +
# Compiled here once: an image is read-only in a pod, and each start of the CLI would compile everything again. By one process:
# several of Python 3.13 meet at a socket in TMPDIR, whose path is too long for one.
/usr/bin/python3 -m compileall -q --invalidation-mode unchecked-hash -s "$PWD" -p / usr/lib/python3* usr/local/lib

chroot . /bin/busybox --list | while read -r applet; do
	if ! test -e "bin/$applet" && ! test -e "usr/bin/$applet"; then ln -s /bin/busybox "usr/bin/$applet"; fi
done
ln -sf /bin/busybox bin/sh
echo 'root:x:0:0::/root:/bin/sh
nonroot:x:65532:65532::/tmp:/bin/sh' >etc/passwd
echo 'root:x:0:
nonroot:x:65532:' >etc/group
`

// AWSCLI returns an archive of an image of the AWS CLI, and its tag. It is made once, from Debian's Python and PyPI's awscli, and
// runs as a user who is not root, on a root file system that cannot be written. There is a shell in it, but nothing that checks
// certificates: what pods talk to in the cluster is plain HTTP.
func AWSCLI(ctx context.Context, log func(format string, args ...any)) (archive, tag string, err error) {
	// Another release of the host is another Python.
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return "", "", fmt.Errorf("find out the host's release: %w", err)
	}
	version := regexp.MustCompile(`(?m)^awscli==(\S+)$`).FindStringSubmatch(requirements)[1]
	tag = "localhost/podidentity/aws-cli:" + version
	recipe := sha256.Sum256([]byte(requirements + awsDockerfile + rootfsScript + string(release)))
	dir, err := cache.Ensure(ctx, cache.Entry{
		Name:     fmt.Sprintf("aws-cli-%s-%.6x", version, recipe),
		What:     "making the image of the AWS CLI " + version,
		Expected: "half a minute",
		Make:     func(ctx context.Context, dir string) error { return makeAWSCLI(ctx, dir, tag) },
	}, log)
	return filepath.Join(dir, "image.tar"), tag, err
}

func makeAWSCLI(ctx context.Context, dir, tag string) error {
	build := filepath.Join(dir, "build")
	dockerfile := filepath.Join(build, "Dockerfile")
	err := errors.Join(
		os.Mkdir(build, 0o750),
		os.WriteFile(dockerfile, []byte(awsDockerfile), 0o600),
		os.WriteFile(filepath.Join(build, "requirements.txt"), []byte(requirements), 0o600),
	)
	if err != nil {
		return err
	}
	assemble := exec.CommandContext(ctx, "/bin/sh", "-c", rootfsScript)
	assemble.Dir = build
	if err := run(ctx, assemble, "assemble its files"); err != nil {
		return err
	}
	if err := Build(ctx, Image{Dockerfile: dockerfile, Context: build, Tag: tag}, filepath.Join(dir, "image.tar")); err != nil {
		return err
	}
	return os.RemoveAll(build)
}
