package eksauth_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/ststest"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

const (
	nodeKey, nodeSecret, nodeSession = "ASIANODE", "secret of the node", "session of the node"
	imdsToken                        = "token of the metadata service"
)

// fakeIMDS is a fake instance metadata service, since only EC2 instances have a real one. It supports only IMDSv2.
func fakeIMDS(t *testing.T) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds"))
		_, _ = io.WriteString(w, imdsToken)
	})
	authorized := func(answer any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("X-Aws-Ec2-Metadata-Token") != imdsToken {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			if text, is := answer.(string); is {
				_, _ = io.WriteString(w, text)
				return
			}
			_ = json.NewEncoder(w).Encode(answer)
		}
	}
	mux.HandleFunc("GET /latest/meta-data/iam/security-credentials/{$}", authorized("node"))
	mux.HandleFunc("GET /latest/meta-data/iam/security-credentials/node", authorized(map[string]string{
		"Code": "Success", "AccessKeyId": nodeKey, "SecretAccessKey": nodeSecret, "Token": nodeSession,
		"Expiration": time.Now().Add(6 * time.Hour).UTC().Format(time.RFC3339),
	}))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// fakeAmazon is a fake of Amazon's EKS Auth, which accepts only tokens of its own clusters. Like that, it repeats the request in its
// refusal of a wrong signature.
func fakeAmazon(t *testing.T, answer http.HandlerFunc) *fakeAuth {
	t.Helper()
	fake := newFakeAuth(t, answer)
	next := fake.Config.Handler
	fake.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, body, err := ststest.Verify(r, fake.URL, "eks-auth", func(key string) string { return map[string]string{nodeKey: nodeSecret}[key] })
		if err != nil || r.Header.Get("X-Amz-Security-Token") != nodeSession {
			refuse(http.StatusForbidden, "InvalidSignatureException", "the canonical string was x-amz-security-token:"+r.Header.Get("X-Amz-Security-Token")+" "+jwt)(w, r)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
	return fake
}

func TestRequestsToAmazonsServiceAreSignedWithTheRoleOfTheNode(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", fakeIMDS(t).URL)
	// This is meant for applications, and must not affect the sidecar.
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	fake := fakeAmazon(t, nil)
	source := fake.source(t)
	source.Region = ststest.Region
	got, err := source.Fetch(t.Context(), contract.Identity{RoleARN: role})
	if err != nil || got.AccessKeyID != "ASIAFAKE" {
		t.Fatalf("%+v %v", got, err)
	}
	_, err = source.Fetch(t.Context(), contract.Identity{RoleARN: "arn:aws:iam::111122223333:role/writer"})
	if f := failure(t, err); !strings.Contains(f.Reason, "name the same role") {
		t.Errorf("of another role: %+v", f)
	}
	source.Region = "us-east-1"
	_, err = source.Fetch(t.Context(), contract.Identity{RoleARN: role})
	f := failure(t, err)
	if f.Verdict != credentials.Transient || !strings.Contains(f.Reason, "InvalidSignatureException") || !strings.Contains(f.Reason, "clock of the node") {
		t.Errorf("signed for another region: %+v", f)
	}
	if strings.Contains(f.Reason, nodeSession) || strings.Contains(f.Reason, jwt) {
		t.Errorf("a secret is repeated: %s", f.Reason)
	}
}

func TestAmazonsExceptionsHaveRemediesOfTheirOwn(t *testing.T) {
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", fakeIMDS(t).URL)
	for code, test := range map[string]struct {
		status int
		want   credentials.Verdict
		says   string
	}{
		"AccessDeniedException":       {400, credentials.Provisional, "eks-auth:AssumeRoleForPodIdentity"},
		"ResourceNotFoundException":   {404, credentials.Provisional, "EKS Pod Identity association"},
		"InvalidTokenException":       {400, credentials.Provisional, "pods.eks.amazonaws.com"},
		"ServiceUnavailableException": {503, credentials.Transient, "retries"},
	} {
		source := fakeAmazon(t, refuse(test.status, code, "no")).source(t)
		source.Region = ststest.Region
		_, err := source.Fetch(t.Context(), contract.Identity{RoleARN: role})
		if f := failure(t, err); f.Verdict != test.want || !strings.Contains(f.Reason, "EKS Auth refuses: "+code) || !strings.Contains(f.Reason, test.says) {
			t.Errorf("%s: verdict %v, reason %s", code, f.Verdict, f.Reason)
		}
	}
}

func TestWithoutARoleOfTheNodeNoTokenIsSent(t *testing.T) {
	fake := fakeAmazon(t, nil)
	for name, answer := range map[string]http.HandlerFunc{
		"an instance without a role":       http.NotFound,
		"a service with only IMDSv1":       func(w http.ResponseWriter, r *http.Request) { answerAsIMDSv1(w, r) },
		"a service that cannot be reached": nil,
		"a service that refuses its token": status(http.StatusForbidden),
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(answer)
			if answer == nil {
				server.Close()
			}
			defer server.Close()
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
			source := fake.source(t)
			source.Region = ststest.Region
			_, err := source.Fetch(t.Context(), contract.Identity{RoleARN: role})
			if f := failure(t, err); f.Verdict != credentials.Transient || !strings.Contains(f.Reason, "hop limit of 2") {
				t.Errorf("%+v", f)
			}
		})
	}
	if paths, _ := fake.requests(); len(paths) > 0 {
		t.Errorf("requests %v", paths)
	}
}

// answerAsIMDSv1 answers without a token, which the sidecar must not use.
func answerAsIMDSv1(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPut:
		http.NotFound(w, r)
	case strings.HasSuffix(r.URL.Path, "/"):
		_, _ = io.WriteString(w, "node")
	default:
		_ = json.NewEncoder(w).Encode(map[string]string{"Code": "Success", "AccessKeyId": "a", "SecretAccessKey": "b", "Token": "c", "Expiration": "2100-01-01T00:00:00Z"})
	}
}
