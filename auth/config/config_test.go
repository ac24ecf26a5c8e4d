package config_test

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/auth/config"
)

func least() []string {
	return []string{"--namespace=pod-identity", "--cluster-name=green", "--cluster-arn=arn:aws:eks:eu-central-1:111122223333:cluster/green"}
}

func TestTheLeastThatIsAccepted(t *testing.T) {
	c, err := config.Parse(least(), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if c.API.ClusterName != "green" || c.Sessions.ClusterName != "green" || !c.API.Roles[0].Matches("arn:aws:iam::111122223333:role/any") {
		t.Errorf("unexpected %+v", c)
	}
}

func TestBadArgumentsAreNamedWithTheirRemedy(t *testing.T) {
	for name, test := range map[string]struct{ argument, says string }{
		"no namespace":                     {"--namespace=", "--namespace is empty"},
		"a cluster name with a slash":      {"--cluster-name=a/b", "--cluster-name is \"a/b\""},
		"the ARN of another cluster":       {"--cluster-arn=arn:aws:eks:eu-central-1:111122223333:cluster/blue", "cluster/green"},
		"an ARN without account":           {"--cluster-arn=arn:aws:eks:eu-central-1::cluster/green", "with the account of your roles"},
		"an endpoint that is not a URL":    {"--sts-endpoint=sts.local", "--sts-endpoint is \"sts.local\""},
		"no call of STS":                   {"--sts-rate=0", "--sts-rate is 0"},
		"no request":                       {"--client-rate=0", "--client-rate is 0"},
		"an empty pattern":                 {"--roles=arn:aws:iam::111122223333:role/pods/*,", "separated by commas"},
		"a CA that the leaf would outlive": {"--ca-validity=1h", "at least twice --certificate-validity"},
		"a leaf that ends before it":       {"--propagation=72h", "a third of --certificate-validity"},
		"an endless drain":                 {"--drain=1h", "between 0s and 1m"},
		"an unknown log level":             {"--log-level=loud", "error, warning, info or debug"},
		"a port that is none":              {"--listen=0", "a port from 1 to 65535"},
		"an unknown flag":                  {"--fast", "auth --help"},
		"an argument that is not a flag":   {"fast", `"fast" is not a flag`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse(append(least(), test.argument), io.Discard)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v does not say %q", err, test.says)
			}
		})
	}
}

func TestAllMistakesAreNamedAtOnce(t *testing.T) {
	_, err := config.Parse([]string{"--drain=-1s", "--log-level=loud"}, io.Discard)
	for _, flag := range []string{"--namespace", "--cluster-name", "--cluster-arn", "--drain", "--log-level"} {
		if err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("error %v does not name %s", err, flag)
		}
	}
}

func TestHelpListsEveryFlag(t *testing.T) {
	var usage strings.Builder
	if _, err := config.Parse([]string{"--help"}, &usage); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{
		"ca-configmap", "ca-secret", "ca-validity", "certificate-validity", "client-rate", "cluster-arn", "cluster-name", "drain", "health", "listen",
		"log-level", "metrics", "namespace", "propagation", "region", "roles", "service", "sts-endpoint", "sts-rate",
	} {
		if !strings.Contains(usage.String(), "  -"+name+" ") {
			t.Errorf("%s is missing", name)
		}
	}
}
