package controller

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/podidentity/podidentity/contract"
)

// forge has another writer put a value into an annotation whenever that is right, and returns how often it was put right again.
func (c *fakeCluster) forge(annotation, value string, attempts int, pause time.Duration) (corrected int) {
	right := c.pod("app").Annotations[annotation]
	for range attempts {
		if pod := c.pod("app"); pod.Annotations[annotation] == right {
			pod.Annotations[annotation] = value
			c.update(pod)
		}
		time.Sleep(pause)
		if c.pod("app").Annotations[annotation] == right {
			corrected++
		}
	}
	return corrected
}

func TestAForgedAnnotationIsPutRight(t *testing.T) {
	for name, test := range map[string]struct {
		annotation, forged string
		attempts           int
		pause              time.Duration
		least, most        int
	}{
		"an identity at once, every time":                     {contract.AnnotationIdentity, `{"roleARN":"admin"}`, 100, time.Millisecond, 100, 100},
		"an identity that was emptied at once, every time":    {contract.AnnotationIdentity, "", 100, time.Millisecond, 100, 100},
		"a CA at once, every time":                            {contract.AnnotationAuthCA, "forged", 100, time.Millisecond, 100, 100},
		"a status at once, if it was one edit":                {contract.AnnotationStatus, "odd", 1, time.Millisecond, 1, 1},
		"a status less and less often, if its writer insists": {contract.AnnotationStatus, "odd", 600, time.Second, 8, 20},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCluster(t)
				c.authCA = "ours"
				c.associate("reader")
				c.create(injectedPod("app", "reader"))
				defer c.lead()()
				time.Sleep(time.Second)
				c.written()
				if corrected := c.forge(test.annotation, test.forged, test.attempts, test.pause); corrected < test.least || corrected > test.most {
					t.Errorf("of %d times it was put right %d times", test.attempts, corrected)
				}
				if writes := len(c.written()); writes < test.least || writes > test.most {
					t.Errorf("with %d writes", writes)
				}
			})
		})
	}
}
