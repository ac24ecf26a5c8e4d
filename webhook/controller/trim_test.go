package controller

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// client-go applies a transform twice to what it lists first, and once to what it watches.
func TestATrimmedPodIsTrimmedNoFurther(t *testing.T) {
	identities := index(t, "reader")
	listing := newAssociation("writer")
	listing.Spec.TagLabels = []string{"team", "zone"}
	if err := identities.Set(listing); err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(2000) {
		pod := randomPod(rand.New(rand.NewPCG(seed, 0)))
		tr := &trimmer{identities: identities}
		once, twice := trimPod(t, tr, pod), trimPod(t, tr, trimPod(t, tr, pod))
		if !reflect.DeepEqual(once, twice) {
			t.Fatalf("seed %d: once  %+v\ntwice %+v", seed, once, twice)
		}
		for _, trimmed := range []*corev1.Pod{once, twice} {
			if active(trimmed) != active(pod) || awaitingCredentials(trimmed) != awaitingCredentials(pod) || serviceAccount(trimmed) != serviceAccount(pod) ||
				active(pod) && (criticalKnown(trimmed) != criticalKnown(pod) || !slices.Equal(inject.Containers(trimmed), inject.Containers(pod))) || tagsOf(trimmed, identities) != tagsOf(pod, identities) {
				t.Fatalf("seed %d: %+v tells something else than %+v", seed, trimmed, pod)
			}
		}
	}
}

// What a pod shares with the one before must never be another's.
func TestATrimmedPodHasItsOwnWhateverWasTrimmedBefore(t *testing.T) {
	tr := &trimmer{identities: index(t, "reader")}
	random := rand.New(rand.NewPCG(1, 0))
	for range 5000 {
		pod := randomPod(random)
		if got, want := trimPod(t, tr, pod), trimPod(t, &trimmer{identities: tr.identities}, pod); !reflect.DeepEqual(got, want) {
			t.Fatalf("after others it is %+v, alone %+v", got, want)
		}
	}
}

func TestThePodsOfAWorkloadShareMostOfWhatIsKept(t *testing.T) {
	tr := new(trimmer)
	kept := func(name, identity string) *corev1.Pod {
		return trimPod(t, tr, changed(injectedPod(name, "reader"), carries(identity)))
	}
	one, other := kept("one", "role"), kept("other", "role")
	if &one.Spec.InitContainers[0] != &other.Spec.InitContainers[0] || reflect.ValueOf(one.Annotations).Pointer() != reflect.ValueOf(other.Annotations).Pointer() {
		t.Error("each has its own")
	}
	if another := kept("another", "another role"); another.Annotations[contract.AnnotationIdentity] != "another role" || one.Annotations[contract.AnnotationIdentity] != "role" {
		t.Errorf("%+v after %+v", another, one)
	}
}

func tagsOf(pod *corev1.Pod, identities *association.Index) string {
	identity, _ := identities.Identity(serviceAccount(pod))
	return identity.For(pod.Labels).Tags
}

func TestOnlyAPodIsTrimmed(t *testing.T) {
	if _, err := new(trimmer).trim(&corev1.Node{}); err == nil {
		t.Error("a node was trimmed")
	}
}

func trimPod(t *testing.T, tr *trimmer, pod *corev1.Pod) *corev1.Pod {
	t.Helper()
	trimmed, err := tr.trim(pod)
	if err != nil {
		t.Fatal(err)
	}
	return trimmed.(*corev1.Pod)
}

// randomPod varies all that this package looks at, and some of the rest.
func randomPod(r *rand.Rand) *corev1.Pod {
	one := func(choices ...string) string { return choices[r.IntN(len(choices))] }
	yes := func() bool { return r.IntN(2) == 0 }
	pod := injectedPod(fmt.Sprint("pod-", r.IntN(10)), one("reader", "writer"))
	pod.Status.Phase = corev1.PodPhase(one("", "Pending", "Running", "Running", "Succeeded", "Failed"))
	pod.Annotations = map[string]string{}
	for _, name := range []string{contract.AnnotationIdentity, contract.AnnotationStatus, contract.AnnotationAuthCA, "checksum/config"} {
		if yes() {
			pod.Annotations[name] = one("", "a", "b")
		}
	}
	for _, key := range []string{"team", "zone", "tier"} {
		if yes() {
			pod.Labels[key] = one("", "a", "b")
		}
	}
	if r.IntN(4) == 0 {
		pod.DeletionTimestamp = &metav1.Time{Time: time.Unix(r.Int64N(1000), 0)}
	}
	if yes() {
		pod.Spec.InitContainers[0].Env = []corev1.EnvVar{{Name: "OTHER", Value: "x"}, {Name: contract.EnvCriticalFields, Value: one("boundary", "network")}}
	}
	if yes() {
		pod.Spec.InitContainers[0].Env = append(pod.Spec.InitContainers[0].Env, corev1.EnvVar{Name: contract.EnvContainers, Value: one("", "app", "app,agent")})
	}
	if r.IntN(4) == 0 {
		pod.Spec.InitContainers[0].RestartPolicy = nil
	}
	if r.IntN(4) == 0 {
		pod.Spec.Containers[0].Name = contract.ContainerName
	}
	pod.Spec.InitContainers = append([]corev1.Container{{Name: "first"}}, pod.Spec.InitContainers...)[r.IntN(2):]
	for _, name := range []string{"first", contract.ContainerName} {
		status := corev1.ContainerStatus{Name: name, Ready: yes(), Image: "image"}
		if yes() {
			status.State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.Now()}
		}
		if yes() {
			pod.Status.InitContainerStatuses = append(pod.Status.InitContainerStatuses, status)
		}
	}
	return pod
}
