package config_test

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/webhook/config"
)

func TestANamespaceAndAnImageAreEnough(t *testing.T) {
	c, err := config.Parse([]string{"--namespace=pod-identity", "--image=sidecar:v1"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.Injection.Image != "sidecar:v1" || c.Injection.Port != 2711 || !c.Injection.DisableIMDS {
		t.Errorf("unexpected %+v", c.Injection)
	}
}

func TestTheWebhookMakesItsOwnCertificatesUnlessItIsGivenADirectory(t *testing.T) {
	for argument, want := range map[string]string{"--log-level=info": "", "--certificate-dir=/tls": "/tls"} {
		c, err := config.Parse([]string{"--namespace=pod-identity", "--image=sidecar:v1", argument}, io.Discard)
		if err != nil || c.CertificateDir != want {
			t.Errorf("with %s the directory is %q: %v", argument, c.CertificateDir, err)
		}
	}
}

func TestAListReplacesItsWholeDefault(t *testing.T) {
	c, err := config.Parse([]string{"--namespace=pod-identity", "--image=sidecar:v1", "--services=one,two", "--requests=cpu=7m"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Services, []string{"one", "two"}) {
		t.Errorf("the Services are %q", c.Services)
	}
	if requests := c.Injection.Resources.Requests; len(requests) != 1 || requests.Cpu().MilliValue() != 7 {
		t.Errorf("the requests are %v", requests)
	}
}

func TestEachInvalidArgumentIsNamedWithItsRemedy(t *testing.T) {
	for name, test := range map[string]struct{ argument, says string }{
		"no namespace":                             {"--namespace=", "--namespace is empty"},
		"no image":                                 {"--image=", "--image is empty"},
		"an unknown source":                        {"--source=imds", "web-identity or eks-auth"},
		"a cluster that is a path":                 {"--cluster-name=a/b", "--cluster-name is \"a/b\""},
		"a list with an empty name":                {"--webhooks=one,,two", "separate names by single commas"},
		"an auth service that is not used":         {"--eks-auth-endpoint=https://auth", "set --source=eks-auth"},
		"an unknown pull policy":                   {"--image-pull-policy=Sometimes", "Always, IfNotPresent or Never"},
		"an endpoint that is not a URL":            {"--sts-endpoint=sts.local", "--sts-endpoint is \"sts.local\""},
		"a token lifetime that is too short":       {"--token-expiration=1m", "between 10m and 24h"},
		"a privileged port":                        {"--port=80", "a port from 1024 to 65535"},
		"an unknown kind of readiness":             {"--readiness=http", "--readiness is \"http\": set it to true, exec or false"},
		"a wait that is too long":                  {"--wait=1h", "between 0s and 10m"},
		"a CA that its certificates would outlive": {"--ca-validity=1h", "at least twice --certificate-validity"},
		"a proxy that is not a URL":                {"--sts-https-proxy=proxy:3128", "--sts-https-proxy is \"proxy:3128\""},
		"a request above its limit":                {"--requests=memory=64Mi", "more than --limits, 32Mi"},
		"a resource without quantity":              {"--limits=cpu", "such as cpu=5m"},
		"a negative quantity":                      {"--limits=cpu=-1", "such as cpu=5m"},
		"a Guaranteed pod without memory":          {"--guaranteed=cpu=1", "--guaranteed lacks memory"},
		"a drain that is too long":                 {"--drain=1h", "between 0s and 1m"},
		"a negative limit of metrics":              {"--metrics-limit=-1", "--metrics-limit is -1: set it to 0 or more"},
		"an unknown log level":                     {"--log-level=loud", "error, warning, info or debug"},
		"a duration without a unit":                {"--wait=30", "webhook --help"},
		"an unknown flag":                          {"--fast", "webhook --help"},
		"an argument that is not a flag":           {"fast", `"fast" is not a flag`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse([]string{"--namespace=pod-identity", "--image=sidecar:v1", test.argument}, io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v does not say %q", err, test.says)
			}
		})
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	_, err := config.Parse([]string{"--port=1", "--wait=-1s", "--log-level=loud"}, io.Discard)
	for _, flag := range []string{"--namespace", "--image", "--port", "--wait", "--log-level"} {
		if err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("error %v does not name %s", err, flag)
		}
	}
}

func TestSourceEKSAuth(t *testing.T) {
	for name, test := range map[string]struct {
		arguments []string
		says      []string
	}{
		"an endpoint and a cluster name are required": {nil, []string{"--eks-auth-endpoint", "--cluster-name"}},
		"an endpoint and a cluster name are enough":   {[]string{"--eks-auth-endpoint=https://auth.svc", "--cluster-name=green"}, nil},
		"the token is never sent without TLS":         {[]string{"--eks-auth-endpoint=http://auth.svc", "--cluster-name=green"}, []string{"https://"}},
		"a published issuer is not needed":            {[]string{"--eks-auth-endpoint=https://a", "--cluster-name=g", "--watch-issuer"}, []string{"--watch-issuer has no effect"}},
		"settings of STS are refused":                 {[]string{"--eks-auth-endpoint=https://a", "--cluster-name=g", "--sts-fips"}, []string{"--sts-..."}},
		"the annotation of IRSA does not count":       {[]string{"--eks-auth-endpoint=https://a", "--cluster-name=g", "--irsa"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			arguments := append([]string{"--image=sidecar:v1", "--namespace=pod-identity", "--source=eks-auth"}, test.arguments...)
			c, err := config.Parse(arguments, io.Discard)
			if (err == nil) != (test.says == nil) {
				t.Errorf("error %v", err)
			}
			for _, says := range test.says {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("error %v does not say %q", err, says)
				}
			}
			if err == nil && c.Annotations() == association.AllAnnotations {
				t.Error("the annotation of IRSA counts")
			}
		})
	}
}

func TestWithoutIRSAOnlyWhatANamespaceAllowsCounts(t *testing.T) {
	for argument, want := range map[string]association.Annotations{"--irsa": association.AllAnnotations, "--irsa=false": association.BoundedAnnotations} {
		c, err := config.Parse([]string{"--image=sidecar:v1", "--namespace=pod-identity", argument}, io.Discard)
		if err != nil || c.Annotations() != want {
			t.Errorf("%s: %v, %v", argument, c.Annotations(), err)
		}
	}
}
