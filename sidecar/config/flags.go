package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

const (
	// DefaultWait bounds how long the start of an application waits for its first credentials.
	DefaultWait = 30 * time.Second
	// DefaultProbe is less than the one second after which the kubelet gives up on a probe and loses its output.
	DefaultProbe = 800 * time.Millisecond
)

// ParseClient reads the arguments of `sidecar wait` and `sidecar probe`. Name is the subcommand, and timeout its default.
func ParseClient(name string, args []string, timeout time.Duration, help io.Writer) (readiness.Client, error) {
	c := readiness.Client{Address: contract.ListenAddress(contract.DefaultPort), Timeout: timeout}
	flags := flagSet("sidecar "+name, help)
	flags.StringVar(&c.Address, "listen", c.Address, "`address` the sidecar listens on")
	flags.DurationVar(&c.Timeout, "timeout", c.Timeout, "how long to wait for credentials")
	if err := parseFlags(flags, args); err != nil {
		return readiness.Client{}, err
	}
	if c.Timeout < 0 {
		return readiness.Client{}, fmt.Errorf("--timeout=%s is negative: set it to 0s or more", c.Timeout)
	}
	return c, checkListen(c.Address)
}

// flagSet makes a set of flags that neither prints errors nor ends the process: both are up to main.
func flagSet(name string, help io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {
		flags.SetOutput(help)
		_, _ = fmt.Fprintf(help, "Usage of %s:\n", name)
		flags.PrintDefaults()
	}
	return flags
}

func parseFlags(flags *flag.FlagSet, args []string) error {
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	if err != nil {
		return fmt.Errorf("read the arguments: %w; run %s --help to see them", err, flags.Name())
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes only flags: remove %q", flags.Name(), flags.Arg(0))
	}
	return nil
}
