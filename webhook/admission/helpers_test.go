package admission_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	logrustest "github.com/sirupsen/logrus/hooks/test"
	admissionv1 "k8s.io/api/admission/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/admission"
	"github.com/podidentity/podidentity/webhook/inject"
)

// identities gives the same identity to one service account.
type identities struct {
	account  association.ServiceAccount
	identity contract.Identity
}

func (i identities) Identities(account association.ServiceAccount, _ []string) contract.Identities {
	if account != i.account {
		return contract.Identities{}
	}
	return contract.Identities{Identity: i.identity}
}

func (identities) Refusal(association.ServiceAccount) string { return "" }

// handler is one as main builds it.
func handler(t testing.TB, log logrus.FieldLogger) *admission.Handler {
	t.Helper()
	metrics, err := admission.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	settings := inject.DefaultSettings()
	settings.Image = "sidecar:v1"
	return &admission.Handler{
		Mode:     contract.InjectEnabled,
		Injector: inject.NewInjector(settings),
		Identities: identities{
			account:  association.ServiceAccount{Namespace: "eks-s3-example", Name: "reader"},
			identity: contract.Identity{Association: "reader", RoleARN: "arn:aws:iam::111122223333:role/reader"},
		},
		AuthCA:  func() string { return "" },
		Rules:   func(string) inject.Rules { return inject.Rules{} },
		Memory:  admission.NewMemory(),
		Metrics: metrics,
		Log:     log,
	}
}

// post sends a body and returns the review that answers it. There must be one.
func post(t testing.TB, to http.Handler, contentType string, body io.Reader) admissionv1.AdmissionReview {
	t.Helper()
	request := httptest.NewRequest(http.MethodPost, "/", body)
	request.Header.Set("Content-Type", contentType)
	recorder := httptest.NewRecorder()
	to.ServeHTTP(recorder, request)
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil || answer.Response == nil {
		t.Fatalf("%v: %s", err, recorder.Body)
	}
	return answer
}

// review sends one review to a new handler and returns the answer and the log.
func review(t testing.TB, body string) (*admissionv1.AdmissionResponse, *logrustest.Hook) {
	t.Helper()
	log, entries := logrustest.NewNullLogger()
	return post(t, handler(t, log), "application/json", strings.NewReader(body)).Response, entries
}

// reviewOf is the review for the creation of an object.
func reviewOf(object string) string { return reviewWith(`"operation":"CREATE","object":` + object) }

func reviewWith(members string) string {
	return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1","namespace":"eks-s3-example",` +
		`"resource":{"group":"","version":"v1","resource":"pods"},` + members + `}}`
}
