package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	logrustest "github.com/sirupsen/logrus/hooks/test"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/auth/api"
	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/auth/sessions"
	"github.com/podidentity/podidentity/auth/tokens"
	"github.com/podidentity/podidentity/contract"
)

const (
	path    = "/clusters/green/assume-role-for-pod-identity"
	jwt     = "eyJhbGciOiJub25lIn0.ZmFrZQ.c2VjcmV0"
	request = `{"token":"` + jwt + `"}`
)

func expiration() time.Time { return time.Unix(1_700_000_000, 0) }

// backend stands in for the API server, the associations and STS, so that a test can choose what they answer. The packages that
// call the real ones have tests of their own.
type backend struct {
	pod      tokens.Pod
	review   error
	identity contract.Identity
	issue    error
	unsynced bool
	// bounded is whether the namespace has bounds, and refusal what is refused by them.
	bounded bool
	refusal string
	// labels are those of the pod, and unread why they cannot be read.
	labels map[string]string
	unread error
	// asked are the identities that sessions were asked for, and read is how often labels were.
	asked []contract.Identity
	read  int
}

func (b *backend) Review(context.Context, string) (tokens.Pod, error) { return b.pod, b.review }

func (b *backend) Labels(context.Context, tokens.Pod) (map[string]string, error) {
	b.read++
	return b.labels, b.unread
}

func (b *backend) Identity(account association.ServiceAccount) (contract.Identity, bool) {
	return b.identity, account == association.ServiceAccount{Namespace: "shop", Name: "front"}
}

// Own gives an identity to the container agent alone.
func (b *backend) Own(account association.ServiceAccount, container string) (contract.Identity, bool) {
	own := b.identity
	own.Association, own.Container = "agent", container
	own.RoleARN = strings.Replace(own.RoleARN, "reader", "agent", 1)
	return own, account == association.ServiceAccount{Namespace: "shop", Name: "front"} && container == "agent"
}

func (b *backend) Bounded(string) bool { return b.bounded }

func (b *backend) Refusal(association.ServiceAccount) string { return b.refusal }

func (b *backend) Session(_ context.Context, _ tokens.Pod, id contract.Identity) (sessions.Session, bool, error) {
	b.asked = append(b.asked, id)
	return sessions.Session{
		AccessKeyID: "ASIA", SecretAccessKey: "very secret", SessionToken: "session token", Expiration: expiration(),
		UserARN: "arn:aws:sts::111122223333:assumed-role/reader/eks-green", UserID: "AROA:eks-green", RequestIDs: []string{"aws-1"},
	}, false, b.issue
}

// good is a backend that grants a session.
func good() *backend {
	return &backend{
		pod:      tokens.Pod{Namespace: "shop", ServiceAccount: "front", Name: "web-0", UID: "0a1b"},
		identity: contract.Identity{Association: "reader", RoleARN: "arn:aws:iam::111122223333:role/pods/reader"},
	}
}

// handler serves the API over a backend, and records what is logged.
func handler(t testing.TB, b *backend) (http.Handler, *logrustest.Hook) {
	t.Helper()
	metrics, err := api.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	log, lines := logrustest.NewNullLogger()
	log.SetLevel(logrus.DebugLevel)
	return api.API{
		Settings: api.Settings{
			ClusterName: "green", ClusterARN: "arn:aws:eks:eu-central-1:111122223333:cluster/green",
			Roles: []association.Pattern{"arn:aws:iam::111122223333:role/pods/*"}, ClientRate: 10,
		},
		Tokens: b, Labels: b, Identities: b, Sessions: b, Synced: func() bool { return !b.unsynced }, Metrics: metrics, Log: log,
	}.Handler(), lines
}

func post(h http.Handler, path, body string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
	return recorder
}

// assertException checks what the client is told, as rest-json has it.
func assertException(t *testing.T, r *httptest.ResponseRecorder, kind exception.Kind, says string) {
	t.Helper()
	var body struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &body); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if r.Code != kind.Status() || body.Type != string(kind) || r.Header().Get("x-amzn-ErrorType") != string(kind) || r.Header().Get("x-amzn-RequestId") == "" {
		t.Errorf("got %d %v %s, want %s", r.Code, r.Header(), text, kind)
	}
	if !strings.Contains(body.Message, says) {
		t.Errorf("%q does not say %q", body.Message, says)
	}
}
