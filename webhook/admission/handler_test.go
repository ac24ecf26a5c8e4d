package admission_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	logrustest "github.com/sirupsen/logrus/hooks/test"
	admissionv1 "k8s.io/api/admission/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	cradmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

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

func (i identities) Identity(account association.ServiceAccount) (contract.Identity, bool) {
	return i.identity, account == i.account
}

// counted counts nothing that these tests look at.
type counted struct{}

func (counted) Count(inject.Reason) {}

// review sends body through the server's own handler and returns its answer.
func review(t *testing.T, body string) (*admissionv1.AdmissionResponse, *logrustest.Hook) {
	t.Helper()
	log, entries := logrustest.NewNullLogger()
	log.SetLevel(logrus.InfoLevel)
	reader := identities{
		account:  association.ServiceAccount{Namespace: "eks-s3-example", Name: "reader"},
		identity: contract.Identity{Association: "reader", RoleARN: "arn:aws:iam::111122223333:role/reader"},
	}
	settings := inject.DefaultSettings()
	settings.Image = "sidecar:v1"
	handler := admission.Handler{
		Mode: admission.Always(contract.InjectEnabled), Settings: settings, Identities: reader, Verdicts: counted{}, Log: log,
	}
	server := httptest.NewServer(&cradmission.Webhook{Handler: handler.WithScheme(clientgoscheme.Scheme)})
	t.Cleanup(server.Close)
	response, err := http.Post(server.URL, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	var answer admissionv1.AdmissionReview
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return answer.Response, entries
}

func reviewOf(object string) string {
	return `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1","namespace":"eks-s3-example",` +
		`"operation":"CREATE","resource":{"group":"","version":"v1","resource":"pods"},"object":` + object + `}}`
}

func TestAPodIsAnsweredWithItsPatch(t *testing.T) {
	response, entries := review(t, reviewOf(`{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"job-"},"spec":{"serviceAccountName":"reader","containers":[{"name":"app","image":"app"}]}}`))
	if !response.Allowed || string(response.UID) != "u1" {
		t.Fatalf("got %+v", response)
	}
	patch := string(response.Patch)
	for _, part := range []string{`"path":"/spec/initContainers"`, `"image":"sidecar:v1"`, `role/reader`} {
		if !strings.Contains(patch, part) {
			t.Errorf("the patch lacks %s: %s", part, patch)
		}
	}
	if len(entries.Entries) != 1 {
		t.Fatalf("%d log lines for one admission", len(entries.Entries))
	}
	line := entries.LastEntry().Data
	if line["namespace"] != "eks-s3-example" || line["generateName"] != "job-" || line["verdict"] != inject.Injected {
		t.Errorf("log line %v", line)
	}
}

func TestAPodThatIsLeftOutIsAdmittedWithTheReason(t *testing.T) {
	response, _ := review(t, reviewOf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"hostNetwork":true,"containers":[{"name":"app","image":"app"}]}}`))
	if !response.Allowed || len(response.Warnings) != 1 || !strings.Contains(response.Warnings[0], "hostNetwork") {
		t.Errorf("got %+v", response)
	}
}

func TestWhatIsNoPodIsRefusedInWords(t *testing.T) {
	for name, body := range map[string]string{
		"an object that is no pod":  reviewOf(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"p"}}`),
		"a pod of the wrong shape":  reviewOf(`{"apiVersion":"v1","kind":"Pod","spec":{"containers":7}}`),
		"a review without a pod":    reviewOf(`null`),
		"a review without request":  `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`,
		"a body that is not JSON":   `pod`,
		"a body of no length":       ``,
		"an object nested too deep": reviewOf(strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)),
	} {
		t.Run(name, func(t *testing.T) {
			response, _ := review(t, body)
			if response.Allowed || response.Result.Message == "" {
				t.Errorf("got %+v", response)
			}
		})
	}
}
