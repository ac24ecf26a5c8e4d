// Package flags parses and checks the arguments of every binary in the same way.
package flags

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"

	"github.com/podidentity/podidentity/internal/version"
)

// Parse parses the arguments of the command that the set is named after, and adds --version to it. Asked for help or for the version,
// it writes the flags or the version to help, and returns flag.ErrHelp.
func Parse(set *flag.FlagSet, arguments []string, help io.Writer) error {
	// Otherwise the set prints each error that it also returns.
	set.SetOutput(io.Discard)
	asked := set.Bool("version", false, "print the version and exit")
	err := set.Parse(arguments)
	switch {
	case errors.Is(err, flag.ErrHelp):
		set.SetOutput(help)
		set.PrintDefaults()
		return flag.ErrHelp
	case err != nil:
		return fmt.Errorf("%w; %s --help lists the flags", err, set.Name())
	case *asked:
		_, _ = fmt.Fprintln(help, version.Line(set.Name())) // as the flag package does with the help
		return flag.ErrHelp
	case set.NArg() > 0:
		return fmt.Errorf("%q is not a flag; %s --help lists the flags", set.Arg(0), set.Name())
	}
	return nil
}

// Require returns an error, formatted as by fmt.Errorf, unless ok.
func Require(ok bool, format string, values ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, values...)
}

// RequirePort returns an error that names the flag, unless its value is a port that is not below least.
func RequirePort(name string, port, least int) error {
	return Require(port >= least && port <= 65535, "%s is %d: set it to a port from %d to 65535", name, port, least)
}

// IsURL reports whether text is a URL of a web server.
func IsURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// IsTLSURL reports whether text is the URL of a web server that is reached only by TLS.
func IsTLSURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.RawQuery == "" && u.Fragment == ""
}
