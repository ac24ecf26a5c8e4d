package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/regular"
	"github.com/podidentity/podidentity/sidecar/config"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/credentials/command"
)

const (
	// program is the file of this process, whatever has become of its path.
	program = "/proc/self/exe"
	// exchangeGCPercent lets an exchange end without a garbage collection: its memory is returned as a whole.
	exchangeGCPercent = 400
	// exchangeTimeout is less than the ten seconds of package credentials, so that an exchange that waits says for whom.
	exchangeTimeout = 9 * time.Second
	// maxIdentity is what a Secret can hold.
	maxIdentity = 1 << 20
)

// exchangeCommand starts `sidecar exchange` with the settings of this process.
func exchangeCommand(c config.Config, getenv func(string) string) command.Source {
	return command.Source{
		Path: program,
		Arguments: []string{
			contract.CommandExchange, "--" + contract.FlagIdentity + "=" + config.Stdin,
			"--" + contract.FlagToken + "=" + c.WebIdentity.TokenFile, "--" + contract.FlagSource + "=" + c.Source,
		},
		Environment: append(config.ExchangeEnvironment(getenv), "GOMAXPROCS=1"),
	}
}

// exchange prints credentials in the credential_process format of the AWS SDKs, or why there are none: to out for programs, to
// problems for people.
func exchange(ctx context.Context, arguments []string, in io.Reader, out, problems io.Writer) (code int) {
	debug.SetGCPercent(exchangeGCPercent)
	ctx, cancel := context.WithTimeout(ctx, exchangeTimeout)
	defer cancel()
	err := hardenProcess()
	if err != nil {
		// The sidecar logs the same of itself.
		_, _ = fmt.Fprintln(problems, err)
	}
	fetched, err := fetch(ctx, arguments, in, problems)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		return printError(command.Print(out, fetched), problems)
	}
	_, _ = fmt.Fprintln(problems, err)
	if err := command.PrintFailure(out, err); err != nil {
		return printError(err, problems)
	}
	return command.ExitFailure
}

func fetch(ctx context.Context, arguments []string, in io.Reader, help io.Writer) (credentials.Credentials, error) {
	c, err := config.ParseExchange(arguments, os.Getenv, help)
	if err != nil {
		return credentials.Credentials{}, err
	}
	document, err := readIdentity(c.IdentityFile, in)
	if err != nil {
		return credentials.Credentials{}, err
	}
	ids, err := contract.ParseIdentities(document)
	if err != nil {
		return credentials.Credentials{}, err
	}
	if ids.RoleARN == "" {
		return credentials.Credentials{}, errors.New("the identity document gives no role to the pod: write one with the role")
	}
	return sourceOf(c).Fetch(ctx, ids.Identity)
}

func readIdentity(file string, in io.Reader) ([]byte, error) {
	if file == config.Stdin {
		document, err := io.ReadAll(io.LimitReader(in, maxIdentity))
		if err != nil {
			return nil, fmt.Errorf("read the identity document from the standard input: %w", err)
		}
		return document, nil
	}
	document, err := regular.ReadFile(file, maxIdentity)
	if err != nil {
		return nil, fmt.Errorf("read the identity document: %w: correct --%s", err, contract.FlagIdentity)
	}
	return document, nil
}

// sourceOf is linked into every sidecar and used by the exchange alone.
func sourceOf(c config.Config) credentials.Source {
	if c.Source == contract.SourceEKSAuth {
		return c.EKSAuth
	}
	return c.WebIdentity
}
