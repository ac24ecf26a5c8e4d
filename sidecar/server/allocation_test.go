package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/server"
)

// sink is a ResponseWriter that is reused, so that only the handler's own allocations count.
type sink struct {
	header http.Header
	status int
	length int
}

func (s *sink) Header() http.Header    { return s.header }
func (s *sink) WriteHeader(status int) { s.status = status }

func (s *sink) Write(body []byte) (int, error) {
	s.length = len(body)
	return len(body), nil
}

// TestASuccessfulGETAllocatesNothing leaves out what is not ours: net/http, which reads the request, and the router, whose match
// costs seven allocations, as BenchmarkGET shows.
func TestASuccessfulGETAllocatesNothing(t *testing.T) {
	h := newServer(t, readySets(t)).Endpoint()
	r, w := request(), &sink{header: http.Header{}}
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if w.status != http.StatusOK || w.length == 0 {
		t.Errorf("status %d, %d bytes", w.status, w.length)
	}
}

func TestASuccessfulGETOfOneOfManyContainersAllocatesNothing(t *testing.T) {
	sets := newSets(t, source{}, "a", "b", "c", "d", "e")
	sets.SetIdentities(associated())
	awaitRole(sets.Of("e"), "")
	h := server.New(of(sets), reporter(t, sets), tokens(t, "a", "b", "c", "d", "e"), discardLog(), time.Now).Endpoint()
	r, w := request(), &sink{header: http.Header{}}
	r.Header.Set("Authorization", contract.ContainerToken(string(token), "e"))
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n != 0 || w.status != http.StatusOK {
		t.Errorf("%v allocations, status %d", n, w.status)
	}
}

func BenchmarkGET(b *testing.B) {
	s := newServer(b, readySets(b))
	for name, h := range map[string]http.Handler{"ours": s.Endpoint(), "with the router": s.Handler()} {
		b.Run(name, func(b *testing.B) {
			r, w := request(), &sink{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}
