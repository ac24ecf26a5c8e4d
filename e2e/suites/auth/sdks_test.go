package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go/aws"                            //nolint:staticcheck // it is the old one that has this client
	awscredentials "github.com/aws/aws-sdk-go/aws/credentials" //nolint:staticcheck // it is the old one that has this client
	"github.com/aws/aws-sdk-go/aws/session"                    //nolint:staticcheck // it is the old one that has this client
	"github.com/aws/aws-sdk-go/service/eksauth"                //nolint:staticcheck // it is the old one that has this client

	"github.com/podidentity/podidentity/e2e/machine/host"
	"github.com/podidentity/podidentity/e2e/machine/install"
)

const audience = "pods.eks.amazonaws.com"

// sdks has each client ask for a session that there is, and for one that there is not.
func sdks(t *testing.T, s *suite) {
	if err := host.PrepareSDKs(t.Context(), t.Logf); err != nil {
		t.Fatal(err)
	}
	python, err := install.Client(t.Context(), t.Logf, "auth-boto3-1.44.5", "python/main.py", "python/boto3-1.44.5.txt")
	if err != nil {
		t.Fatal(err)
	}
	node, err := install.Client(t.Context(), t.Logf, "auth-javascript-v2", "javascript-v2/main.js", "javascript-v2/package.json", "javascript-v2/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	good, none := s.token(t, "reader", audience), s.token(t, "nobody", audience)
	for name, client := range map[string]func(cluster, token string) string{
		"boto3":          s.process(t, "/usr/bin/python3", filepath.Join(python, "main.py")),
		"JavaScript, v2": s.process(t, "node", filepath.Join(node, "main.js")),
		"Go, v1":         s.goV1(t),
	} {
		t.Run(name, func(t *testing.T) {
			said := client("green", good)
			t.Log(said[:min(len(said), 80)])
			for _, member := range []string{`"subject"`, `"audience"`, "podidentityassociation/green/reader", `"assumeRoleId"`, `"sessionToken"`, `"expiration"`} {
				if !strings.Contains(said, member) {
					t.Errorf("%s is not in %s", member, said)
				}
			}
			if said := client("green", none); !strings.Contains(said, "ResourceNotFoundException") || !strings.Contains(said, "create one") {
				t.Errorf("without an association: %s", said)
			}
			if said := client("blue", good); !strings.Contains(said, "ResourceNotFoundException") || !strings.Contains(said, "cluster green") {
				t.Errorf("with another cluster's name: %s", said)
			}
		})
	}
}

// process runs a client, whose connections to 127.0.0.1 are passed on to the service.
func (s *suite) process(t *testing.T, command ...string) func(cluster, token string) string {
	t.Helper()
	bundle := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(bundle, []byte(s.bundle(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	endpoint := "https://pod-identity-auth.pod-identity.svc:" + s.forward(t)
	return func(cluster, token string) string {
		cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], cluster, token)...)
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "AWS_ENDPOINT_URL_EKS_AUTH=" + endpoint, "AWS_REGION=us-east-1", "AWS_DEFAULT_REGION=us-east-1",
			"AWS_CA_BUNDLE=" + bundle, "NODE_EXTRA_CA_CERTS=" + bundle, "AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any",
		}
		var complaints bytes.Buffer
		cmd.Stderr = &complaints
		out, err := cmd.Output()
		if err != nil {
			t.Errorf("%v: %s", err, complaints.String())
		}
		return string(out)
	}
}

// forward passes connections to a port of 127.0.0.1 on to the service.
func (s *suite) forward(t *testing.T) (port string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // nobody waits for it
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			go s.join(t.Context(), near)
		}
	}()
	_, port, err = net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func (s *suite) join(ctx context.Context, near net.Conn) {
	defer func() { _ = near.Close() }()
	far, err := s.Cluster.Dial(ctx, "tcp", net.JoinHostPort(s.ip, "443"))
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	go func() { _, _ = io.Copy(far, near) }()
	_, _ = io.Copy(near, far)
}

func (s *suite) goV1(t *testing.T) func(cluster, token string) string {
	t.Helper()
	config := aws.NewConfig().WithRegion("us-east-1").WithEndpoint("https://pod-identity-auth.pod-identity.svc").
		WithCredentials(awscredentials.NewStaticCredentials("any", "any", "")).WithHTTPClient(s.client(s.bundle(t)))
	made, err := session.NewSessionWithOptions(session.Options{Config: *config, CustomCABundle: strings.NewReader(s.bundle(t))})
	if err != nil {
		t.Fatal(err)
	}
	client := eksauth.New(made)
	return func(cluster, token string) string {
		out, err := client.AssumeRoleForPodIdentityWithContext(t.Context(), &eksauth.AssumeRoleForPodIdentityInput{ClusterName: &cluster, Token: &token})
		if err != nil {
			return err.Error()
		}
		text, err := json.Marshal(map[string]any{
			"version": aws.SDKVersion, "subject": out.Subject, "audience": out.Audience, "association": out.PodIdentityAssociation,
			"assumeRoleId": out.AssumedRoleUser.AssumeRoleId, "sessionToken": out.Credentials.SessionToken, "expiration": out.Credentials.Expiration,
		})
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
}
