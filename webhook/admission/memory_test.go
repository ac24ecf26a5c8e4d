package admission

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	logrustest "github.com/sirupsen/logrus/hooks/test"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// identityAsked counts how often it is asked, and then calls then.
type identityAsked struct {
	times int
	then  func()
}

func (i *identityAsked) Identities(association.ServiceAccount, []string) contract.Identities {
	i.times++
	if i.then != nil {
		i.then()
	}
	return contract.Identities{}
}

func (*identityAsked) Refusal(association.ServiceAccount) string { return "" }

func newHandler(t *testing.T) (*Handler, *identityAsked) {
	t.Helper()
	metrics, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	log, _ := logrustest.NewNullLogger()
	asked := &identityAsked{}
	return &Handler{
		Mode: contract.InjectEnabled, Injector: inject.NewInjector(inject.DefaultSettings()), Identities: asked, AuthCA: func() string { return "" },
		Rules:  func(string) inject.Rules { return inject.Rules{} },
		Memory: NewMemory(), Metrics: metrics, Log: log,
	}, asked
}

// reviewOfBytes has a pod with a text of about this length.
func reviewOfBytes(n int) io.Reader {
	return strings.NewReader(wrap(`{"metadata":{"annotations":{"a":"` + strings.Repeat("a", n) + `"}}}`))
}

// send returns the status and the body of an answer.
func send(ctx context.Context, to http.Handler, body io.Reader) (status int, text string) {
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/", body)
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	to.ServeHTTP(recorder, request)
	return recorder.Code, recorder.Body.String()
}

const busy = "the webhook has too many reviews at once: retry\n"

func TestAReviewWaitsForWhatItNeedsAndNoLonger(t *testing.T) {
	for name, test := range map[string]struct {
		bytes        int
		take         func(*Memory) bool
		small, large int
	}{
		"large bodies take all bytes": {
			take: func(m *Memory) bool { return m.bytes.TryAcquire(maxBytes) }, small: http.StatusOK, large: http.StatusServiceUnavailable,
		},
		"a large review has its slot": {
			take: func(m *Memory) bool { return m.large.TryAcquire(1) }, small: http.StatusOK, large: http.StatusServiceUnavailable,
		},
		"small reviews have their slots": {
			take: func(m *Memory) bool { return m.small.TryAcquire(smallReviews) }, small: http.StatusServiceUnavailable, large: http.StatusOK,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, _ := newHandler(t)
				if !test.take(h.Memory) {
					t.Fatal("somebody else has taken it")
				}
				for size, want := range map[int]int{5000: test.small, 3 << 20: test.large} {
					status, text := send(t.Context(), h, reviewOfBytes(size))
					if status != want || (status == http.StatusServiceUnavailable) != (text == busy) {
						t.Errorf("a review of %d bytes: %d %.200s", size, status, text)
					}
				}
			})
		})
	}
}

func TestAReviewGivesBackWhatItTook(t *testing.T) {
	h, _ := newHandler(t)
	for name, body := range map[string]func() io.Reader{
		"a small review":       func() io.Reader { return reviewOfBytes(5000) },
		"a large one":          func() io.Reader { return reviewOfBytes(6 << 20) },
		"one that is too long": func() io.Reader { return reviewOfBytes(8 << 20) },
		"one that is no JSON":  func() io.Reader { return strings.NewReader(strings.Repeat("[", 1<<20)) },
		"one that panics":      func() io.Reader { return reviewOfBytes(1 << 20) },
		"one with a patch of 6 MB": func() io.Reader {
			return strings.NewReader(wrap(`{"spec":{"containers":[{"name":"a","env":[{"name":"http_proxy"},{"name":"no_proxy","value":"` + strings.Repeat("a", 6<<20) + `"}]}]}}`))
		},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "one that panics" {
				h.Identities = &identityAsked{then: func() { panic("a bug") }}
			}
			if status, text := send(t.Context(), h, body()); status != http.StatusOK {
				t.Errorf("%d %.200s", status, text)
			}
			if !h.Memory.bytes.TryAcquire(maxBytes) || !h.Memory.small.TryAcquire(smallReviews) || !h.Memory.large.TryAcquire(1) {
				t.Fatal("something is still taken")
			}
			h.Memory.bytes.Release(maxBytes)
			h.Memory.small.Release(smallReviews)
			h.Memory.large.Release(1)
		})
	}
}

func TestASmallReviewWithALargeAnswerDoesNotHoldItsSlotWhileThereIsNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := newHandler(t)
		if !h.Memory.bytes.TryAcquire(maxBytes) {
			t.Fatal("somebody else has taken it")
		}
		containers := strings.TrimSuffix(strings.Repeat(`{"name":"a"},`, 380), ",")
		begin := time.Now()
		status, _ := send(t.Context(), h, strings.NewReader(wrap(`{"spec":{"containers":[`+containers+`]}}`)))
		if waited := time.Since(begin); status != http.StatusServiceUnavailable || waited > 0 {
			t.Errorf("%d after %s", status, waited)
		}
	})
}

func TestABodyTakesItsMemoryAsItArrives(t *testing.T) {
	h, _ := newHandler(t)
	free := func() int64 {
		n := int64(0)
		for ; h.Memory.bytes.TryAcquire(1 << 10); n += 1 << 10 {
		}
		h.Memory.bytes.Release(n)
		return n
	}
	reader, writer := io.Pipe()
	answered := make(chan int, 1)
	go func() {
		status, _ := send(context.Background(), h, reader)
		answered <- status
	}()
	if _, err := writer.Write(make([]byte, freeBytes/2)); err != nil {
		t.Fatal(err)
	}
	if got := free(); got != maxBytes {
		t.Errorf("%d bytes are left for others while a body is small", got)
	}
	if _, err := writer.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	if got := free(); got < maxBytes-(3<<20) || got > maxBytes-(1<<20) {
		t.Errorf("%d bytes are left for others while a body of 1 MB is unfinished", got)
	}
	_ = writer.CloseWithError(io.ErrUnexpectedEOF) // never fails
	if status := <-answered; status != http.StatusOK {
		t.Errorf("answered with %d", status)
	}
	if got := free(); got != maxBytes {
		t.Errorf("%d bytes are left after that", got)
	}
}

func TestNothingIsDoneForAClientThatHasGone(t *testing.T) {
	h, asked := newHandler(t)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, size := range []int{5000, 3 << 20} {
		if status, text := send(gone, h, reviewOfBytes(size)); status != http.StatusServiceUnavailable || asked.times != 0 {
			t.Errorf("%d bytes: %d %s, decided on %d times", size, status, text, asked.times)
		}
	}
}
