package controller

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAWriterThatInsistsIsAnsweredLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ours = "injected"
		c := newConflicts()
		if c.backoff("pod", ours) != 0 {
			t.Error("the first write waits")
		}
		c.wrote("pod", ours)
		if c.backoff("pod", ours) != 0 {
			t.Error("who edits a status once is not corrected at once")
		}
		last := time.Duration(0)
		for range 12 {
			c.wrote("pod", ours)
			backoff := c.backoff("pod", ours)
			if backoff < last || backoff <= 0 || backoff > maxBackoff {
				t.Fatalf("a back-off of %s after one of %s", backoff, last)
			}
			last = backoff
			time.Sleep(backoff)
			if left := c.backoff("pod", ours); left != 0 {
				t.Fatalf("after the back-off %s are left", left)
			}
		}
		if last != maxBackoff {
			t.Errorf("the longest back-off was %s", last)
		}
	})
}

func TestANewStatusOfOursNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConflicts()
		for range 100 {
			for _, what := range []string{"one", "two", ""} {
				if backoff := c.backoff("pod", what); backoff != 0 {
					t.Fatalf("it waits %s", backoff)
				}
				c.wrote("pod", what)
			}
		}
	})
}

func TestConflictsAreForgottenAfterAWhileAndWithTheirPod(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ours = "injected"
		c := newConflicts()
		for range 5 {
			c.wrote("a", ours)
			c.wrote("b", ours)
		}
		c.forget("b")
		if c.backoff("b", ours) != 0 {
			t.Error("a deleted pod is remembered")
		}
		time.Sleep(resetAfter + time.Second)
		c.wrote("a", ours)
		if c.backoff("a", ours) != 0 {
			t.Error("long after the last conflict a single edit is not corrected at once")
		}
	})
}

func TestOnlyWhatSomebodyElseHasChangedIsAConflict(t *testing.T) {
	ours, others := annotations{identity: "{}", status: "injected"}, annotations{identity: "{1}", status: "injected"}
	for name, test := range map[string]struct {
		seen     []annotations
		next     annotations
		disputed bool
	}{
		"the same again, though it had arrived, is":          {[]annotations{ours}, ours, true},
		"and also after somebody else's was seen":            {[]annotations{ours, others}, ours, true},
		"the same again, before it arrived, is not":          {nil, ours, false},
		"an identity of another association is not":          {[]annotations{ours}, others, false},
		"nor is the same again, where only others were seen": {[]annotations{others}, ours, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := newConflicts()
			c.intends("pod", ours)
			for _, present := range test.seen {
				c.seen("pod", present)
			}
			if got := c.intends("pod", test.next); got != test.disputed {
				t.Errorf("disputed: %v", got)
			}
		})
	}
}
