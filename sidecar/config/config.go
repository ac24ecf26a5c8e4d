// Package config turns the arguments and the environment of the sidecar into checked settings, or into an error that names
// every mistake at once.
package config

import (
	"errors"
	"flag"
	"io"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/sidecar/credentials/eksauth"
	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
)

// Config is the configuration of the sidecar.
type Config struct {
	// IdentityFile holds the identity document. It may be missing and appear later.
	IdentityFile string
	// AuthorizationFile is where the sidecar writes the token with which applications authenticate.
	AuthorizationFile string
	// AuthorizationToken is that token, if it is given from outside for SDKs too old to read the file. It is a secret.
	AuthorizationToken string
	// Containers are the names of the containers that get a token of their own.
	Containers []string
	// RotateTokens replaces at the start the tokens that an earlier process wrote.
	RotateTokens bool
	// Listen is the address of the server, always on 127.0.0.1.
	Listen string
	// Probe is the address that serves the kubelet's probes. If it is empty, none are served.
	Probe string
	// Metrics is the address that serves metrics. If it is empty, none are served.
	Metrics string
	// Source is contract.SourceWebIdentity or contract.SourceEKSAuth, and selects between the two that follow.
	Source      string
	WebIdentity webidentity.Source
	EKSAuth     eksauth.Source
}

// Parse reads the arguments, and the environment through getenv. Its error joins all mistakes, each a sentence that says
// what to do. It is flag.ErrHelp if help was asked for, which is then written to help.
func Parse(arguments []string, getenv func(string) string, help io.Writer) (Config, error) {
	c := Config{
		IdentityFile:       filepath.Join(contract.MountPath, contract.IdentityFile),
		AuthorizationFile:  filepath.Join(contract.AuthorizationMountPath, contract.AuthorizationFile),
		AuthorizationToken: getenv(contract.EnvAuthorizationToken),
		Containers:         list(getenv(contract.EnvContainers)),
		RotateTokens:       getenv(contract.EnvSkippedContainers) != "",
		Listen:             contract.ListenAddress(contract.DefaultPort),
		Source:             contract.SourceWebIdentity,
		EKSAuth:            readEKSAuth(getenv),
	}
	sts, errSTS := readSTS(getenv)
	c.WebIdentity = webidentity.Source{STS: sts, Pod: readPod(getenv)}
	tokenFile := filepath.Join(contract.MountPath, contract.TokenFile)
	set := flag.NewFlagSet("sidecar", flag.ContinueOnError)
	set.StringVar(&c.IdentityFile, contract.FlagIdentity, c.IdentityFile, "`file` of the identity document; may appear and change later")
	set.StringVar(&tokenFile, contract.FlagToken, tokenFile, "`file` of the service account token; may appear and change later")
	set.StringVar(&c.AuthorizationFile, "authorization", c.AuthorizationFile, "`file` that the sidecar creates for applications to authenticate with")
	set.StringVar(&c.Listen, contract.FlagListen, c.Listen, "`address` to listen on, 127.0.0.1:port")
	set.StringVar(&c.Probe, contract.FlagProbe, c.Probe, "`address` to serve the kubelet's probes on, [ip]:port; none by default")
	set.StringVar(&c.Metrics, contract.FlagMetrics, c.Metrics, "`address` to serve Prometheus metrics on, [ip]:port; none by default")
	set.StringVar(&c.Source, contract.FlagSource, c.Source, "`source` of credentials: web-identity is AWS STS, eks-auth a service that speaks the EKS Auth API")
	if err := flags.Parse(set, arguments, help); err != nil {
		return Config{}, err
	}
	c.WebIdentity.TokenFile, c.EKSAuth.TokenFile = tokenFile, tokenFile
	if err := errors.Join(c.validate(), errSTS); err != nil {
		return Config{}, err
	}
	return c, nil
}

func list(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
