package config

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
)

// validate returns all that is wrong with the configuration, each as a sentence that names the flag.
func (c Config) validate() error {
	return errors.Join(c.validateSessions(), c.validateServer())
}

func (c Config) validateSessions() error {
	// The API's own rule (clusterName of AssumeRoleForPodIdentity).
	name := regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9_-]{0,99}$`)
	arn := regexp.MustCompile(`^arn:[a-z0-9-]+:eks:[a-z0-9-]+:[0-9]{12}:cluster/` + regexp.QuoteMeta(c.ClusterName) + `$`)
	return errors.Join(
		demand(name.MatchString(c.ClusterName), "--cluster-name is %q: set it to a name of letters, digits, '-' and '_' that no other cluster of yours has", c.ClusterName),
		demand(arn.MatchString(c.ClusterARN), "--cluster-arn is %q: set it to arn:aws:eks:REGION:ACCOUNT:cluster/%s, with the account of your roles; a cluster that is not Amazon's gets one by this setting", c.ClusterARN, c.ClusterName),
		demand(c.STSEndpoint == "" || isURL(c.STSEndpoint), "--sts-endpoint is %q: set it to a URL such as https://sts.eu-central-1.amazonaws.com", c.STSEndpoint),
		demand(c.STSRate > 0, "--sts-rate is %d: set it to at least 1", c.STSRate),
		demand(!slices.ContainsFunc(c.Roles, empty), "--roles is %q: set it to patterns such as arn:aws:iam::111122223333:role/pods/*, separated by commas", c.Roles.String()),
	)
}

func (c Config) validateServer() error {
	_, levelErr := logrus.ParseLevel(c.LogLevel)
	return errors.Join(
		demand(c.Namespace != "", "--namespace is empty: set it to the service's own namespace"),
		demand(c.Service != "", "--service is empty: set it to the name of the Service"),
		demand(c.CASecret != "", "--ca-secret is empty: set it to the name of a Secret of the service's own"),
		demand(c.CAConfigMap != "", "--ca-configmap is empty: set it to the name of a ConfigMap of the service's own"),
		demand(c.Listen >= 1 && c.Listen <= 65535, "--listen is %d: set it to a port from 1 to 65535", c.Listen),
		demand(c.ClientRate > 0, "--client-rate is %d: set it to at least 1", c.ClientRate),
		demand(c.CertificateValidity >= time.Minute, "--certificate-validity is %s: set it to at least 1m", c.CertificateValidity),
		demand(c.CAValidity >= 2*c.CertificateValidity, "--ca-validity is %s: set it to at least twice --certificate-validity, %s", c.CAValidity, 2*c.CertificateValidity),
		demand(c.Propagation >= 0 && c.Propagation <= c.CertificateValidity/3, "--propagation is %s: set it to between 0s and a third of --certificate-validity, %s", c.Propagation, c.CertificateValidity/3),
		demand(c.Drain >= 0 && c.Drain <= time.Minute, "--drain is %s: set it to between 0s and 1m", c.Drain),
		demand(levelErr == nil, "--log-level is %q: set it to error, warning, info or debug", c.LogLevel),
	)
}

func demand(held bool, otherwise string, values ...any) error {
	if held {
		return nil
	}
	return fmt.Errorf(otherwise, values...)
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func empty[S ~string](text S) bool { return strings.TrimSpace(string(text)) == "" }
