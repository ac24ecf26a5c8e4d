package config

import (
	"errors"
	"flag"
	"io"
	"path/filepath"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
)

// Stdin is the value of --identity for a document on the standard input.
const Stdin = "-"

// ParseExchange reads the arguments and the environment of `sidecar exchange`. Of the Config, only the identity file and the source
// are set.
func ParseExchange(arguments []string, getenv func(string) string, help io.Writer) (Config, error) {
	c := Config{
		IdentityFile: filepath.Join(contract.MountPath, contract.IdentityFile),
		Source:       contract.SourceWebIdentity,
		EKSAuth:      readEKSAuth(getenv),
	}
	sts, errSTS := readSTS(getenv)
	c.WebIdentity = webidentity.Source{STS: sts, Pod: readPod(getenv)}
	tokenFile := filepath.Join(contract.MountPath, contract.TokenFile)
	set := flag.NewFlagSet("sidecar "+contract.CommandExchange, flag.ContinueOnError)
	set.StringVar(&c.IdentityFile, contract.FlagIdentity, c.IdentityFile, "`file` of the identity document; - is the standard input")
	set.StringVar(&tokenFile, contract.FlagToken, tokenFile, "`file` of the service account token")
	set.StringVar(&c.Source, contract.FlagSource, c.Source, "`source` of credentials: web-identity is AWS STS, eks-auth a service that speaks the EKS Auth API")
	if err := flags.Parse(set, arguments, help); err != nil {
		return Config{}, err
	}
	c.WebIdentity.TokenFile, c.EKSAuth.TokenFile = tokenFile, tokenFile
	err := errors.Join(checkFile("--identity", c.IdentityFile), checkFile("--token", tokenFile), c.checkSource(), errSTS)
	return c, err
}

// ExchangeEnvironment is what `sidecar exchange` needs of the environment. The authorization token is not part of it.
func ExchangeEnvironment(getenv func(string) string) (environment []string) {
	for _, name := range []string{
		contract.EnvRegion, contract.EnvSTSEndpoint, contract.EnvEKSAuthEndpoint, contract.EnvCABundle, contract.EnvFIPS, contract.EnvDualStack,
		contract.EnvClusterName, contract.EnvClusterARN, contract.EnvPodName, contract.EnvPodNamespace, contract.EnvPodUID, contract.EnvPodServiceAccount,
		envCertFile, "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy",
	} {
		if value := getenv(name); value != "" {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}
