package admission

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	kjson "sigs.k8s.io/json"
)

// review is the part of an AdmissionReview that is needed, with its pods decoded in the same pass.
type review struct {
	metav1.TypeMeta `json:",inline"`

	Request *request `json:"request"`
}

type request struct {
	UID         types.UID   `json:"uid"`
	Namespace   string      `json:"namespace"`
	SubResource string      `json:"subResource"`
	Object      *corev1.Pod `json:"object"`
	OldObject   *corev1.Pod `json:"oldObject"`
}

// readReview decodes a review as API servers decode objects: field names are case-sensitive, unknown ones are ignored. The
// review that it returns with an error has what the answer needs, if that could be read.
func readReview(body []byte) (review, error) {
	r, err := decode(body)
	if err != nil {
		return readHeader(body), fmt.Errorf("read the pod of the review: %w", err)
	}
	return r, r.check()
}

// decode reads with encoding/json/v2, in a third of the time of the API server's own decoder, which is left for what v2
// refuses, such as invalid UTF-8. Duplicate names are allowed, as in the API server: to look for them would cost two thirds
// as much again, since managedFields have an object with a name for each variable of a container.
func decode(body []byte) (review, error) {
	var fast, tolerant review
	if json.Unmarshal(body, &fast, jsontext.AllowDuplicateNames(true), jsonv1.MergeWithLegacySemantics(true)) == nil {
		return fast, nil
	}
	err := kjson.UnmarshalCaseSensitivePreserveInts(body, &tolerant)
	return tolerant, err
}

// readHeader reads a review, but not its objects: it is enough for an answer, and for the log.
func readHeader(body []byte) review {
	var header struct {
		metav1.TypeMeta `json:",inline"`

		Request struct {
			UID       types.UID `json:"uid"`
			Namespace string    `json:"namespace"`
		} `json:"request"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(body, &header); err != nil {
		return review{} // The caller reports the first error.
	}
	return review{header.TypeMeta, &request{UID: header.Request.UID, Namespace: header.Request.Namespace}}
}

func (r review) check() error {
	if kind := r.GroupVersionKind(); kind.Group != admissionv1.GroupName || kind.Kind != "AdmissionReview" {
		return fmt.Errorf("the body has kind %q and apiVersion %q, and is not an AdmissionReview of %s", r.Kind, r.APIVersion, admissionv1.GroupName)
	}
	if r.Request == nil {
		return errors.New("the review has no request")
	}
	if err := checkPod(r.Request.Object); err != nil {
		return fmt.Errorf("read the pod of the review: %w", err)
	}
	if r.Request.SubResource != ephemeralContainers {
		return nil
	}
	if err := checkPod(r.Request.OldObject); err != nil {
		return fmt.Errorf("read the old pod of the review: %w", err)
	}
	return nil
}

// checkPod accepts an object without a kind, as some API servers send pods (kubernetes#74373).
func checkPod(pod *corev1.Pod) error {
	if pod == nil {
		return errors.New("the review has none")
	}
	wanted := corev1.SchemeGroupVersion.WithKind("Pod")
	if kind := pod.GroupVersionKind(); !kind.Empty() && kind != wanted {
		return fmt.Errorf("the object has kind %q and apiVersion %q", pod.Kind, pod.APIVersion)
	}
	return nil
}

// version is the one that the answer must have.
func (r review) version() schema.GroupVersionKind {
	if kind := r.GroupVersionKind(); kind.Group == admissionv1.GroupName && kind.Kind == "AdmissionReview" {
		return kind
	}
	return admissionv1.SchemeGroupVersion.WithKind("AdmissionReview")
}
