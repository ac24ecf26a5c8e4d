package association_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podidentity/podidentity/association"
)

// definitions is a fake of an API server that has at most the one CustomResourceDefinition.
type definitions struct {
	mu    sync.Mutex
	found *metav1.PartialObjectMetadata
	// refusal is why it cannot be read.
	refusal metav1.StatusReason
	reads   int
}

func newDefinitions() *definitions {
	d := &definitions{}
	d.apply("first")
	return d
}

// RoundTrip implements http.RoundTripper.
func (d *definitions) RoundTrip(request *http.Request) (*http.Response, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	refusal := metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusFailure}
	switch {
	case d.refusal == metav1.StatusReasonForbidden:
		refusal.Code, refusal.Reason = http.StatusForbidden, d.refusal
		return answer(request, http.StatusForbidden, refusal)
	case d.refusal != "":
		refusal.Code, refusal.Reason = http.StatusInternalServerError, d.refusal
		return answer(request, http.StatusInternalServerError, refusal)
	case d.found == nil || request.URL.Path != "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"+association.DefinitionName:
		refusal.Code, refusal.Reason = http.StatusNotFound, metav1.StatusReasonNotFound
		return answer(request, http.StatusNotFound, refusal)
	}
	return answer(request, http.StatusOK, d.found)
}

func answer(request *http.Request, code int, object any) (*http.Response, error) {
	body, err := json.Marshal(object)
	return &http.Response{
		StatusCode: code, Request: request, Body: io.NopCloser(bytes.NewReader(body)), Header: http.Header{"Content-Type": {"application/json"}},
	}, err
}

func (d *definitions) change(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

func (d *definitions) apply(uid types.UID) {
	d.change(func() {
		d.found = &metav1.PartialObjectMetadata{
			TypeMeta:   metav1.TypeMeta{APIVersion: "meta.k8s.io/v1", Kind: "PartialObjectMetadata"},
			ObjectMeta: metav1.ObjectMeta{Name: association.DefinitionName, UID: uid},
		}
	})
}

// terminate is what a deletion begins with: the API server then deletes the associations, and at last the definition.
func (d *definitions) terminate() {
	d.change(func() { d.found.DeletionTimestamp = new(metav1.Now()) })
}

func (d *definitions) delete() { d.change(func() { d.found = nil }) }

func (d *definitions) refuse(reason metav1.StatusReason) { d.change(func() { d.refusal = reason }) }
