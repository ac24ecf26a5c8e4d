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

// review is what is needed of an AdmissionReview, with the pods decoded in the same pass.
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

// readReview decodes a review as API servers decode objects: names as they are spelt, unknown ones left out. What it returns beside
// an error has what could be read of it, for the answer.
func readReview(body []byte) (review, error) {
	r, err := decode(body)
	if err != nil {
		return identify(body), fmt.Errorf("read the pod of the review: %w", err)
	}
	return r, r.check()
}

// decode reads with encoding/json/v2, which takes a third of the time of the API server's own decoder. That one reads what the other
// refuses, such as text that is broken UTF-8. Names that are there twice are read as that one does: to look for them would cost two
// thirds as much again, since managedFields have an object with a name for each variable of a container.
func decode(body []byte) (review, error) {
	var fast, tolerant review
	if json.Unmarshal(body, &fast, jsontext.AllowDuplicateNames(true), jsonv1.MergeWithLegacySemantics(true)) == nil {
		return fast, nil
	}
	err := kjson.UnmarshalCaseSensitivePreserveInts(body, &tolerant)
	return tolerant, err
}

// identify reads whose review it is that holds something else than a pod.
func identify(body []byte) review {
	var bare struct {
		metav1.TypeMeta `json:",inline"`

		Request struct {
			UID types.UID `json:"uid"`
		} `json:"request"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(body, &bare); err != nil {
		return review{} // The caller has the error that counts.
	}
	return review{bare.TypeMeta, &request{UID: bare.Request.UID}}
}

func (r review) check() error {
	if kind := r.GroupVersionKind(); kind.Group != admissionv1.GroupName || kind.Kind != "AdmissionReview" {
		return fmt.Errorf("this is of kind %q in %q, not an AdmissionReview of %s", r.Kind, r.APIVersion, admissionv1.GroupName)
	}
	if r.Request == nil {
		return errors.New("the review asks nothing: it has no request")
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

// checkPod takes an object without a kind for a pod, as some API servers send it (kubernetes#74373).
func checkPod(pod *corev1.Pod) error {
	if pod == nil {
		return errors.New("there is none")
	}
	wanted := corev1.SchemeGroupVersion.WithKind("Pod")
	if kind := pod.GroupVersionKind(); !pod.GroupVersionKind().Empty() && kind != wanted {
		return fmt.Errorf("the object is of kind %q in %q", pod.Kind, pod.APIVersion)
	}
	return nil
}

// version is that in which the answer is expected.
func (r review) version() schema.GroupVersionKind {
	if kind := r.GroupVersionKind(); kind.Group == admissionv1.GroupName && kind.Kind == "AdmissionReview" {
		return kind
	}
	return admissionv1.SchemeGroupVersion.WithKind("AdmissionReview")
}
