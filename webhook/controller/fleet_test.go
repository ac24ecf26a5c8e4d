package controller

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
)

// shown are the metrics of a fleet, by their names without prefix and their labels, such as "pods team Awaiting".
func shown(t *testing.T, f *fleet) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(f); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			words := []string{strings.TrimPrefix(family.GetName(), "podidentity_")}
			for _, label := range metric.GetLabel() {
				words = append(words, label.GetValue())
			}
			all[strings.Join(words, " ")] = metric.GetGauge().GetValue()
		}
	}
	return all
}

func newTestFleet(t *testing.T, limit int) *fleet {
	t.Helper()
	f, err := newFleet(limit, prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// starting is a pod whose sidecar has not started.
func starting(p *corev1.Pod) { p.Status.Phase = corev1.PodPending }

// sidecarIs gives the sidecar of a pod a status.
func sidecarIs(phase corev1.PodPhase, ready bool, state corev1.ContainerState) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Phase = phase
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: contract.ContainerName, Ready: ready, State: state}}
	}
}

func TestEachPodHasOneState(t *testing.T) {
	runs, ended := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}, corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
	const refused, away = "STS refuses role arn:aws:iam::111122223333:role/r: AccessDenied: no", "STS did not answer in time"
	for name, test := range map[string]struct {
		pod          *corev1.Pod
		unassociated bool
		unknown      []string
		said, want   string
		outside      bool
	}{
		"one that is served":                              {pod: injectedPod("a", "reader"), want: stateWithCredentials},
		"one that is served, before it runs":              {pod: changed(injectedPod("a", "reader"), sidecarIs(corev1.PodPending, true, runs)), want: stateWithCredentials},
		"one whose sidecar waits":                         {pod: waitingPod("a", "reader"), want: stateAwaiting},
		"one that waits for an STS that is away":          {pod: waitingPod("a", "reader"), said: away, want: stateAwaiting},
		"one that waits and is refused":                   {pod: waitingPod("a", "reader"), said: refused, want: stateRefused},
		"one that is refused later":                       {pod: injectedPod("a", "reader"), said: refused, want: stateRefused},
		"one that gets nothing new":                       {pod: injectedPod("a", "reader"), said: away, want: stateFailing},
		"one without an association, whatever it said":    {pod: waitingPod("a", "reader"), unassociated: true, said: refused, want: stateUnassociated},
		"one whose role its namespace does not allow":     {pod: injectedPod("a", "reader"), unassociated: true, outside: true, want: stateRefused},
		"one of those that has ended":                     {pod: changed(injectedPod("a", "reader"), sidecarIs(corev1.PodRunning, false, ended)), unassociated: true, outside: true, want: stateNotRunning},
		"one that is too old for a restriction":           {pod: waitingPod("a", "reader"), unknown: []string{"policy"}, said: refused, want: stateOutdated},
		"one that starts":                                 {pod: changed(injectedPod("a", "reader"), starting), want: stateNotRunning},
		"one whose sidecar has ended":                     {pod: changed(injectedPod("a", "reader"), sidecarIs(corev1.PodRunning, false, ended)), want: stateNotRunning},
		"one whose sidecar has ended after it complained": {pod: changed(injectedPod("a", "reader"), sidecarIs(corev1.PodRunning, false, ended)), said: away, want: stateNotRunning},
	} {
		t.Run(name, func(t *testing.T) {
			trimmed := test.pod
			for range 2 { // client-go trims the pods of the first list twice
				object, err := new(trimmer).trim(trimmed)
				if err != nil {
					t.Fatal(err)
				}
				trimmed = object.(*corev1.Pod)
			}
			for _, pod := range []*corev1.Pod{test.pod, trimmed} {
				if got := stateOf(pod, !test.unassociated, test.outside, test.unknown, test.said); got != test.want {
					t.Errorf("it is %s, not %s", got, test.want)
				}
			}
		})
	}
}

func TestARefusalLastsUntilSomebodyChangesSomething(t *testing.T) {
	for sentence, want := range map[string]bool{
		"STS refuses role arn:aws:iam::1:role/r: AccessDenied: Not authorized; let its trust policy":  true,
		"STS refuses role arn:aws:iam::1:role/r: InvalidIdentityToken: no provider":                   true,
		"the auth service refuses: ResourceNotFoundException: no association":                         true,
		"STS refuses role arn:aws:iam::1:role/r: Throttling: Rate exceeded":                           false,
		"STS refuses role arn:aws:iam::1:role/r: ExpiredTokenException: expired":                      false,
		"the auth service refuses: ThrottlingException: too many requests":                            false,
		"the auth service refuses: ServiceUnavailableException: STS refuses nobody: AccessDenied: no": false,
		"STS did not answer in time: check the network between this pod and STS":                      false,
		"": false,
	} {
		if isRefusal(sentence) != want {
			t.Errorf("%q is a refusal: %v", sentence, !want)
		}
	}
}

func TestWhatIsBeyondTheLimitIsCountedTogetherAndNoTroubleIsLost(t *testing.T) {
	f := newTestFleet(t, 2)
	f.count(census{
		namespaces:   map[string]map[string]int{"a": {stateWithCredentials: 1}, "b": {stateWithCredentials: 2}, "c": {stateUnassociated: 3}, "z": {stateRefused: 4, stateWithCredentials: 5}},
		associations: map[string]map[string]int{"a": {stateWithCredentials: 1}, "b": {stateWithCredentials: 2}, "z": {stateRefused: 4}},
		oldest:       map[string]time.Time{"z": time.Unix(7, 0)},
		ready:        map[string]bool{"a": true, "b": true, "c": true, "z": false},
	})
	want := map[string]float64{
		"pods z Refused": 4, "pods z WithCredentials": 5, "pods a WithCredentials": 1, "pods _others WithCredentials": 2, "pods _others Unassociated": 3,
		"oldest_awaiting_pod_timestamp_seconds z": 7,
		"association_pods z Refused":              4, "association_pods a WithCredentials": 1, "association_pods _others WithCredentials": 2,
		"association_ready z": 0, "association_ready a": 1, "association_ready _others": 1,
	}
	if got := shown(t, f); !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	f.limit = 0
	if got := shown(t, f); got["association_ready _others"] != 0 || len(got) != 7 {
		t.Errorf("without names it is %v", got)
	}
}

func TestTheSeriesAreBounded(t *testing.T) {
	const namespaces, limit = 5000, 100
	found := census{namespaces: map[string]map[string]int{}, associations: map[string]map[string]int{}, ready: map[string]bool{}}
	for i := range namespaces {
		name := fmt.Sprint("n", i)
		found.ready[name] = true
		for _, state := range []string{stateWithCredentials, stateAwaiting, stateRefused, stateFailing, stateUnassociated, stateOutdated, stateNotRunning} {
			add(found.namespaces, name, state)
			add(found.associations, name, state)
		}
	}
	f := newTestFleet(t, limit)
	f.count(found)
	if series, most := len(shown(t, f)), (limit+1)*15; series > most {
		t.Errorf("%d series, more than %d", series, most)
	}
}

func TestTheLeaderCountsPodsByStateAndForgetsThemWithItsTerm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.associate("reader")
		garbled := newAssociation("garbled")
		garbled.Spec.Policy = "{]"
		c.create(newAssociation("reader"), garbled, injectedPod("served", "reader"), injectedPod("nobody", "default"), uninjectedPod("late"))
		c.labelledTeam(contract.InjectEnabled)
		controller := c.newController()
		stop := c.run(controller)
		time.Sleep(time.Minute)
		waits := time.Now()
		c.create(waitingPod("waiting", "reader"))
		time.Sleep(2 * time.Minute)
		got := shown(t, controller.fleet)
		since := time.Unix(int64(got["oldest_awaiting_pod_timestamp_seconds team"]), 0)
		delete(got, "oldest_awaiting_pod_timestamp_seconds team")
		if late := since.Sub(waits); late < -time.Second || late > debounce {
			t.Errorf("the pod waits since %s after its creation", late)
		}
		want := map[string]float64{
			"pods team WithCredentials": 1, "pods team Unassociated": 1, "pods team Awaiting": 1, "pods team Uninjected": 1,
			"association_pods reader WithCredentials": 1, "association_pods reader Awaiting": 1, "association_ready reader": 0, "association_ready garbled": 0,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v", got)
		}
		stop()
		if left := shown(t, controller.fleet); len(left) != 0 {
			t.Errorf("who does not lead shows %v", slices.Sorted(maps.Keys(left)))
		}
	})
}

func TestAnAnnotationThatSomebodyElseChangesIsCountedAsAConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.associate("reader")
		c.create(injectedPod("app", "reader"))
		controller := c.newController()
		defer c.run(controller)()
		time.Sleep(time.Minute)
		for _, forged := range []string{"once", "twice"} {
			pod := c.pod("app")
			pod.Annotations[contract.AnnotationIdentity] = forged
			c.update(pod)
			time.Sleep(time.Minute)
		}
		c.reidentify("app")
		if got := testutil.ToFloat64(controller.disputed); got != 2 {
			t.Errorf("%v conflicts", got)
		}
	})
}

func TestARoleOfAServiceAccountIsOfNoAssociation(t *testing.T) {
	identities := association.NewIndex()
	identities.SetRole(association.ServiceAccount{Namespace: "team", Name: "irsa"}, "role")
	r := &statusReporter{identities: identities, outdated: &outdatedPods{}}
	found := r.census([]*corev1.Pod{injectedPod("a", "irsa")}, func(*corev1.Pod) string { return "" })
	if found.namespaces["team"][stateWithCredentials] != 1 || len(found.associations) != 0 {
		t.Errorf("found %+v", found)
	}
}

func TestARoleOutsideOfTheBoundsOfItsNamespaceIsRefused(t *testing.T) {
	identities := association.NewIndex()
	account := association.ServiceAccount{Namespace: "team", Name: "chooser"}
	identities.SetBounds(account.Namespace, map[string]string{contract.AnnotationAllowedRoles: ""}, "namespace")
	identities.SetAnnotations(account, map[string]string{contract.AnnotationRole: "arn:aws:iam::111122223333:role/admin"}, "account", association.AllAnnotations)
	r := &statusReporter{identities: identities, outdated: &outdatedPods{}}
	found := r.census([]*corev1.Pod{injectedPod("a", account.Name), injectedPod("b", "default")}, func(*corev1.Pod) string { return "" })
	if want := map[string]int{stateRefused: 1, stateUnassociated: 1}; !maps.Equal(found.namespaces["team"], want) {
		t.Errorf("found %+v", found.namespaces["team"])
	}
}
