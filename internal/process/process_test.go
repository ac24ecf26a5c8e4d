package process

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	stdlog "log"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	logrustest "github.com/sirupsen/logrus/hooks/test"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
)

func TestADrainedContextEndsThePeriodAfterItsParent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, stop := context.WithCancel(t.Context())
		drained := Drain(parent, 5*time.Second)
		time.Sleep(time.Hour)
		stop()
		begin := time.Now()
		time.Sleep(5*time.Second - time.Nanosecond)
		synctest.Wait()
		if drained.Err() != nil {
			t.Error("it ended with its parent")
		}
		<-drained.Done()
		if took := time.Since(begin); took != 5*time.Second {
			t.Errorf("it ended after %s", took)
		}
	})
}

func TestAReadinessCheckSaysWhatIsMissing(t *testing.T) {
	done := false
	check := ReadyWhen(func() bool { return done }, "the associations are not read yet")
	if err := check(nil); err == nil || err.Error() != "the associations are not read yet" {
		t.Errorf("before: %v", err)
	}
	done = true
	if err := check(nil); err != nil {
		t.Errorf("after: %v", err)
	}
}

type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func TestAnAPIServerThatIsAwayIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		kubernetes := &rest.Config{Host: "https://api.test", Transport: answers(func(*http.Request) (*http.Response, error) {
			if time.Since(begin) < 9*time.Second {
				return nil, errors.New("connection refused")
			}
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"gitVersion":"v1.37.2"}`))}, nil
		})}
		log, logged := logrustest.NewNullLogger()
		version, err := waitForVersion(t.Context(), kubernetes, log)
		if err != nil || version != "v1.37.2" || time.Since(begin) != 10*time.Second {
			t.Errorf("version %q after %s: %v", version, time.Since(begin), err)
		}
		if last := logged.LastEntry(); len(logged.AllEntries()) != 5 || last.Message != "waiting for the API server" || last.Data["address"] != "https://api.test" {
			t.Errorf("%d lines, the last is %+v", len(logged.AllEntries()), last)
		}
	})
}

func TestTheWaitForTheAPIServerEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		kubernetes := &rest.Config{Host: "https://api.test", Transport: answers(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("connection refused")
		})}
		log, _ := logrustest.NewNullLogger()
		_, err := waitForVersion(ctx, kubernetes, log)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "ask the API server at https://api.test for its version") {
			t.Errorf("got %v", err)
		}
	})
}

type lines chan []byte

func (l lines) Write(line []byte) (int, error) {
	l <- append([]byte(nil), line...)
	return len(line), nil
}

func TestLibrariesLogJSONThroughTheOneLogger(t *testing.T) {
	log, err := NewLogger("info")
	if err != nil {
		t.Fatal(err)
	}
	written := make(lines, 1)
	log.SetOutput(written)
	// Other tests use the loggers of the libraries too, and nobody reads what they write.
	t.Cleanup(func() { log.SetOutput(io.Discard) })
	for name, write := range map[string]func(){
		"the product":          func() { log.Info("a sentence") },
		"controller-runtime":   func() { ctrl.Log.Info("a sentence") },
		"client-go":            func() { klog.Info("a sentence") },
		"the standard library": func() { stdlog.Print("a sentence") },
	} {
		t.Run(name, func(t *testing.T) {
			write()
			var line struct{ Msg, Level string }
			if err := json.Unmarshal(<-written, &line); err != nil || line.Msg != "a sentence" || line.Level == "" {
				t.Errorf("got %+v, %v", line, err)
			}
		})
	}
}

// controller-runtime takes the first logger that it is given and no other, which is that of the test above.
func TestTheLogLevelIsThatOfTheFlag(t *testing.T) {
	log, err := newLogger("warning")
	if err != nil || log.GetLevel() != logrus.WarnLevel {
		t.Errorf("level %v, %v", log, err)
	}
	if _, err := NewLogger("loud"); err == nil || !strings.Contains(err.Error(), "set the log level") {
		t.Errorf("an unknown level: %v", err)
	}
}

func TestAManagerNeedsNoAPIServerToBeBuilt(t *testing.T) {
	log, _ := logrustest.NewNullLogger()
	mgr, err := NewManager(&rest.Config{Host: "https://127.0.0.1:1"}, nil, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	if !mgr.GetScheme().IsGroupRegistered("podidentity.dev") || !mgr.GetScheme().IsGroupRegistered("apps") {
		t.Error("the scheme does not know the types of the product and of Kubernetes")
	}
	if mgr.GetControllerOptions().CacheSyncTimeout != 24*time.Hour {
		t.Error("an outage of the API server ends the process")
	}
}
