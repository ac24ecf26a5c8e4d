package attack_test

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/podidentity/podidentity/e2e/platform"
	"github.com/podidentity/podidentity/e2e/suites/attack/figures"
)

const image = "localhost/podidentity/attack:e2e"

// suite is a platform with attackers, and with others who are not to notice them.
type suite struct {
	*platform.Platform

	kube kubernetes.Interface
	load *load
	// probed is what the kubelet's probes of the victim come to.
	probed *figures.Counter
	// addresses are those of the pods of the suite, by who they are.
	addresses map[string]string
	// rest is what others see at rest, by the server that is attacked afterwards.
	rest map[string]others
	rows []row
}

// others is what those see who are not attacked.
type others struct {
	// admissions are of pods that are created, reads of credentials, and probes of the pod that reads.
	admissions, reads, probes figures.Figures
}

func newSuite(t *testing.T, p *platform.Platform) *suite {
	t.Helper()
	config, err := p.Cluster.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	config.Timeout = time.Minute
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{Platform: p, kube: kube, rest: map[string]others{}, addresses: map[string]string{}, load: &load{name: "usual", pods: kube.CoreV1().Pods("load")}}
	s.LoadPrograms(t, image, "suites/attack/attacker", "suites/attack/reader")
	if err := s.Cluster.Configure(t.Context(), addressesOfFleet(s.Cluster.Address())); err != nil {
		t.Fatal(err)
	}
	s.ApplyTemplate(t, "cluster.yaml", map[string]string{"Image": image, "RoleARN": s.RoleARN})
	s.AwaitAny(t, "--namespace=load", "serviceaccount", "--field-selector=metadata.name=default")
	s.Do(t, "wait", "--all-namespaces", "--for=condition=Ready", "pod", "--selector=suite=attack", "--timeout=2m")
	for who, pod := range map[string]string{peer: "attacker/peer", fleet: "attacker/fleet", neighbour: "others/victim", victim: "others/victim"} {
		s.addresses[who] = s.address(t, pod)
	}
	s.load.start(t)
	s.probed = s.probes(t)
	return s
}

// addressesOfFleet are iproute2's commands that give a node as many addresses as an attack comes from at most. Those of IPv6 are each in a /64
// of its own, for which servers have their limits.
func addressesOfFleet(node string) string {
	add := "addr add 10.245.0.%d/32 dev lo\n"
	if netip.MustParseAddr(node).Is6() {
		add = "addr add fd00:10:245:%x::1/128 dev lo nodad\n"
	}
	var commands strings.Builder
	for i := range 100 {
		fmt.Fprintf(&commands, add, 1+i)
	}
	return commands.String()
}

// attack attacks, and checks what came of it.
func (s *suite) attack(t *testing.T, a attack) {
	before := s.containers(t)
	for _, c := range before {
		c.group.resetPeak(t)
	}
	s.take(t, a.server)
	s.run(t, a)
	seen := s.take(t, a.server)
	if a.name == nothing {
		s.rest[a.server] = seen
	}
	r := row{attack: a, seen: seen, rest: s.rest[a.server]}
	for _, c := range before {
		if c.server == a.server {
			r.note(c.group.peak(t), c.group.limit(t))
		}
		c.check(t)
	}
	s.unharmed(t, before)
	seen.check(t, a)
	s.rows = append(s.rows, r)
}

// take is what others have seen since the last time.
func (s *suite) take(t *testing.T, server string) others {
	t.Helper()
	// The sidecar is read all the time, but what counts of an attack on the auth service is whether that gives sessions.
	reader := victim
	if server == auth {
		reader = asker
	}
	return others{admissions: s.load.counter.Take(), reads: s.figures(t, reader), probes: s.probed.Take()}
}

// figures are those of a reader.
func (s *suite) figures(t *testing.T, reader string) (seen figures.Figures) {
	t.Helper()
	if err := s.call(t, http.MethodGet, net.JoinHostPort(s.addresses[reader], "8000"), "/figures", &seen); err != nil {
		t.Fatal(err)
	}
	return seen
}

// pods are those in which the product runs.
func (s *suite) pods(t *testing.T) []corev1.Pod {
	t.Helper()
	ours, err := s.kube.CoreV1().Pods("pod-identity").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	victim, err := s.kube.CoreV1().Pods("others").Get(t.Context(), "victim", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return append(ours.Items, *victim)
}

// serverOf is the server that runs in a pod.
func serverOf(pod corev1.Pod) string {
	switch pod.Labels["app.kubernetes.io/name"] {
	case "pod-identity-webhook":
		return webhook
	case "pod-identity-auth":
		return auth
	}
	return sidecar
}

// check complains about what others should not have noticed.
func (o others) check(t *testing.T, a attack) {
	t.Helper()
	const reads = "reads of credentials"
	for what, seen := range map[string]figures.Figures{"creations of pods": o.admissions, reads: o.reads, "probes": o.probes} {
		switch {
		case seen.Failed > 0 && what == reads && a.beyond != "":
			t.Logf("%d %s failed: %s", seen.Failed, reads, a.beyond)
		case seen.Failed > 0:
			t.Errorf("%d of %d %s failed: %s", seen.Failed, seen.Failed+len(seen.Took), what, strings.Join(seen.Complaints, "\n"))
		}
		if len(seen.Took) == 0 {
			t.Errorf("there were no %s: this shows nothing", what)
		}
	}
}
