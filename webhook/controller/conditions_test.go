package controller

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

func TestWhatAnAssociationSays(t *testing.T) {
	example := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "reader-1"}}
	for name, test := range map[string]struct {
		outcome    outcome
		ready      metav1.ConditionStatus
		reason     string
		message    string
		conflicted metav1.ConditionStatus
	}{
		"one without pods is in effect": {
			outcome{}, metav1.ConditionTrue, "InEffect", "no pod has this identity yet", metav1.ConditionFalse,
		},
		"one with pods says how many": {
			outcome{usage: usage{pods: 3}}, metav1.ConditionTrue, "InEffect", "3 pods have this identity", metav1.ConditionFalse,
		},
		"one with a single pod says so in the singular": {
			outcome{usage: usage{pods: 1}}, metav1.ConditionTrue, "InEffect", "1 pod has this identity", metav1.ConditionFalse,
		},
		"one whose pods wait names one of them and what to do": {
			outcome{usage: usage{pods: 3, unready: 2, example: example}}, metav1.ConditionFalse, "NoCredentials",
			"2 of 3 pods got no credentials for over 1m0s: `kubectl describe pod --namespace team reader-1` shows the reason", metav1.ConditionFalse,
		},
		"one whose pods get no new credentials says how many, and what one of their sidecars says": {
			outcome{usage: usage{pods: 3, failing: 2, failingExample: example, trouble: "STS refuses role R"}}, metav1.ConditionFalse, "NoNewCredentials",
			"2 of 3 pods get no new credentials; the sidecar of pod team/reader-1 says: STS refuses role R", metav1.ConditionFalse,
		},
		"one of whose pods some wait says that first": {
			outcome{usage: usage{pods: 3, unready: 1, example: example, failing: 2, failingExample: example}}, metav1.ConditionFalse, "NoCredentials",
			"1 of 3 pods got no credentials for over 1m0s: `kubectl describe pod --namespace team reader-1` shows the reason", metav1.ConditionFalse,
		},
		"one that always loses names the winner": {
			outcome{winner: "older"}, metav1.ConditionFalse, "Conflicted", "PodIdentityAssociation older selects the same pods and is older, so it is used: delete one of the two", metav1.ConditionTrue,
		},
		"one that cannot be used says why, before all else": {
			outcome{winner: "older", invalid: errors.New("spec.policy is odd")}, metav1.ConditionFalse, "Unusable", "spec.policy is odd: correct it", metav1.ConditionTrue,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := &v1alpha1.PodIdentityAssociation{ObjectMeta: metav1.ObjectMeta{Generation: 7}}
			status := test.outcome.status(a)
			ready := meta.FindStatusCondition(status.Conditions, "Ready")
			if ready.Status != test.ready || ready.Reason != test.reason || ready.Message != test.message {
				t.Errorf("Ready is %+v", ready)
			}
			if conflicted := meta.FindStatusCondition(status.Conditions, "Conflicted"); conflicted.Status != test.conflicted || (test.conflicted == "True") != strings.Contains(conflicted.Message, "older takes precedence") {
				t.Errorf("Conflicted is %+v", conflicted)
			}
			if status.ObservedGeneration != 7 || ready.ObservedGeneration != 7 || status.Pods != test.outcome.usage.pods {
				t.Errorf("unexpected %+v", status)
			}
		})
	}
}

func TestAStatusThatSaysTheSameIsTheSame(t *testing.T) {
	a := &v1alpha1.PodIdentityAssociation{}
	a.Status = outcome{}.status(a)
	for i := range a.Status.Conditions {
		a.Status.Conditions[i].LastTransitionTime = metav1.NewTime(time.Unix(0, 0))
	}
	if again := (outcome{}).status(a); !equality.Semantic.DeepEqual(a.Status, again) {
		t.Errorf("got  %+v\nwant %+v", again, a.Status)
	}
	if other := (outcome{winner: "older"}).status(a); other.Conditions[0].LastTransitionTime.Unix() == 0 {
		t.Error("a condition that changed kept the time of the one before")
	}
	if a.Status.Conditions[0].Status != metav1.ConditionTrue {
		t.Error("the status of the cache was changed")
	}
}
