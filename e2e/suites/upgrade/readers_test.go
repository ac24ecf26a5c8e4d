package upgrade_test

import (
	"encoding/json"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/suites/attack/figures"
)

// Namespaces with pods that read credentials, by what selects them.
const (
	exact    = "exact"
	pattern  = "pattern"
	fallback = "fallback"
	// alone has one association, which is deleted: the pods of this namespace are not counted.
	alone = "alone"
)

func readNamespaces() []string { return []string{exact, "pattern-a", "pattern-b", fallback, alone} }

// namespacesOf are those that an association of that name selects.
func namespacesOf(association string) []string {
	return slices.DeleteFunc(readNamespaces(), func(namespace string) bool { return !strings.HasPrefix(namespace, association) })
}

// starts runs a pod in each namespace, all of one name and with the sidecar of that tag, and returns when they are ready.
func starts(generation, tag string) func(t *testing.T, s *suite) time.Duration {
	return func(t *testing.T, s *suite) time.Duration {
		s.ApplyTemplate(t, "readers.yaml", map[string]any{"Namespaces": readNamespaces(), "Name": generation, "Image": image})
		for _, namespace := range readNamespaces() {
			s.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod/"+generation, "--timeout=2m")
			if sidecar := s.Do(t, "get", "pod", "--namespace="+namespace, generation, "-o=jsonpath={.spec.initContainers[0].image}"); sidecar != "localhost/podidentity/sidecar:"+tag {
				t.Errorf("the sidecar has the image %s", sidecar)
			}
		}
		s.generations = append(s.generations, generation)
		return 0
	}
}

func atRest(*testing.T, *suite) time.Duration {
	<-time.After(10 * time.Second)
	return 0
}

// read is what all pods have seen that read credentials and are counted, since the last time.
func (s *suite) read(t *testing.T) (all figures.Figures) {
	t.Helper()
	for _, namespace := range readNamespaces() {
		if namespace == alone {
			continue
		}
		for _, seen := range s.readIn(t, namespace) {
			all.Failed += seen.Failed
			all.Took = append(all.Took, seen.Took...)
			all.Complaints = append(all.Complaints, seen.Complaints...)
		}
	}
	return all
}

// readIn is what each pod of a namespace has seen since the last time.
func (s *suite) readIn(t *testing.T, namespace string) (each []figures.Figures) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: s.Cluster.Dial, DisableKeepAlives: true}}
	for _, address := range strings.Fields(s.Do(t, "get", "pods", "--namespace="+namespace, "-o=jsonpath={.items[*].status.podIP}")) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+net.JoinHostPort(address, "8000")+"/figures", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var seen figures.Figures
		err = json.NewDecoder(response.Body).Decode(&seen)
		_ = response.Body.Close() // only read from
		if err != nil {
			t.Fatal(err)
		}
		each = append(each, seen)
	}
	return each
}
