package attack_test

import (
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	// largeVariables make a pod one that waits for the slot of large reviews.
	largeVariables = 450
	// saturation is how long the primary is attacked at least: a large pod waits there for seconds before the standby is asked.
	saturation = 15 * time.Second
)

// saturated attacks the primary alone, in whose only slot for large reviews those of others then find no room in time.
func (s *suite) saturated(t *testing.T) {
	addresses := map[string]string{}
	for _, pod := range s.pods(t) {
		if serverOf(pod) == webhook {
			addresses[strings.Split(strings.TrimPrefix(pod.Name, "pod-identity-webhook-"), "-")[0]] = pod.Status.PodIP
		}
	}
	standby := addresses["standby"]
	delete(addresses, "standby")
	if standby == "" || len(addresses) != 1 {
		t.Fatalf("there are not one primary and one standby: %v and %q", addresses, standby)
	}
	before := s.containers(t)
	answered := s.injected(t, standby)
	large := &load{name: "large", pods: s.load.pods, variables: largeVariables}
	stop := large.start(t)
	for _, primary := range addresses {
		s.strike(t, step{by: peer, what: "statuses"}, []string{net.JoinHostPort(primary, "9443")}, max(length(t), saturation))
	}
	stop()
	seen := large.counter.Take()
	answered = s.injected(t, standby) - answered
	t.Logf("%d large pods were admitted and %d refused; the standby injected %d", len(seen.Took), seen.Failed, answered)
	if seen.Failed > 0 || len(seen.Took) == 0 {
		t.Errorf("%d of %d large pods were refused: %s", seen.Failed, seen.Failed+len(seen.Took), strings.Join(seen.Complaints, "\n"))
	}
	if answered == 0 {
		t.Error("the standby was not called: this shows nothing")
	}
	s.unharmed(t, before)
}

// injected is how many pods a replica has injected.
func (s *suite) injected(t *testing.T, address string) int {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: s.Cluster.Dial, DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+net.JoinHostPort(address, "8080")+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }() // only read from
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^podidentity_admissions_total\{reason="Injected"\} (\d+)$`).FindSubmatch(text)
	if found == nil {
		t.Fatal("there is no metric of injected pods")
	}
	count, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	return count
}
