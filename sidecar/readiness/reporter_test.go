package readiness_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
	"github.com/podidentity/podidentity/sidecar/identity"
	"github.com/podidentity/podidentity/sidecar/readiness"
)

// source gives credentials of an hour, or fails.
type source struct {
	verdict atomic.Int64
}

func (s *source) set(verdict credentials.Verdict) { s.verdict.Store(int64(verdict)) }

// Fetch implements credentials.Source.
func (s *source) Fetch(context.Context, contract.Identity) (credentials.Credentials, error) {
	if verdict := credentials.Verdict(s.verdict.Load()); verdict != works {
		return credentials.Credentials{}, &credentials.Failure{Reason: "because", Verdict: verdict}
	}
	return credentials.Credentials{AccessKeyID: "A", SecretAccessKey: "s", SessionToken: "t", Expiration: time.Now().Add(time.Hour)}, nil
}

// works is the verdict of a source that works.
const works credentials.Verdict = -1

func sourceThat(verdict credentials.Verdict) *source {
	s := new(source)
	s.set(verdict)
	return s
}

func associated() identity.Reading {
	return identity.Reading{Identity: contract.Identity{RoleARN: "arn:aws:iam::111122223333:role/r"}}
}

// run starts a sidecar without its servers, as a container that ends with stop does.
func run(t *testing.T, file string, s *source, is identity.Reading) (r *readiness.Reporter, stop func() string) {
	t.Helper()
	var lines bytes.Buffer
	log := logrus.New()
	log.SetOutput(&lines)
	k := credentials.NewSets(s, nil, log, time.Now)
	k.SetIdentities(is)
	ctx, cancel := context.WithCancel(t.Context())
	r = readiness.NewReporter(k, time.Now, file, log)
	go k.Run(ctx)
	go r.Run(ctx)
	return r, func() string {
		cancel()
		synctest.Wait()
		return lines.String()
	}
}

func TestAPodThatHasStartedStaysReadyWhateverSTSSays(t *testing.T) {
	for name, verdict := range map[string]credentials.Verdict{
		"STS is away":             credentials.Transient,
		"STS throttles":           credentials.Throttled,
		"STS refuses for seconds": credentials.Provisional,
		"STS refuses for good":    credentials.Refused,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sts, file := sourceThat(works), filepath.Join(t.TempDir(), "started")
				r, stop := run(t, file, sts, associated())
				synctest.Wait()
				if s := r.Status(); !s.Started || s.Trouble != "" || s.State != readiness.Available {
					t.Errorf("at the start %+v", s)
				}
				sts.set(verdict)
				time.Sleep(3 * time.Hour)
				if s := r.Status(); !s.Started || s.Trouble != "because" || s.State == readiness.Available {
					t.Errorf("once the credentials have expired %+v", s)
				}
				stop()
				r, stop = run(t, file, sts, associated())
				defer stop()
				if s := r.Status(); !s.Started {
					t.Errorf("after a restart of the container %+v", s)
				}
				time.Sleep(time.Hour)
				if s := r.Status(); !s.Started || s.Trouble != "because" {
					t.Errorf("an hour after that %+v", s)
				}
				sts.set(works)
				time.Sleep(time.Hour)
				if s := r.Status(); !s.Started || s.Trouble != "" || s.State != readiness.Available {
					t.Errorf("once STS works again %+v", s)
				}
			})
		})
	}
}

func TestAPodThatHasNeverHadCredentialsIsNotReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sts, file := sourceThat(credentials.Refused), filepath.Join(t.TempDir(), "started")
		for range 2 {
			r, stop := run(t, file, sts, associated())
			time.Sleep(time.Hour)
			if s := r.Status(); s.Started || s.Trouble != "because" {
				t.Errorf("got %+v", s)
			}
			stop()
		}
		if _, err := os.Lstat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("it is remembered as started: %v", err)
		}
	})
}

func TestAPodWithoutAnAssociationHasStartedAndStaysReadyWithABrokenOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sts, file := sourceThat(credentials.Refused), filepath.Join(t.TempDir(), "started")
		r, stop := run(t, file, sts, identity.Reading{})
		synctest.Wait()
		if s := r.Status(); !s.Started || s.Trouble != "" || s.State != readiness.Unassociated {
			t.Errorf("got %+v", s)
		}
		stop()
		r, stop = run(t, file, sts, associated())
		defer stop()
		time.Sleep(time.Minute)
		if s := r.Status(); !s.Started || s.Trouble != "because" || s.State != readiness.Refused {
			t.Errorf("with a broken one %+v", s)
		}
	})
}

func TestARefreshThatFailsIsTroubleOnceItHasLasted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sts := sourceThat(works)
		r, stop := run(t, filepath.Join(t.TempDir(), "started"), sts, associated())
		defer stop()
		time.Sleep(time.Second)
		sts.set(credentials.Transient)
		told := false
		for range 40 * 60 {
			time.Sleep(time.Second)
			s := r.Status()
			if s.State != readiness.Available {
				t.Fatalf("got %+v", s)
			}
			told = told || s.Trouble != ""
		}
		if !told {
			t.Error("nobody is told")
		}
	})
}

func TestAPodWhoseStartCannotBeRememberedIsReadyAndTheLogSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sts, file := sourceThat(works), filepath.Join(t.TempDir(), "started")
		if err := os.MkdirAll(filepath.Join(file, "in the way"), 0o700); err != nil {
			t.Fatal(err)
		}
		r, stop := run(t, file, sts, associated())
		time.Sleep(time.Second)
		if s := r.Status(); !s.Started {
			t.Errorf("got %+v", s)
		}
		if log := stop(); !strings.Contains(log, "cannot remember that the pod has started") {
			t.Errorf("the log is %s", log)
		}
	})
}
