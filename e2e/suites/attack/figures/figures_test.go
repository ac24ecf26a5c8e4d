package figures_test

import (
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/suites/attack/figures"
)

func TestThe99thPercentileIsATimeThatWasTaken(t *testing.T) {
	for name, test := range map[string]struct {
		requests int
		want     time.Duration
	}{
		"of no request":     {0, 0},
		"of one":            {1, 1},
		"of a hundred":      {100, 99},
		"of a hundred less": {99, 99},
		"of a thousand":     {1000, 990},
	} {
		t.Run(name, func(t *testing.T) {
			var counter figures.Counter
			for i := range test.requests {
				counter.Count(time.Duration(test.requests-i), "")
			}
			if got := counter.Take().P99(); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestWhatFailsHasNoTimeAndIsCountedOnce(t *testing.T) {
	var counter figures.Counter
	counter.Count(time.Second, "refused")
	counter.Count(time.Second, "refused")
	if seen := counter.Take(); seen.Failed != 2 || len(seen.Took) != 0 || len(seen.Complaints) != 1 {
		t.Errorf("got %+v", seen)
	}
	if again := counter.Take(); again.Failed != 0 || again.Complaints != nil {
		t.Errorf("it is counted again: %+v", again)
	}
}

func TestWhatTakesLongerOrFailsIsLate(t *testing.T) {
	var counter figures.Counter
	counter.Count(time.Second, "")
	counter.Count(time.Second+1, "")
	counter.Count(0, "refused")
	if seen := counter.Take(); seen.Late(time.Second) != 2 {
		t.Errorf("%d of %+v are late", seen.Late(time.Second), seen)
	}
}
