package config

import (
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

const (
	// DefaultWait bounds how long the start of an application waits for its first credentials.
	DefaultWait = 30 * time.Second
	// DefaultProbe is less than the one second after which the kubelet gives up on a probe and loses its output.
	DefaultProbe = 800 * time.Millisecond
)

// ParseClient reads the arguments of `sidecar wait` and `sidecar probe`. Name is the subcommand, and timeout its default.
func ParseClient(name string, arguments []string, timeout time.Duration, help io.Writer) (readiness.Client, error) {
	c := readiness.Client{Address: contract.ListenAddress(contract.DefaultPort), Timeout: timeout}
	set := flag.NewFlagSet("sidecar "+name, flag.ContinueOnError)
	set.StringVar(&c.Address, contract.FlagListen, c.Address, "`address` the sidecar listens on")
	set.DurationVar(&c.Timeout, contract.FlagTimeout, c.Timeout, "how long to wait for credentials")
	if err := flags.Parse(set, arguments, help); err != nil {
		return readiness.Client{}, err
	}
	if c.Timeout < 0 {
		return readiness.Client{}, fmt.Errorf("--timeout=%s is negative: set it to 0s or more", c.Timeout)
	}
	return c, checkListen(c.Address)
}
