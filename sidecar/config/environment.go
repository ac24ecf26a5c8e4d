package config

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials/eksauth"
	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
)

// envCertFile is the name that Go and OpenSSL have for AWS_CA_BUNDLE, which wins.
const envCertFile = "SSL_CERT_FILE"

func readSTS(getenv func(string) string) (webidentity.STS, error) {
	fips, errFIPS := parseBool(contract.EnvFIPS, getenv(contract.EnvFIPS))
	dualStack, errDualStack := parseBool(contract.EnvDualStack, getenv(contract.EnvDualStack))
	s := webidentity.STS{
		Region:    getenv(contract.EnvRegion),
		Endpoint:  getenv(contract.EnvSTSEndpoint),
		CABundle:  caBundle(getenv),
		FIPS:      fips,
		DualStack: dualStack,
	}
	return s, errors.Join(errFIPS, errDualStack, checkRegion(s.Region), checkSTSEndpoint(s))
}

// readEKSAuth defaults to the CA file that the webhook projects for every service but Amazon's, which has a public CA.
func readEKSAuth(getenv func(string) string) eksauth.Source {
	s := eksauth.Source{Endpoint: getenv(contract.EnvEKSAuthEndpoint), CAFile: caBundle(getenv), ClusterName: getenv(contract.EnvClusterName)}
	region, amazon := contract.AmazonEKSAuth(s.Endpoint)
	if s.CAFile == "" && !amazon {
		s.CAFile = filepath.Join(contract.MountPath, contract.AuthCAFile)
	}
	s.Region = region
	return s
}

func readPod(getenv func(string) string) webidentity.Pod {
	return webidentity.Pod{
		Name:           getenv(contract.EnvPodName),
		Namespace:      getenv(contract.EnvPodNamespace),
		UID:            getenv(contract.EnvPodUID),
		ServiceAccount: getenv(contract.EnvPodServiceAccount),
		ClusterName:    getenv(contract.EnvClusterName),
		ClusterARN:     getenv(contract.EnvClusterARN),
	}
}

func caBundle(getenv func(string) string) string {
	return cmp.Or(getenv(contract.EnvCABundle), getenv(envCertFile))
}

// parseBool accepts what the SDKs accept.
func parseBool(name, value string) (bool, error) {
	switch strings.ToLower(value) {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, fmt.Errorf("%s=%s is neither true nor false: set it to one of them", name, value)
}
