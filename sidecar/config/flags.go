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

// ParseWait reads the arguments of `sidecar wait`.
func ParseWait(arguments []string, help io.Writer) (readiness.Client, error) {
	return parseClient(contract.CommandWait, arguments, readiness.Client{Timeout: DefaultWait}, help, func(*flag.FlagSet) {})
}

// ParseProbe reads the arguments of `sidecar probe`. Live is whether it is the liveness probe.
func ParseProbe(arguments []string, help io.Writer) (client readiness.Client, live bool, err error) {
	client, err = parseClient(contract.CommandProbe, arguments, readiness.Client{Timeout: DefaultProbe}, help, func(set *flag.FlagSet) {
		set.BoolVar(&live, contract.FlagLive, false, "fail while something is wrong, in place of before the start")
	})
	return client, live, err
}

func parseClient(command string, arguments []string, c readiness.Client, help io.Writer, more func(*flag.FlagSet)) (readiness.Client, error) {
	c.Address = contract.ListenAddress(contract.DefaultPort)
	set := flag.NewFlagSet("sidecar "+command, flag.ContinueOnError)
	set.StringVar(&c.Address, contract.FlagListen, c.Address, "`address` the sidecar listens on")
	set.DurationVar(&c.Timeout, contract.FlagTimeout, c.Timeout, "how long to wait at most")
	more(set)
	if err := flags.Parse(set, arguments, help); err != nil {
		return readiness.Client{}, err
	}
	if c.Timeout < 0 {
		return readiness.Client{}, fmt.Errorf("--timeout=%s is negative: set it to 0s or more", c.Timeout)
	}
	return c, checkListen(c.Address)
}
