package attack_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// run returns when all steps of an attack have ended.
func (s *suite) run(t *testing.T, a attack) {
	t.Helper()
	if len(a.steps) == 0 {
		<-time.After(length(t))
		return
	}
	var all sync.WaitGroup
	for _, step := range a.steps {
		targets := s.targets(t, a.server, step)
		all.Go(func() {
			s.strike(t, step, targets, length(t))
		})
	}
	all.Wait()
}

// strike returns when one step has ended.
func (s *suite) strike(t *testing.T, step step, targets []string, length time.Duration) {
	var counts map[string]int
	query := url.Values{"what": {step.what}, "for": {length.String()}, "at": targets}
	if err := s.call(t, http.MethodPost, net.JoinHostPort(s.addresses[step.by], "8001"), "/attack?"+query.Encode(), &counts); err != nil {
		t.Error(err)
	}
	if len(counts) == 0 {
		t.Errorf("%s did nothing", step.what)
	}
	t.Logf("%s: %v", step.what, counts)
}

// call asks a program of the suite.
func (s *suite) call(t *testing.T, method, address, path string, answer any) (err error) {
	request, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: s.Cluster.Dial, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // only read from
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", path, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// targets are the addresses that a step is directed against.
func (s *suite) targets(t *testing.T, server string, step step) (all []string) {
	t.Helper()
	switch {
	case step.at == "":
		return nil
	case step.by == neighbour:
		return []string{net.JoinHostPort("127.0.0.1", step.at)}
	}
	for _, pod := range s.pods(t) {
		if serverOf(pod) == server {
			all = append(all, net.JoinHostPort(pod.Status.PodIP, step.at))
		}
	}
	if len(all) == 0 {
		t.Fatalf("no pod of %s runs", server)
	}
	return all
}

// address is that of NAMESPACE/NAME.
func (s *suite) address(t *testing.T, pod string) string {
	t.Helper()
	namespace, name, _ := strings.Cut(pod, "/")
	return s.Do(t, "get", "pod", "--namespace="+namespace, name, "--output=jsonpath={.status.podIP}")
}
