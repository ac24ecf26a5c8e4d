package credentials

import (
	"testing"
	"time"
)

func TestRule26ARefreshLeavesEnoughLife(t *testing.T) {
	for name, test := range map[string]struct {
		life, left time.Duration
	}{
		"an hour keeps half of it":                                    {life: time.Hour, left: 30 * time.Minute},
		"two hours keep more than the Java SDK's window of one":       {life: 2 * time.Hour, left: 65 * time.Minute},
		"twelve hours keep half of it":                                {life: 12 * time.Hour, left: 6 * time.Hour},
		"forty minutes keep 25":                                       {life: 40 * time.Minute, left: 25 * time.Minute},
		"a quarter of an hour keeps the ten minutes botocore demands": {life: 15 * time.Minute, left: 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			for fraction := 0.0; fraction < 1; fraction += 0.01 {
				for _, onSchedule := range []bool{true, false} {
					wait := refreshAfter(test.life, onSchedule, fraction)
					if test.life-wait < test.left || wait <= 0 {
						t.Fatalf("at %v the refresh comes after %s", fraction, wait)
					}
				}
			}
			if wait := refreshAfter(test.life, true, 0.999); test.life-wait > test.left*11/10 {
				t.Errorf("the latest refresh leaves %s", test.life-wait)
			}
		})
	}
}

func TestRule29RefreshesAreSpread(t *testing.T) {
	t.Run("on schedule over a fifth of the window", func(t *testing.T) {
		first, last := refreshAfter(time.Hour, true, 0), refreshAfter(time.Hour, true, 1)
		if first != 24*time.Minute || last != 30*time.Minute {
			t.Errorf("from %s to %s", first, last)
		}
	})
	t.Run("after a start or an outage over most of it", func(t *testing.T) {
		first, last := refreshAfter(time.Hour, false, 0), refreshAfter(time.Hour, false, 1)
		if first != 6*time.Minute || last != 30*time.Minute {
			t.Errorf("from %s to %s", first, last)
		}
	})
}
