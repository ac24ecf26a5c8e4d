package certs

import (
	"crypto/x509"
	"testing"
	"time"

	logrustest "github.com/sirupsen/logrus/hooks/test"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// newRotator is a rotator as a manager with that client sets it up.
func newRotator(config Config, c client.Client) *Rotator {
	log, _ := logrustest.NewNullLogger()
	r := NewRotator(config, log)
	r.client = c
	return r
}

func TestACAOfOursInTheLiveBundleStaysTrustedUntilItExpires(t *testing.T) {
	now := time.Now()
	ours, expired := mustAuthority(t, now).certificate, mustAuthority(t, now.Add(-2*year)).certificate
	leaf, err := mustAuthority(t, now).leaf(now, names, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		live  []byte
		stays int
	}{
		"a CA of ours stays, whether the Secret knows it or not": {encodeCertificates(ours), 1},
		"one that has expired goes":                              {encodeCertificates(expired), 0},
		"a certificate that is no CA goes":                       {encodeCertificates(leaf.Leaf), 0},
		"of an emptied bundle nothing stays":                     {nil, 0},
		"of garbage nothing stays":                               {[]byte("garbage"), 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := publishedCAs([][]byte{test.live}, now); len(got) != test.stays {
				t.Errorf("%d stay", len(got))
			}
		})
	}
}

func TestABundleNamesEachCertificateOnce(t *testing.T) {
	now := time.Now()
	s, err := caSecret{}.renewed(now, year)
	if err != nil {
		t.Fatal(err)
	}
	old := mustAuthority(t, now).certificate
	again, err := x509.ParseCertificate(old.Raw)
	if err != nil {
		t.Fatal(err)
	}
	bundle := decodeCertificates(s.bundle(old, s.trusted[0], again))
	if len(bundle) != 2 || !bundle[0].Equal(s.authority.certificate) || !bundle[1].Equal(old) {
		t.Errorf("%d certificates", len(bundle))
	}
}

func TestABundleIsPublishedWhenEveryLiveObjectHasIt(t *testing.T) {
	good := []byte("bundle")
	if !isPublished([][]byte{good, good}, good) {
		t.Error("with two that have it, it is not published")
	}
	if isPublished([][]byte{good, nil}, good) || isPublished(nil, good) {
		t.Error("with one that lacks it, or none at all, it is published")
	}
}

func TestALeafInUseIsKeptUntilEveryCallerTrustsTheNewCA(t *testing.T) {
	now := time.Now()
	first, second := mustAuthority(t, now), mustAuthority(t, now)
	r := newRotator(Config{DNSNames: names, CAValidity: year, LeafValidity: time.Hour, Propagation: propagation}, nil)
	if left := r.propagationLeft(first, now); left > 0 {
		t.Errorf("the first leaf is put off by %s", left)
	}
	if _, err := r.ensureLeaf(first, now); err != nil {
		t.Fatal(err)
	}
	if left := r.propagationLeft(second, now); left != propagation {
		t.Errorf("a leaf of the new CA is put off by %s", left)
	}
	if left := r.propagationLeft(second, now.Add(propagation)); left > 0 {
		t.Errorf("after the delay, by another %s", left)
	}
	r.propagationLeft(first, now)
	if left := r.propagationLeft(second, now.Add(2*time.Hour)); left > 0 {
		t.Errorf("with the old leaf expired, by %s", left)
	}
}

func TestReadinessEndsWithTheCertificate(t *testing.T) {
	r := newRotator(Config{DNSNames: names, CAValidity: year, LeafValidity: time.Hour}, nil)
	if r.Ready(nil) == nil {
		t.Error("ready without a certificate")
	}
	now := time.Now()
	if _, err := r.ensureLeaf(mustAuthority(t, now), now); err != nil {
		t.Fatal(err)
	}
	if err := r.Ready(nil); err != nil {
		t.Error(err)
	}
	if _, err := r.ensureLeaf(mustAuthority(t, now.Add(-3*time.Hour)), now.Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if r.Ready(nil) == nil {
		t.Error("ready with an expired certificate")
	}
}
