package controller

import (
	"maps"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
)

func TestWhatASidecarSaysIsDividedByContainer(t *testing.T) {
	for sentence, want := range map[string]map[string]string{
		"STS refuses role R: no":                                     {"": "STS refuses role R: no"},
		"container agent: STS refuses role S: no":                    {"agent": "STS refuses role S: no"},
		"STS refuses role R: no; container agent: STS refuses S: no": {"": "STS refuses role R: no", "agent": "STS refuses S: no"},
		"container a: no: never; container b: STS does not answer":   {"a": "no: never", "b": "STS does not answer"},
		"container a: cut; container":                                {"a": "cut; container"},
		"container without a colon":                                  {},
	} {
		if got := byContainer(sentence); !maps.Equal(got, want) {
			t.Errorf("%q: %q", sentence, got)
		}
	}
}

func FuzzWhatASidecarSaysIsNeverAttributedToAContainerThatItDoesNotName(f *testing.F) {
	f.Add("STS refuses role R: no; container agent: STS refuses S: no")
	f.Fuzz(func(t *testing.T, sentence string) {
		for container, of := range byContainer(sentence) {
			if !strings.Contains(sentence, of) || container != "" && !strings.Contains(sentence, "container "+container+": ") {
				t.Errorf("%q says %q of %q", sentence, of, container)
			}
		}
	})
}

// A pod has the roles of two associations. What one of them has to suffer is not said of the other.
func TestTheTroubleOfOneContainerIsThatOfItsAssociationAlone(t *testing.T) {
	index := association.NewIndex()
	agent := newAssociation("agent")
	agent.Spec.ServiceAccount, agent.Spec.Container = "reader", "agent"
	for _, a := range []*v1alpha1.PodIdentityAssociation{newAssociation("reader"), agent} {
		a.Spec.ServiceAccount = "reader"
		if err := index.Set(a); err != nil {
			t.Fatal(err)
		}
	}
	const refusal = "STS refuses role R: AccessDenied: no"
	for name, test := range map[string]struct {
		waiting bool
		said    string
		// states of the pod in the namespace, in reader and in agent.
		pod, reader, agent string
		// troubled are the associations that are not ready.
		troubled []string
	}{
		"all is well":                           {pod: stateWithCredentials, reader: stateWithCredentials, agent: stateWithCredentials},
		"the container's role is refused":       {said: "container agent: " + refusal, pod: stateRefused, reader: stateWithCredentials, agent: stateRefused, troubled: []string{"agent"}},
		"the pod's role is refused":             {said: refusal, pod: stateRefused, reader: stateRefused, agent: stateWithCredentials, troubled: []string{"reader"}},
		"both roles are refused":                {said: refusal + "; container agent: " + refusal, pod: stateRefused, reader: stateRefused, agent: stateRefused, troubled: []string{"agent", "reader"}},
		"it waits and says nothing":             {waiting: true, pod: stateAwaiting, reader: stateAwaiting, agent: stateAwaiting, troubled: []string{"agent", "reader"}},
		"an older sidecar refuses the document": {waiting: true, said: "the identity document of this pod is invalid: no", pod: stateAwaiting, reader: stateAwaiting, agent: stateAwaiting, troubled: []string{"agent", "reader"}},
		"what it says is cut":                   {said: refusal + "; container a…", pod: stateRefused, reader: stateRefused, agent: stateRefused, troubled: []string{"reader"}},
		"it waits for that of the container":    {waiting: true, said: "container agent: STS does not answer", pod: stateAwaiting, reader: stateWithCredentials, agent: stateAwaiting, troubled: []string{"agent"}},
	} {
		t.Run(name, func(t *testing.T) {
			pod := injectedPod("pod", "reader")
			if test.waiting {
				pod = waitingPod("pod", "reader")
			}
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: "agent"})
			changed(pod, knows("containers"))
			said := func(*corev1.Pod) string { return test.said }
			r := &statusReporter{identities: index, outdated: &outdatedPods{}, waiting: waitingSince{pod.UID: time.Unix(0, 0)}}
			if !test.waiting {
				r.waiting = waitingSince{}
			}
			found := r.census([]*corev1.Pod{pod}, said)
			if found.namespaces["team"][test.pod] != 1 || found.associations["reader"][test.reader] != 1 || found.associations["agent"][test.agent] != 1 {
				t.Errorf("counted %v and %v", found.namespaces, found.associations)
			}
			used := usageByAssociation([]*corev1.Pod{pod}, index, r.waiting.unready(time.Now()), said)
			for _, name := range []string{"reader", "agent"} {
				u, want := used[name], types.UID("")
				if u.pods != 1 {
					t.Errorf("%s has %d pods", name, u.pods)
				}
				for _, troubled := range test.troubled {
					if troubled == name {
						want = pod.UID
					}
				}
				if (u.unready+u.failing > 0) != (want != "") || strings.Contains(u.trouble, "container agent") {
					t.Errorf("%s is used as %+v", name, u)
				}
			}
		})
	}
}
