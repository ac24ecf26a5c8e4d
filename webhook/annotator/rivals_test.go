package annotator

import (
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func TestAnotherWriterIsAnsweredLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours := annotations{identity: "ours", status: "injected"}
		r := rivals{writes: map[types.UID]written{}}
		if r.truce("pod", ours) != 0 {
			t.Error("the first write waits")
		}
		r.wrote("pod", ours)
		if r.truce("pod", ours) != 0 {
			t.Error("who edits an annotation once is not corrected at once")
		}
		last := time.Duration(0)
		for range 12 {
			r.wrote("pod", ours)
			truce := r.truce("pod", ours)
			if truce < last || truce <= 0 || truce > longestTruce {
				t.Fatalf("a truce of %s after one of %s", truce, last)
			}
			last = truce
			time.Sleep(truce)
			if left := r.truce("pod", ours); left != 0 {
				t.Fatalf("after the truce %s are left", left)
			}
		}
		if last != longestTruce {
			t.Errorf("the longest truce was %s", last)
		}
	})
}

func TestAChangeOfOursNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := rivals{writes: map[types.UID]written{}}
		for range 100 {
			for _, what := range []annotations{{identity: "one"}, {identity: "two"}, {}} {
				if truce := r.truce("pod", what); truce != 0 {
					t.Fatalf("it waits %s", truce)
				}
				r.wrote("pod", what)
			}
		}
	})
}

func TestPeaceAndTheEndOfAPodAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours := annotations{identity: "ours"}
		r := rivals{writes: map[types.UID]written{}}
		for range 5 {
			r.wrote("a", ours)
			r.wrote("b", ours)
		}
		r.gone("b")
		if r.truce("b", ours) != 0 {
			t.Error("a pod that is gone is remembered")
		}
		time.Sleep(peace + time.Second)
		r.wrote("a", ours)
		if r.truce("a", ours) != 0 {
			t.Error("after long peace the first edit is not corrected at once")
		}
	})
}
