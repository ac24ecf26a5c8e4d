package config

import (
	"fmt"
	"io"
	"time"

	"github.com/podidentity/podidentity/contract"
)

const (
	// DefaultWait bounds how long the start of an application waits for its first credentials.
	DefaultWait = 30 * time.Second
	// DefaultProbe stays below the one second after which the kubelet gives up a probe, so that the reason is still heard.
	DefaultProbe = 800 * time.Millisecond
)

// Ask is what `sidecar wait` and `sidecar probe` are told.
type Ask struct {
	// Listen is the address of the running sidecar.
	Listen string
	// Timeout is how long to wait for an answer worth giving.
	Timeout time.Duration
}

// ParseAsk reads the arguments that follow the subcommand of that name; timeout is its default.
func ParseAsk(name string, args []string, timeout time.Duration, help io.Writer) (Ask, error) {
	a := Ask{Listen: contract.ListenAddress(contract.DefaultPort), Timeout: timeout}
	flags := flagSet("sidecar "+name, help)
	flags.StringVar(&a.Listen, "listen", a.Listen, "`address` the sidecar listens on")
	flags.DurationVar(&a.Timeout, "timeout", a.Timeout, "how long to wait for credentials")
	if err := parseFlags(flags, args); err != nil {
		return Ask{}, err
	}
	if a.Timeout < 0 {
		return Ask{}, fmt.Errorf("--timeout=%s is negative: set it to 0s or more", a.Timeout)
	}
	return a, checkListen(a.Listen)
}
