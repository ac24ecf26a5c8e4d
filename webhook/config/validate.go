package config

import (
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/internal/flags"
	"github.com/podidentity/podidentity/webhook/inject"
)

// validate returns all that is wrong with the configuration, each as a sentence that names the flag.
func (c Config) validate() error {
	return errors.Join(
		c.validateServer(),
		validateInjection(c.Injection),
	)
}

func (c Config) validateServer() error {
	_, levelErr := logrus.ParseLevel(c.LogLevel)
	return errors.Join(
		flags.Require(c.Namespace != "", "--namespace is empty: set it to the webhook's own namespace"),
		flags.Require(c.Lease != "", "--lease is empty: set it to the name of a Lease of the webhook's own"),
		flags.Require(c.CASecret != "", "--ca-secret is empty: set it to the name of a Secret of the webhook's own"),
		demandPort("--listen", c.Listen, 1),
		flags.Require(c.CertificateValidity >= time.Minute, "--certificate-validity is %s: set it to at least 1m", c.CertificateValidity),
		flags.Require(c.CAValidity >= 2*c.CertificateValidity, "--ca-validity is %s: set it to at least twice --certificate-validity, %s", c.CAValidity, 2*c.CertificateValidity),
		flags.Require(c.Drain >= 0 && c.Drain <= time.Minute, "--drain is %s: set it to between 0s and 1m", c.Drain),
		flags.Require(levelErr == nil, "--log-level is %q: set it to error, warning, info or debug", c.LogLevel),
	)
}

func validateInjection(i inject.Settings) error {
	return errors.Join(
		flags.Require(i.Image != "", "--image is empty: set it to the image of the sidecar"),
		flags.Require(legalPullPolicy(i.ImagePullPolicy), "--image-pull-policy is %q: set it to Always, IfNotPresent or Never", i.ImagePullPolicy),
		validateSource(i),
		flags.Require(i.STS.Endpoint == "" || flags.IsURL(i.STS.Endpoint), "--sts-endpoint is %q: set it to a URL such as https://sts.eu-central-1.amazonaws.com", i.STS.Endpoint),
		flags.Require(i.STS.HTTPSProxy == "" || flags.IsURL(i.STS.HTTPSProxy), "--sts-https-proxy is %q: set it to a URL such as http://egress.example.com:3128", i.STS.HTTPSProxy),
		flags.Require(i.STS.Endpoint == "" || !i.STS.FIPS && !i.STS.DualStack, "--sts-endpoint leaves --sts-fips and --sts-dual-stack without meaning: remove it, or these"),
		validateResources(i),
		// 10 minutes is the least that the API server accepts, a day the most that the kubelet renews in time.
		flags.Require(i.TokenExpiration >= 10*time.Minute && i.TokenExpiration <= 24*time.Hour, "--token-expiration is %s: set it to between 10m and 24h", i.TokenExpiration),
		demandPort("--port", i.Port, 1024),
		flags.Require(i.Wait >= 0 && i.Wait <= 10*time.Minute, "--wait is %s: set it to between 0s and 10m", i.Wait),
	)
}

func demandPort(name string, port, least int) error {
	return flags.Require(port >= least && port <= 65535, "%s is %d: set it to a port from %d to 65535", name, port, least)
}

func legalPullPolicy(policy corev1.PullPolicy) bool {
	switch policy {
	case "", corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever:
		return true
	}
	return false
}

func validateResources(i inject.Settings) error {
	var complaints []error
	for name, request := range i.Resources.Requests {
		if limit, limited := i.Resources.Limits[name]; limited && request.Cmp(limit) > 0 {
			complaints = append(complaints, fmt.Errorf("--requests has %s=%s, more than --limits, %s: lower the request", name, request.String(), limit.String()))
		}
	}
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if _, set := i.GuaranteedResources[name]; !set {
			complaints = append(complaints, fmt.Errorf("--guaranteed lacks %s, without which no pod is Guaranteed: add it", name))
		}
	}
	return errors.Join(complaints...)
}
