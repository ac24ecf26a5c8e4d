package credentials_test

import (
	"bytes"
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/sidecar/credentials"
)

func TestAtMostTwoFetchesRunAtOnceAndNoneIsShortOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most, ended atomic.Int32
		source := &fakeSource{answer: func(ctx context.Context, n int, _ contract.Identity) (credentials.Credentials, error) {
			most.Store(max(most.Load(), now.Add(1)))
			defer now.Add(-1)
			if deadline, _ := ctx.Deadline(); time.Until(deadline) != 10*time.Second {
				t.Errorf("fetch %d has %s", n, time.Until(deadline))
			}
			time.Sleep(9 * time.Second)
			ended.Add(1)
			return good(n, time.Hour), nil
		}}
		s := startSets(t, source, discard(), "a", "b", "c", "d")
		s.SetIdentities(document("p", "a=1", "b=2", "c=3", "d=4"))
		after(28 * time.Second)
		if most.Load() != 2 || ended.Load() != 5 {
			t.Errorf("%d at once, %d ended", most.Load(), ended.Load())
		}
	})
}

func TestTheLogNamesTheContainer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines bytes.Buffer
		log := logrus.New()
		log.SetOutput(&lines)
		s := startSets(t, &fakeSource{answer: slow}, log, "a")
		s.SetIdentities(document("p", "a=refused", "z=x"))
		after(2 * time.Second)
		for _, want := range []string{
			`msg="the container has an association" association= container=a`, `msg=no attempt=1 container=a`,
			`gets no credentials" container=z`, `msg="the pod has an association" association= role=p`,
		} {
			if !strings.Contains(lines.String(), want) {
				t.Errorf("no line has %s: %s", want, lines.String())
			}
		}
	})
}
