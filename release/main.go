// Release makes the product's images without Docker, publishes them, and writes what a release consists of.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/podidentity/podidentity/release/images"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// options are the flags of all commands.
type options struct {
	// checkout has the Dockerfile, the manifests, and the binaries in bin/.
	checkout string
	// out is the directory to write.
	out string
	// registry is where the images are, or will be.
	registry string
	version  string
	// architectures are those of the binaries.
	architectures []string
	// plugins are the platforms of the plugin of kubectl, such as darwin/arm64.
	plugins []string
	// key is the file of the private key that signs, empty for no signature.
	key string
}

func run(ctx context.Context, arguments []string, out io.Writer) error {
	if len(arguments) == 0 {
		return errors.New("name a command: images, push or dist")
	}
	o, err := parse(arguments)
	if err != nil {
		return err
	}
	all, err := images.Build(o.checkout, o.version, o.architectures)
	if err != nil {
		return err
	}
	switch arguments[0] {
	case "images":
		return images.Write(o.out, o.registry, o.version, all)
	case "push":
		return push(ctx, o, all, out)
	case "dist":
		return dist(o, all)
	default:
		return fmt.Errorf("there is no command %s: name images, push or dist", arguments[0])
	}
}

func parse(arguments []string) (options, error) {
	var o options
	set := flag.NewFlagSet("release "+arguments[0], flag.ContinueOnError)
	set.StringVar(&o.checkout, "checkout", "..", "the directory with the Dockerfile, the manifests, and the binaries in bin/")
	set.StringVar(&o.out, "out", "", "the directory to write: images writes an OCI layout, dist all of a release")
	set.StringVar(&o.registry, "registry", "", "where the images are published")
	set.StringVar(&o.version, "version", "", "the tag of the images")
	architectures := set.String("architectures", "amd64 arm64", "those of the images")
	plugins := set.String("plugins", "linux/amd64 linux/arm64 darwin/amd64 darwin/arm64", "the platforms of the plugin of kubectl, which only dist reads")
	set.StringVar(&o.key, "key", "", "the file of the ECDSA private key on P-256, in PEM, that signs SHA256SUMS; empty for no signature")
	if err := set.Parse(arguments[1:]); err != nil {
		return o, err
	}
	o.architectures = strings.Fields(*architectures)
	o.plugins = strings.Fields(*plugins)
	switch {
	case set.NArg() > 0:
		return o, fmt.Errorf("%s is no flag", set.Arg(0))
	case o.version == "" || o.registry == "" || len(o.architectures) == 0:
		return o, errors.New("--version, --registry and --architectures must not be empty")
	}
	return o, nil
}
