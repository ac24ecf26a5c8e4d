package config

import (
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/webhook/inject"
)

// validate returns every mistake in the configuration, with the name of the flag and the remedy.
func (c Config) validate() error {
	return errors.Join(
		c.validateServer(),
		ValidateInjection(c.Injection),
	)
}

func (c Config) validateServer() error {
	_, levelErr := logrus.ParseLevel(c.LogLevel)
	return errors.Join(
		flags.Require(c.Namespace != "", "--namespace is empty: set it to the webhook's own namespace"),
		flags.Require(c.Lease != "", "--lease is empty: set it to the name of the webhook's Lease"),
		flags.Require(c.CASecret != "", "--ca-secret is empty: set it to the name of the webhook's Secret"),
		flags.RequirePort("--listen", c.Listen, 1),
		flags.Require(c.MetricsLimit >= 0, "--metrics-limit is %d: set it to 0 or more", c.MetricsLimit),
		flags.Require(c.CertificateValidity >= time.Minute, "--certificate-validity is %s: set it to at least 1m", c.CertificateValidity),
		flags.Require(c.CAValidity >= 2*c.CertificateValidity, "--ca-validity is %s: set it to at least twice --certificate-validity, %s", c.CAValidity, 2*c.CertificateValidity),
		flags.Require(c.Drain >= 0 && c.Drain <= time.Minute, "--drain is %s: set it to between 0s and 1m", c.Drain),
		flags.Require(!c.WatchIssuer || !c.Injection.UsesEKSAuth(), "--watch-issuer has no effect with --source=eks-auth, whose service does not need a published issuer: remove it"),
		flags.Require(levelErr == nil, "--log-level is %q: set it to error, warning, info or debug", c.LogLevel),
	)
}

// ValidateInjection returns every mistake in what pods get, with the name of the flag and the remedy.
func ValidateInjection(i inject.Settings) error {
	return errors.Join(
		flags.Require(i.Image != "", "--image is empty: set it to the image of the sidecar"),
		flags.Require(validPullPolicy(i.ImagePullPolicy), "--image-pull-policy is %q: set it to Always, IfNotPresent or Never", i.ImagePullPolicy),
		validateSource(i),
		flags.Require(i.STS.Endpoint == "" || flags.IsURL(i.STS.Endpoint), "--sts-endpoint is %q: set it to a URL such as https://sts.eu-central-1.amazonaws.com", i.STS.Endpoint),
		flags.Require(i.STS.HTTPSProxy == "" || flags.IsURL(i.STS.HTTPSProxy), "--sts-https-proxy is %q: set it to a URL such as http://egress.example.com:3128", i.STS.HTTPSProxy),
		flags.Require(i.STS.Endpoint == "" || !i.STS.FIPS && !i.STS.DualStack, "--sts-endpoint excludes --sts-fips and --sts-dual-stack: remove it, or these"),
		validateResources(i),
		// The API server accepts no less than 10 minutes, and the kubelet renews at the latest after a day.
		flags.Require(i.TokenExpiration >= 10*time.Minute && i.TokenExpiration <= 24*time.Hour, "--token-expiration is %s: set it to between 10m and 24h", i.TokenExpiration),
		flags.RequirePort("--port", i.Port, 1024),
		flags.Require(inject.ValidReadiness(i.Readiness), "--readiness is %q: set it to true, exec or false", i.Readiness),
		flags.Require(i.Wait >= 0 && i.Wait <= 10*time.Minute, "--wait is %s: set it to between 0s and 10m", i.Wait),
	)
}

// validateSource requires what the sidecar requires, so that a mistake shows here and not in every pod.
func validateSource(i inject.Settings) error {
	validName := contract.ValidClusterName(i.ClusterName)
	const nameRule = "--cluster-name is %q: set it to 1 to 100 letters, digits, - and _"
	switch i.Source {
	case contract.SourceWebIdentity:
		return errors.Join(
			flags.Require(i.ClusterName == "" || validName, nameRule, i.ClusterName),
			flags.Require(i.EKSAuthEndpoint == "", "--eks-auth-endpoint has no effect with --source=web-identity: remove it, or set --source=eks-auth"),
		)
	case contract.SourceEKSAuth:
		return errors.Join(
			flags.Require(validName, nameRule+", the name that the auth service has for the cluster", i.ClusterName),
			flags.Require(flags.IsTLSURL(i.EKSAuthEndpoint), "--eks-auth-endpoint is %q: set it to the URL of the auth service, such as https://pod-identity-auth.pod-identity.svc, or https://eks-auth.REGION.api.aws on EKS", i.EKSAuthEndpoint),
			flags.Require(i.STS == inject.STS{}, "the flags --sts-... have no effect with --source=eks-auth, whose service calls STS itself: remove them"),
		)
	}
	return flags.Require(false, "--source is %q: set it to %s or %s", i.Source, contract.SourceWebIdentity, contract.SourceEKSAuth)
}

func validPullPolicy(policy corev1.PullPolicy) bool {
	switch policy {
	case "", corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever:
		return true
	}
	return false
}

func validateResources(i inject.Settings) error {
	var errs []error
	for name, request := range i.Resources.Requests {
		if limit, limited := i.Resources.Limits[name]; limited && request.Cmp(limit) > 0 {
			errs = append(errs, fmt.Errorf("--requests has %s=%s, more than --limits, %s: lower the request", name, request.String(), limit.String()))
		}
	}
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if _, set := i.GuaranteedResources[name]; !set {
			errs = append(errs, fmt.Errorf("--guaranteed lacks %s, without which no pod is Guaranteed: add it", name))
		}
	}
	return errors.Join(errs...)
}
