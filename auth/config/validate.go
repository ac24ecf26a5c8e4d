package config

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
)

func (c Config) validate() error {
	return errors.Join(c.validateSessions(), c.validateServer())
}

func (c Config) validateSessions() error {
	name, roles := c.API.ClusterName, patterns(c.API.Roles)
	arn := regexp.MustCompile(`^arn:[a-z0-9-]+:eks:[a-z0-9-]+:[0-9]{12}:cluster/` + regexp.QuoteMeta(name) + `$`)
	return errors.Join(
		flags.Require(contract.ValidClusterName(name), "--cluster-name is %q: set it to 1 to 100 letters, digits, - and _ that no other cluster of yours has as its name", name),
		flags.Require(arn.MatchString(c.API.ClusterARN), "--cluster-arn is %q: set it to arn:aws:eks:REGION:ACCOUNT:cluster/%s, with the account of your roles; for a cluster outside EKS you choose it here", c.API.ClusterARN, name),
		flags.Require(c.Sessions.Endpoint == "" || flags.IsURL(c.Sessions.Endpoint), "--sts-endpoint is %q: set it to a URL such as https://sts.eu-central-1.amazonaws.com", c.Sessions.Endpoint),
		flags.Require(c.Sessions.Rate > 0, "--sts-rate is %d: set it to at least 1", c.Sessions.Rate),
		flags.Require(!slices.ContainsFunc(roles, isBlank), "--roles is %q: set it to patterns such as arn:aws:iam::111122223333:role/pods/*, separated by commas", roles.String()),
	)
}

func (c Config) validateServer() error {
	_, levelErr := logrus.ParseLevel(c.LogLevel)
	return errors.Join(
		flags.Require(c.Namespace != "", "--namespace is empty: set it to the service's own namespace"),
		flags.Require(c.Service != "", "--service is empty: set it to the name of the Service"),
		flags.Require(c.CASecret != "", "--ca-secret is empty: set it to the name of a Secret of the service's own"),
		flags.Require(c.CAConfigMap != "", "--ca-configmap is empty: set it to the name of a ConfigMap of the service's own"),
		flags.RequirePort("--listen", c.Listen, 1),
		flags.Require(c.API.ClientRate > 0, "--client-rate is %d: set it to at least 1", c.API.ClientRate),
		flags.Require(c.CertificateValidity >= time.Minute, "--certificate-validity is %s: set it to at least 1m", c.CertificateValidity),
		flags.Require(c.CAValidity >= 2*c.CertificateValidity, "--ca-validity is %s: set it to at least twice --certificate-validity, %s", c.CAValidity, 2*c.CertificateValidity),
		flags.Require(c.Propagation >= 0 && c.Propagation <= c.CertificateValidity/3, "--propagation is %s: set it to between 0s and a third of --certificate-validity, %s", c.Propagation, c.CertificateValidity/3),
		flags.Require(c.Drain >= 0 && c.Drain <= time.Minute, "--drain is %s: set it to between 0s and 1m", c.Drain),
		flags.Require(levelErr == nil, "--log-level is %q: set it to error, warning, info or debug", c.LogLevel),
	)
}

func isBlank(pattern association.Pattern) bool { return strings.TrimSpace(string(pattern)) == "" }
