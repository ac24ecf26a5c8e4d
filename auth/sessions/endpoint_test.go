package sessions_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/podidentity/podidentity/auth/sessions"
	"github.com/podidentity/podidentity/contract"
)

// asked notes which host is asked, and answers nothing.
type asked struct{ host string }

func (a *asked) Do(request *http.Request) (*http.Response, error) {
	a.host = request.URL.Host
	return nil, errors.New("nobody answers")
}

func TestTheEnvironmentChoosesTheEndpointOfTheRegion(t *testing.T) {
	for name, test := range map[string]struct {
		variables map[string]string
		endpoint  string
		want      string
	}{
		"nothing is set": {want: "sts.eu-central-1.amazonaws.com"},
		"dual-stack":     {variables: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, want: "sts.eu-central-1.api.aws"},
		"FIPS and dual-stack": {
			variables: map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true", "AWS_USE_FIPS_ENDPOINT": "true"}, want: "sts-fips.eu-central-1.api.aws",
		},
		"another STS, by its address of IPv6": {endpoint: "https://[fd00::1]:9000", want: "[fd00::1]:9000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", "/does/not/exist")
			t.Setenv("AWS_CA_BUNDLE", "") // not for a client of a test
			for variable, value := range test.variables {
				t.Setenv(variable, value)
			}
			seen := &asked{}
			config, err := awsconfig.LoadDefaultConfig(t.Context(), awsconfig.WithRegion("eu-central-1"), awsconfig.WithHTTPClient(seen),
				awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIAOWN", "secret", "")))
			if err != nil {
				t.Fatal(err)
			}
			i, err := sessions.New(config, sessions.Settings{Endpoint: test.endpoint, Rate: 1000, ClusterName: "green", ClusterARN: arn}, prometheus.NewRegistry())
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := i.Session(t.Context(), pod(), contract.Identity{RoleARN: role}); err == nil || seen.host != test.want {
				t.Errorf("asks %q, want %q: %v", seen.host, test.want, err)
			}
		})
	}
}

func TestAnEndpointThatNoCallCouldBeSentToIsRefusedAtStart(t *testing.T) {
	for name, variable := range map[string]string{"FIPS": "AWS_USE_FIPS_ENDPOINT", "dual-stack": "AWS_USE_DUALSTACK_ENDPOINT"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", "/does/not/exist")
			t.Setenv("AWS_CA_BUNDLE", "") // not for a client of a test
			t.Setenv(variable, "true")
			config, err := awsconfig.LoadDefaultConfig(t.Context(), awsconfig.WithRegion("eu-central-1"))
			if err != nil {
				t.Fatal(err)
			}
			_, err = sessions.New(config, sessions.Settings{Endpoint: "https://sts.example.com", Rate: 1}, prometheus.NewRegistry())
			if err == nil || !strings.Contains(err.Error(), variable) || !strings.Contains(err.Error(), "https://sts.example.com") {
				t.Errorf("got %v", err)
			}
		})
	}
}
