package controller

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

const (
	warning = "Liveness probe warning: Probe terminated redirects, Response body: "
	refusal = "STS refuses role R: AccessDenied: no"
)

// warn has the kubelet tell that the sidecar of the pod app says refusal, as often as it does.
func (c *fakeCluster) warn() {
	c.t.Helper()
	e := &corev1.Event{}
	err := c.client.Get(c.t.Context(), client.ObjectKey{Namespace: "team", Name: "app.1"}, e)
	now := metav1.NewTime(time.Now())
	if err == nil {
		e.LastTimestamp = now
		c.update(e)
		return
	}
	c.create(&corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "app.1", UID: "event"}, InvolvedObject: corev1.ObjectReference{UID: "app"},
		Type: corev1.EventTypeWarning, Reason: "ProbeWarning", Message: warning + refusal, LastTimestamp: now,
	})
}

func TestAnAssociationSaysThatItsPodsGetNoNewCredentials(t *testing.T) {
	soon := recheckInterval + debounce
	for name, test := range map[string]struct {
		do   func(c *fakeCluster)
		want string
	}{
		"while the kubelet sends warnings": {func(*fakeCluster) {}, "False NoNewCredentials"},
		"while it sends one in five minutes": {func(c *fakeCluster) {
			for range 5 {
				time.Sleep(5 * time.Minute)
				c.warn()
			}
		}, "False NoNewCredentials"},
		"and not long after the last one":                {func(*fakeCluster) { time.Sleep(quietAfter) }, "True InEffect"},
		"and not once the pod has another identity":      {func(c *fakeCluster) { c.reidentify("app") }, "True InEffect"},
		"and again when that gives no credentials":       {func(c *fakeCluster) { c.reidentify("app"); time.Sleep(soon); c.warn() }, "False NoNewCredentials"},
		"and not of a pod that is gone":                  {func(c *fakeCluster) { c.delete(c.pod("app")) }, "True InEffect"},
		"and a new leader too, which changes no status":  {func(c *fakeCluster) { defer c.lead()() }, "False NoNewCredentials"},
		"and not of one that waits, which has not begun": {func(c *fakeCluster) { c.delete(c.pod("app")); c.create(waitingPod("app", "reader")) }, "True InEffect"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(t)
				c.associate("reader")
				c.create(newAssociation("reader"), injectedPod("app", "reader"), injectedPod("other", "reader"))
				controller := c.newController()
				stop := c.run(controller)
				time.Sleep(time.Minute)
				if got := c.readiness("reader"); got != "True InEffect" {
					t.Fatalf("before, it is %s", got)
				}
				c.warn()
				time.Sleep(soon)
				if got := ready(c.association("reader").Status).Message; got != "1 of 2 pods get no new credentials; the sidecar of pod team/app says: "+refusal {
					t.Errorf("it says %q", got)
				}
				test.do(c)
				time.Sleep(soon)
				got, counted := c.readiness("reader"), shown(t, controller.fleet)["association_pods reader Refused"]
				if got != test.want || (counted == 1) != (test.want == "False NoNewCredentials") {
					t.Errorf("it is %s, with %v refused pods, not %s", got, counted, test.want)
				}
				stop()
				if series := len(shown(t, controller.fleet)); series != 0 {
					t.Errorf("after its term a leader reports %d series", series)
				}
			})
		})
	}
}

func TestAnEventOfAnotherNamespaceOrFromTheFutureIsNoTroubleOfAPod(t *testing.T) {
	for name, test := range map[string]struct {
		namespace string
		ahead     time.Duration
		want      string
	}{
		"one of the pod's namespace counts":              {"team", 0, "False NoNewCredentials"},
		"one of a node whose clock is ahead counts":      {"team", time.Minute, "False NoNewCredentials"},
		"one of another namespace does not":              {"other", 0, "True InEffect"},
		"one from further ahead than any clock does not": {"team", time.Hour, "True InEffect"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(t)
				c.associate("reader")
				c.create(newAssociation("reader"), injectedPod("app", "reader"))
				defer c.run(c.newController())()
				time.Sleep(time.Minute)
				c.create(&corev1.Event{
					ObjectMeta: metav1.ObjectMeta{Namespace: test.namespace, Name: "app.1", UID: "event"}, InvolvedObject: corev1.ObjectReference{UID: "app"},
					Type: corev1.EventTypeWarning, Message: warning + refusal, LastTimestamp: metav1.NewTime(time.Now().Add(test.ahead)),
				})
				time.Sleep(recheckInterval + debounce)
				if got := c.readiness("reader"); got != test.want {
					t.Errorf("it is %s, not %s", got, test.want)
				}
			})
		})
	}
}

// reidentify gives a pod another identity.
func (c *fakeCluster) reidentify(name string) {
	c.t.Helper()
	role := newAssociation("reader")
	role.Spec.RoleARN += "-of-another-name"
	if err := c.identities.Set(role); err != nil {
		c.t.Fatal(err)
	}
	c.changes.Notify("team")
	time.Sleep(time.Second)
	if identity := c.pod(name).Annotations[contract.AnnotationIdentity]; !strings.Contains(identity, "-of-another-name") {
		c.t.Fatalf("the identity of pod %s is %s", name, identity)
	}
}

func TestWarningsFromBeforeTheFirstCredentialsAreOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.associate("reader")
		c.create(newAssociation("reader"), waitingPod("app", "reader"))
		controller := c.newController()
		defer c.run(controller)()
		for range 4 {
			c.warn()
			time.Sleep(30 * time.Second)
		}
		if got, counted := c.readiness("reader"), shown(t, controller.fleet)["association_pods reader Refused"]; got != "False NoCredentials" || counted != 1 {
			t.Errorf("while it waits, it is %s, with %v pods", got, counted)
		}
		c.serve("app")
		time.Sleep(2 * debounce)
		if got := c.readiness("reader"); got != "True InEffect" {
			t.Errorf("then it is %s", got)
		}
	})
}

func TestALeaderWithoutTheRightToReadEventsWaitsForThemForTenSecondsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := troubleStore{synced: func() bool { return false }, deadline: time.Now().Add(troublesWait)}
		if store.read() {
			t.Error("it does not wait")
		}
		time.Sleep(troublesWait + time.Second)
		if !store.read() {
			t.Error("it waits for ever")
		}
	})
}

func TestOnlyWarningsAboutTheSidecarAreRead(t *testing.T) {
	selects := watchedTroubles().Field.Matches
	if !selects(fields.Set{"type": "Warning", "involvedObject.fieldPath": "spec.initContainers{pod-identity}"}) ||
		selects(fields.Set{"type": "Normal", "involvedObject.fieldPath": "spec.initContainers{pod-identity}"}) ||
		selects(fields.Set{"type": "Warning", "involvedObject.fieldPath": "spec.containers{app}"}) {
		t.Error("others are read")
	}
	trimmed, err := trimEvent(&corev1.Event{ObjectMeta: metav1.ObjectMeta{Name: "e"}, Message: "m", Source: corev1.EventSource{Host: "h"}})
	if err != nil {
		t.Fatal(err)
	}
	if e := trimmed.(*corev1.Event); e.Name != "e" || e.Message != "m" || e.Source.Host != "" {
		t.Errorf("kept is %+v", e)
	}
	trimmed, err = trimEvent(&corev1.Event{Message: strings.Repeat("m", 1<<20)})
	if err != nil || len(trimmed.(*corev1.Event).Message) != maxMessage {
		t.Error("a long message is kept")
	}
	if _, err := trimEvent(&corev1.Pod{}); err == nil {
		t.Error("a pod is taken for an event")
	}
}
