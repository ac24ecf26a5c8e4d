package config_test

import (
	"bytes"
	"errors"
	"flag"
	"reflect"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/config"
	"github.com/podidentity/podidentity/sidecar/credentials/eksauth"
	"github.com/podidentity/podidentity/sidecar/credentials/webidentity"
)

func environment(values map[string]string) func(string) string {
	return func(name string) string { return values[name] }
}

func TestDefaultsAreThePathsOfTheContract(t *testing.T) {
	got, err := config.Parse(nil, environment(nil), new(bytes.Buffer))
	want := config.Config{
		IdentityFile:      "/var/run/secrets/kubernetes.io/serviceaccount/identity",
		AuthorizationFile: "/var/run/secrets/podidentity.dev/authorization/token",
		Listen:            "127.0.0.1:2711",
		Source:            "web-identity",
		WebIdentity:       webidentity.Source{TokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token"},
		EKSAuth: eksauth.Source{
			TokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token",
			CAFile:    "/var/run/secrets/kubernetes.io/serviceaccount/auth-ca.crt",
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestEveryFlagAndVariableIsRead(t *testing.T) {
	got, err := config.Parse(
		[]string{"--identity=i", "--token=t", "--authorization=a", "--listen=127.0.0.1:80", "--probe=:2713", "--metrics=:9464", "--source=eks-auth"},
		environment(map[string]string{
			"AWS_REGION": "eu-central-1", "AWS_CA_BUNDLE": "/ca", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "TRUE",
			"POD_NAME": "p", "POD_NAMESPACE": "n", "POD_UID": "u", "POD_SERVICE_ACCOUNT": "s", "CLUSTER_NAME": "c", "CLUSTER_ARN": "arn",
			"AWS_CONTAINER_AUTHORIZATION_TOKEN": "given", "AWS_ENDPOINT_URL_EKS_AUTH": "https://auth",
			"CONTAINERS": "app,agent-2", "SKIPPED_CONTAINERS": "other",
		}), new(bytes.Buffer))
	want := config.Config{
		IdentityFile: "i", AuthorizationFile: "a", AuthorizationToken: "given", Containers: []string{"app", "agent-2"}, RotateTokens: true, Listen: "127.0.0.1:80", Probe: ":2713", Metrics: ":9464",
		Source:  "eks-auth",
		EKSAuth: eksauth.Source{TokenFile: "t", Endpoint: "https://auth", CAFile: "/ca", ClusterName: "c"},
		WebIdentity: webidentity.Source{
			TokenFile: "t",
			STS:       webidentity.STS{Region: "eu-central-1", CABundle: "/ca", FIPS: true, DualStack: true},
			Pod:       webidentity.Pod{Name: "p", Namespace: "n", UID: "u", ServiceAccount: "s", ClusterName: "c", ClusterARN: "arn"},
		},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestMetricsAndProbesMayListenOnAnyAddress(t *testing.T) {
	for _, address := range []string{":9464", "0.0.0.0:9464", "127.0.0.1:9464", "[::]:9464"} {
		for _, flag := range []string{"--metrics=", "--probe="} {
			if _, err := config.Parse([]string{flag + address}, environment(nil), new(bytes.Buffer)); err != nil {
				t.Errorf("%s%s is refused: %v", flag, address, err)
			}
		}
	}
}

func TestCABundle(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"none is named":                    {},
		"the variable of the SDKs is read": {map[string]string{"AWS_CA_BUNDLE": "/a"}, "/a"},
		"the variable of Go is read":       {map[string]string{"SSL_CERT_FILE": "/b"}, "/b"},
		"of both, that of the SDKs wins":   {map[string]string{"AWS_CA_BUNDLE": "/a", "SSL_CERT_FILE": "/b"}, "/a"},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := config.Parse(nil, environment(test.env), new(bytes.Buffer)); err != nil || got.WebIdentity.STS.CABundle != test.want {
				t.Errorf("got %q, %v", got.WebIdentity.STS.CABundle, err)
			}
		})
	}
}

func TestRule01TheSidecarListensOnTheOnlyAddressThatEverySDKAccepts(t *testing.T) {
	for address, accepted := range map[string]bool{
		"127.0.0.1:2711": true, "127.0.0.2:2711": false, "localhost:2711": false, "[::1]:2711": false, "0.0.0.0:2711": false,
		":2711": false, "10.0.0.1:2711": false,
	} {
		if _, err := config.Parse([]string{"--listen=" + address}, environment(nil), new(bytes.Buffer)); (err == nil) != accepted {
			t.Errorf("%s: %v", address, err)
		}
	}
	if uri := contract.CredentialsURI(2711); uri != "http://127.0.0.1:2711/v1/credentials" {
		t.Errorf("applications get %s", uri)
	}
}

func TestMistakesAreErrors(t *testing.T) {
	for name, test := range map[string]struct {
		args []string
		env  map[string]string
		want []string
	}{
		"an unknown flag is refused":                         {args: []string{"--port=1"}, want: []string{"-port", "--help"}},
		"an argument that is not a flag is refused":          {args: []string{"serve"}, want: []string{`"serve" is not a flag`}},
		"an empty file name is refused":                      {args: []string{"--token="}, want: []string{"--token is empty"}},
		"another host than 127.0.0.1 is refused":             {args: []string{"--listen=0.0.0.0:2711"}, want: []string{"only its own pod"}},
		"localhost is refused":                               {args: []string{"--listen=localhost:2711"}, want: []string{"127.0.0.1:port"}},
		"metrics on a host name are refused":                 {args: []string{"--metrics=localhost:9464"}, want: []string{"[ip]:port"}},
		"metrics without a port are refused":                 {args: []string{"--metrics=9464"}, want: []string{"[ip]:port"}},
		"metrics on port zero are refused":                   {args: []string{"--metrics=:0"}, want: []string{"1 to 65535"}},
		"metrics on the port of the credentials are refused": {args: []string{"--metrics=0.0.0.0:2711"}, want: []string{"has the port of --listen"}},
		"probes on the port of the credentials are refused":  {args: []string{"--probe=:2711"}, want: []string{"--probe=:2711 has the port of --listen"}},
		"metrics on the port of the probes are refused":      {args: []string{"--metrics=:1", "--probe=:1"}, want: []string{"has the port of --probe"}},
		"an address without a port is refused":               {args: []string{"--listen=127.0.0.1"}, want: []string{"127.0.0.1:port"}},
		"port zero is refused":                               {args: []string{"--listen=127.0.0.1:0"}, want: []string{"1 to 65535"}},
		"a port too large is refused":                        {args: []string{"--listen=127.0.0.1:65536"}, want: []string{"1 to 65535"}},
		"a value that is not a boolean is refused":           {env: map[string]string{"AWS_USE_FIPS_ENDPOINT": "yes"}, want: []string{"neither true nor false"}},
		"an endpoint that is not a URL is refused":           {env: map[string]string{"AWS_ENDPOINT_URL_STS": "minio:9000"}, want: []string{"https://host"}},
		"an endpoint excludes FIPS": {
			env:  map[string]string{"AWS_ENDPOINT_URL_STS": "http://minio:9000", "AWS_USE_FIPS_ENDPOINT": "true"},
			want: []string{"unset either"},
		},
		"a region that would change the host is refused": {env: map[string]string{"AWS_REGION": "x.evil.example/"}, want: []string{"not the name of a region"}},
		"an unknown source is refused":                   {args: []string{"--source=imds"}, want: []string{"--source=imds", "web-identity or eks-auth"}},
		"the auth service without TLS is refused": {
			args: []string{"--source=eks-auth"}, env: map[string]string{"AWS_ENDPOINT_URL_EKS_AUTH": "http://auth", "CLUSTER_NAME": "green"},
			want: []string{"AWS_ENDPOINT_URL_EKS_AUTH", "https://host"},
		},
		"the auth service and the cluster are required": {
			args: []string{"--source=eks-auth"}, want: []string{"AWS_ENDPOINT_URL_EKS_AUTH", "CLUSTER_NAME"},
		},
		"a cluster name that is a path is refused": {
			args: []string{"--source=eks-auth"}, env: map[string]string{"AWS_ENDPOINT_URL_EKS_AUTH": "https://auth", "CLUSTER_NAME": "../x"},
			want: []string{"CLUSTER_NAME=../x"},
		},
		"a container that is a path": {env: map[string]string{"CONTAINERS": "app,../app"}, want: []string{`"../app" is not the name of a container`}},
		"a container without a name": {env: map[string]string{"CONTAINERS": "app,"}, want: []string{"CONTAINERS"}},
		"a container twice":          {env: map[string]string{"CONTAINERS": "app,agent,app"}, want: []string{`"app"`, "twice"}},
		"all mistakes are reported at once": {
			args: []string{"--identity=", "--listen=:1"},
			env:  map[string]string{"AWS_REGION": "Frankfurt", "AWS_USE_DUALSTACK_ENDPOINT": "1", "CONTAINERS": "A"},
			want: []string{"--identity", "--listen", "CONTAINERS", "AWS_REGION", "AWS_USE_DUALSTACK_ENDPOINT"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := config.Parse(test.args, environment(test.env), new(bytes.Buffer))
			if err == nil || !reflect.DeepEqual(got, config.Config{}) {
				t.Fatalf("got %+v, %v", got, err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestHelpListsEveryFlag(t *testing.T) {
	var help bytes.Buffer
	if _, err := config.Parse([]string{"--help"}, environment(nil), &help); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("error %v", err)
	}
	for _, name := range []string{"identity", "token", "authorization", "listen", "source", "metrics", "probe"} {
		if !strings.Contains(help.String(), "  -"+name) {
			t.Errorf("no -%s in %s", name, help.String())
		}
	}
}
