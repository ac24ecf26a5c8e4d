// Package chaos_test proves that no fault of a cluster refuses a pod, or admits one without its sidecar: it creates pods all the time and
// causes one fault after the other. Then it has STS fail pods that run, and proves that none leaves its Service.
package chaos_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/podidentity/podidentity/e2e/platform"
)

// long is the environment variable that chooses the long form, which takes most of an hour.
const long = "CHAOS"

// tables is the environment variable that names a file for both tables, as Markdown.
const tables = "CHAOS_TABLES"

// baseline is the name of what comes first, and is no fault.
const baseline = "nothing"

// fault is something that happens to a cluster.
type fault struct {
	name string
	// short and long are how often it happens in each form.
	short, long int
	// inject has it happen once, and returns when all is as before.
	inject func(t *testing.T, s *suite)
	// away tells that the API server itself cannot answer meanwhile, and refuses that pods may be refused.
	away, refuses bool
}

func faults() []fault {
	return []fault{
		{name: baseline, short: 1, long: 1, inject: loadAlone},
		{name: "certificate of the server renewed, in each replica", short: 1, long: 50, inject: renewLeaf},
		{name: "CA deleted, and replaced everywhere", short: 1, long: 20, inject: deleteCA},
		{name: "CA damaged, and replaced everywhere", short: 1, long: 2, inject: damageCA},
		{name: "caBundle emptied, in either configuration", short: 1, long: 5, inject: emptyBundle},
		{name: "caBundle of somebody else, in either configuration", short: 1, long: 5, inject: foreignBundle},
		{name: "either configuration deleted, and applied again", short: 1, long: 3, inject: deleteConfiguration},
		{name: "rolling update", short: 1, long: 10, inject: rollingUpdate},
		{name: "scaled from 2 to 4 and back", short: 1, long: 5, inject: scale},
		{name: "every replica evicted, as by a drain", short: 1, long: 5, inject: evict},
		{name: "a replica deleted without grace", short: 1, long: 10, inject: deleteByForce},
		{name: "a replica killed (SIGKILL)", short: 1, long: 20, inject: killOne},
		{name: "the leader killed (SIGKILL)", short: 1, long: 5, inject: killLeader},
		{name: "the leader stopped (SIGSTOP), until another one leads", short: 1, long: 5, inject: stopLeader},
		{name: "somebody else takes the lease and never renews it", short: 1, long: 3, inject: foreignHolder},
		{name: "a replica stopped for 10 s (SIGSTOP)", short: 1, long: 5, inject: hang},
		{name: "both Deployments deleted, and created again", short: 1, long: 3, inject: deleteDeployments, refuses: true},
		{name: "500 associations created at once", short: 1, long: 3, inject: createMany},
		{name: "500 associations edited at once", short: 1, long: 3, inject: editMany},
		{name: "the CRD deleted for 10 s, and applied again", short: 0, long: 3, inject: deleteDefinition},
		{name: "a LimitRange comes, and goes", short: 1, long: 3, inject: boundPods, refuses: true},
		{name: "the kubelet restarts while a pod waits for its credentials", short: 1, long: 3, inject: restartKubelet},
		{name: "etcd paused for 10 s", short: 1, long: 3, inject: pauseEtcd, away: true},
		{name: "API server killed and started again", short: 1, long: 5, inject: restartAPIServer, away: true},
		{name: "API server away for a minute", short: 0, long: 2, inject: apiServerAway, away: true},
	}
}

func TestNoFaultHarmsAPod(t *testing.T) {
	p := platform.ForTest(t, "chaos")
	s := newSuite(t, p)
	rows := []string{"| what happens | times | admitted | refused | without sidecar | API server away | slowest | it lasted |", "|---|---:|---:|---:|---:|---:|---:|---:|"}
	for _, f := range faults() {
		times := f.short
		if os.Getenv(long) != "" {
			times = f.long
		}
		if times == 0 {
			continue
		}
		held := t.Run(f.name, func(t *testing.T) {
			s.load.take()
			s.lasted = 0
			for range times {
				f.inject(t, s)
			}
			seen := s.load.take()
			rows = append(rows, fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d ms | %s |",
				f.name, times, seen.admitted, seen.refused, seen.uninjected, seen.away, seen.slowest.Milliseconds(), s.longest()))
			check(t, f, seen)
		})
		if f.name == baseline && !held {
			t.Fatal("pods are refused without any fault")
		}
	}
	text := strings.Join(rows, "\n") + "\n"
	t.Logf("\n%s", text)
	s.load.stop()
	t.Run("another webhook changes the sidecar", func(t *testing.T) { anotherWebhook(t, s) })
	table := faultsOfSTS(t, s)
	t.Logf("\n%s", table)
	if file := os.Getenv(tables); file != "" {
		if err := os.WriteFile(file, []byte(text+"\n"+table), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func check(t *testing.T, f fault, seen figures) {
	t.Helper()
	if seen.admitted == 0 {
		t.Error("no pod was admitted: this shows nothing")
	}
	if seen.uninjected > 0 {
		t.Errorf("%d pods have no sidecar", seen.uninjected)
	}
	if seen.refused > 0 {
		t.Logf("%d pods were refused: %s", seen.refused, strings.Join(seen.complaints, "\n"))
	}
	if !f.away && !f.refuses && seen.refused > 0 {
		t.Errorf("%d of %d pods were refused", seen.refused, seen.refused+seen.admitted)
	}
	if !f.away && seen.away > 0 {
		t.Errorf("the API server was away for %d pods", seen.away)
	}
}

// suite is a platform under load.
type suite struct {
	*platform.Platform

	load *load
	sts  platform.STS
	kube kubernetes.Interface
	// patient never ends a request.
	patient      kubernetes.Interface
	associations dynamic.NamespaceableResourceInterface
	// hung is the replica that was stopped last.
	hung string
	// lasted is how long the fault in hand took at most until its effect was over, where it is measured.
	lasted time.Duration
}

// took notes how long it took since begin until the effect of a fault was over.
func (s *suite) took(t *testing.T, begin time.Time, what string) {
	t.Helper()
	took := time.Since(begin)
	t.Logf("%s after %.1f s", what, took.Seconds())
	s.lasted = max(s.lasted, took)
}

func (s *suite) longest() string {
	if s.lasted == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f s", s.lasted.Seconds())
}

func newSuite(t *testing.T, p *platform.Platform) *suite {
	t.Helper()
	config, err := p.Cluster.RESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	patient, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	config.Timeout = time.Minute
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	associations := schema.GroupVersionResource{Group: "podidentity.dev", Version: "v1alpha1", Resource: "podidentityassociations"}
	s := &suite{
		Platform: p, kube: kube, patient: patient, associations: objects.Resource(associations), sts: p.StartSTS(t, session()),
		load: &load{pods: kube.CoreV1().Pods("load")},
	}
	// A life of a minute has the certificates renewed all the time.
	for _, deployment := range []string{"pod-identity-webhook", "pod-identity-webhook-standby"} {
		s.Do(t, "patch", "deployment", "--namespace=pod-identity", deployment, "--type=json",
			`--patch=[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--certificate-validity=1m"},
				{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--sts-endpoint=`+s.sts.URL()+`"}]`)
	}
	s.rolledOut(t)
	s.gone(t)
	s.Do(t, "create", "namespace", "load")
	s.Do(t, "label", "namespace", "load", "podidentity.dev/inject=enabled")
	s.AwaitAny(t, "--namespace=load", "serviceaccount", "--field-selector=metadata.name=default")
	s.startWitness(t)
	s.load.start(t)
	return s
}
