package auth_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

// throttled has the pod's session asked for under many identities, since one is asked for only once at a time.
func throttled(t *testing.T, s *suite) {
	token := s.token(t, "nobody", audience)
	s.DoWith(t, "apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: nobody}\n"+
		"spec: {namespace: shop, serviceAccount: nobody, roleARN: 'arn:aws:iam::111122223333:role/pods/nobody'}", "apply", "-f", "-")
	client := s.client(s.bundle(t))
	ctx, cancel := withTimeout(t)
	defer cancel()
	s.sts.Set(t, platform.Throttling)
	const requests = 300
	var refused, hinted int
	for range requests {
		a, err := ask(ctx, client, "green", token)
		if err != nil {
			t.Fatal(err)
		}
		if a.Type == "ThrottlingException" && a.Status == http.StatusTooManyRequests {
			refused++
		}
		if a.RetryAfter != "" {
			hinted++
		}
	}
	calls := len(s.sts.Requests(t))
	t.Logf("%d requests while STS is throttled: %d refused with 429, %d told when to come again, %d calls of STS", requests, refused, hinted, calls)
	if refused == 0 || hinted != refused || calls > requests/10 {
		t.Error("STS is not spared")
	}
	s.sts.Set(t, platform.Answering)
	for a, err := ask(ctx, client, "green", token); a.Status != http.StatusOK; a, err = ask(ctx, client, "green", token) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// load asks all the time, as several pods do, until it is told to stop.
type load struct {
	asked, failed, lost atomic.Int64
	stop                func()
	mu                  sync.Mutex
	seen                map[string]int
}

// attempts are those of an SDK in its standard mode, but without the pauses between them.
const attempts = 3

func (s *suite) load(t *testing.T, bundle func() string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l, token := &load{seen: map[string]int{}}, s.token(t, "reader", audience)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				l.once(ctx, s, bundle, token)
			}
		})
	}
	l.stop = func() { cancel(); all.Wait() }
	t.Cleanup(l.stop)
	return l
}

func (l *load) once(ctx context.Context, s *suite, bundle func() string, token string) {
	l.asked.Add(1)
	for range attempts {
		a, err := ask(ctx, s.client(bundle()), "green", token)
		if ctx.Err() != nil || err == nil && a.Status == http.StatusOK {
			return
		}
		l.failed.Add(1)
		l.mu.Lock()
		l.seen[fmt.Sprint(a.Type, err)]++
		l.mu.Unlock()
	}
	l.lost.Add(1)
}

func (l *load) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d requests, %d failed once, %d failed %d times: %v", l.asked.Load(), l.failed.Load(), l.lost.Load(), attempts, l.seen)
}

func rollout(t *testing.T, s *suite) {
	bundle := s.bundle(t)
	l := s.load(t, func() string { return bundle })
	s.Do(t, "rollout", "restart", "--namespace=pod-identity", "deployment/pod-identity-auth")
	s.Do(t, "rollout", "status", "--namespace=pod-identity", "deployment/pod-identity-auth", "--timeout=3m")
	l.stop()
	t.Log(l)
	if l.failed.Load() > 0 {
		t.Error("requests failed")
	}
}

// killed kills a replica as the kernel would for want of memory. Until the other one alone is called, connections are refused;
// a sidecar has its credentials meanwhile.
func killed(t *testing.T, s *suite) {
	bundle := s.bundle(t)
	l, begin := s.load(t, func() string { return bundle }), time.Now()
	// The last one: the first may be of the rollout before, and on its way out.
	pods := strings.Fields(s.Do(t, "get", "pods", "--namespace=pod-identity", "--selector=app.kubernetes.io/name=pod-identity-auth", "--sort-by=.metadata.creationTimestamp", "-o=name"))
	pod := pods[len(pods)-1]
	id := s.Do(t, "get", "--namespace=pod-identity", pod, "-o=jsonpath={.status.containerStatuses[0].containerID}")
	for _, pid := range platform.Processes(t, id) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	s.Do(t, "wait", "--namespace=pod-identity", pod, "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "--timeout=3m")
	s.Do(t, "wait", "--namespace=pod-identity", pod, "--for=condition=Ready", "--timeout=3m")
	took := time.Since(begin)
	l.stop()
	t.Logf("ready again after %s; %s", took.Round(100*time.Millisecond), l)
	for words := range l.seen {
		broken := func(how string) bool { return strings.Contains(words, how) }
		if !slices.ContainsFunc([]string{"refused", "EOF", "reset", "broken pipe", "server closed idle connection"}, broken) {
			t.Errorf("requests failed otherwise: %s", words)
		}
	}
	s.must(t, s.token(t, "reader", audience))
}

// rotated deletes the CA under load. Clients trust what is published when they ask, as sidecars do.
func rotated(t *testing.T, s *suite) {
	ctx, cancel := withTimeout(t)
	defer cancel()
	before := s.bundle(t)
	old := s.issuers(ctx, t)[0]
	var published atomic.Pointer[string]
	published.Store(&before)
	l := s.load(t, func() string { return *published.Load() })
	begin := time.Now()
	s.Do(t, "delete", "secret", "--namespace=pod-identity", "pod-identity-auth-ca")
	for slices.Contains(s.issuers(ctx, t), old) {
		now := s.bundle(t)
		published.Store(&now)
	}
	changed := time.Since(begin)
	s.must(t, s.token(t, "reader", audience))
	l.stop()
	t.Logf("all replicas show a certificate of the new CA after %s; %s", changed.Round(100*time.Millisecond), l)
	if l.failed.Load() > 0 {
		t.Error("requests failed")
	}
}

// issuers are the CAs of the certificates that the ready replicas show.
func (s *suite) issuers(ctx context.Context, t *testing.T) []string {
	t.Helper()
	addresses := strings.Fields(s.Do(t, "get", "endpointslices", "--namespace=pod-identity", "--selector=kubernetes.io/service-name=pod-identity-auth",
		"-o=jsonpath={.items[*].endpoints[?(@.conditions.ready==true)].addresses[0]}"))
	if len(addresses) == 0 {
		t.Fatal("no replica is ready")
	}
	var names []string
	for _, address := range addresses {
		plain, err := s.Cluster.Dial(ctx, "tcp", net.JoinHostPort(address, "9443"))
		if err != nil {
			t.Fatal(err)
		}
		conn := tls.Client(plain, &tls.Config{InsecureSkipVerify: true}) // who signed it is the question
		if err := conn.HandshakeContext(ctx); err != nil {
			t.Fatal(err)
		}
		names = append(names, conn.ConnectionState().PeerCertificates[0].Issuer.CommonName)
		_ = conn.Close() // nothing was sent
	}
	return names
}
