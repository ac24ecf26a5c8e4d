package certs

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// volume is a directory that changes as the kubelet changes the volume of a Secret: by swapping one symbolic link.
type volume struct {
	t     *testing.T
	dir   string
	swaps int
}

func (v *volume) project(data map[string][]byte) {
	v.t.Helper()
	link := filepath.Join(v.dir, "..data")
	before, _ := os.Readlink(link) // at first there is none
	v.swaps++
	now := filepath.Join(v.dir, "..data_"+strconv.Itoa(v.swaps))
	must(v.t, os.Mkdir(now, 0o750))
	for key, value := range data {
		must(v.t, os.WriteFile(filepath.Join(now, key), value, 0o600))
	}
	must(v.t, os.Symlink(now, link+"_tmp"))
	must(v.t, os.Rename(link+"_tmp", link))
	for key := range data {
		if _, err := os.Lstat(filepath.Join(v.dir, key)); err != nil {
			must(v.t, os.Symlink(filepath.Join("..data", key), filepath.Join(v.dir, key)))
		}
	}
	if before != "" {
		must(v.t, os.RemoveAll(before))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// issued is what cert-manager writes into a Secret.
func issued(t *testing.T, ca authority, now time.Time, validity time.Duration) map[string][]byte {
	t.Helper()
	leaf, err := ca.leaf(now, names, validity)
	must(t, err)
	return map[string][]byte{
		corev1.TLSCertKey:       encodeCertificates(leaf.Leaf),
		corev1.TLSPrivateKeyKey: encodeKey(t)(leaf.PrivateKey, nil),
		contract.CABundleKey:    encodeCertificates(ca.certificate),
	}
}

// logMessages receives each message of a log.
type logMessages chan string

func (logMessages) Levels() []logrus.Level { return logrus.AllLevels }

func (c logMessages) Fire(entry *logrus.Entry) error {
	c <- entry.Message
	return nil
}

const serving = "serving a new certificate"

// serve starts to serve a directory, until the test ends.
func serve(t *testing.T, dir string) (*Files, logMessages) {
	t.Helper()
	log, messages := logrus.New(), make(logMessages, 1000)
	log.SetOutput(t.Output())
	log.AddHook(messages)
	f := NewFiles(dir, log)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- f.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		must(t, <-done)
	})
	return f, messages
}

func (c logMessages) await(message string) {
	for message != <-c {
	}
}

func TestChangesOfTheFilesAreServed(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	first, second := mustAuthority(t, now), mustAuthority(t, now.Add(time.Hour))
	v := &volume{t: t, dir: t.TempDir()}
	v.project(issued(t, first, now, time.Hour))
	f, messages := serve(t, v.dir)
	messages.await(serving)
	if got, want := f.Expiry(), (Expiry{Leaf: now.Add(time.Hour), CA: first.certificate.NotAfter}); !got.Leaf.Equal(want.Leaf) || !got.CA.Equal(want.CA) {
		t.Errorf("they end %v, not %v", got, want)
	}
	must(t, f.Ready(nil))

	v.project(issued(t, second, now, 2*time.Hour))
	messages.await(serving)
	if got := f.Expiry(); !got.Leaf.Equal(now.Add(2*time.Hour)) || !got.CA.Equal(second.certificate.NotAfter) {
		t.Errorf("the new ones end %v", got)
	}

	without := issued(t, second, now, 3*time.Hour)
	delete(without, contract.CABundleKey)
	must(t, os.Remove(filepath.Join(v.dir, contract.CABundleKey)))
	v.project(without)
	messages.await(serving)
	if got := f.Expiry(); !got.Leaf.Equal(now.Add(3*time.Hour)) || !got.CA.IsZero() {
		t.Errorf("without ca.crt they end %v", got)
	}

	v.project(issued(t, second, now.Add(-2*time.Hour), time.Hour))
	messages.await(serving)
	if err := f.Ready(nil); err == nil || !strings.Contains(err.Error(), "expired at") {
		t.Errorf("with an expired certificate: %v", err)
	}
}

func TestADirectoryWithoutACertificateIsReadAgainUntilItHasOne(t *testing.T) {
	now := time.Now()
	ca := mustAuthority(t, now)
	good := issued(t, ca, now, week)
	for name, first := range map[string]map[string][]byte{
		"nothing":                 {},
		"a certificate alone":     {"tls.crt": good["tls.crt"]},
		"garbage":                 {"tls.crt": []byte("garbage"), "tls.key": []byte("garbage")},
		"the key of another leaf": {"tls.crt": good["tls.crt"], "tls.key": issued(t, ca, now, week)["tls.key"]},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := &volume{t: t, dir: t.TempDir()}
				v.project(first)
				f, messages := serve(t, v.dir)
				messages.await("no usable certificate: waiting for one")
				if err := f.Ready(nil); err == nil || !strings.Contains(err.Error(), v.dir) {
					t.Errorf("ready: %v", err)
				}
				if got := f.Expiry(); got != (Expiry{}) {
					t.Errorf("they end %v", got)
				}
				v.project(good)
				messages.await(serving)
				if _, err := f.Certificate(nil); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestAnUnusableCertificateDoesNotReplaceTheOneBeforeIt(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	ca := mustAuthority(t, now)
	v := &volume{t: t, dir: t.TempDir()}
	v.project(issued(t, ca, now, time.Hour))
	f, messages := serve(t, v.dir)
	messages.await(serving)
	v.project(map[string][]byte{"tls.crt": []byte("garbage"), "tls.key": []byte("garbage")})
	v.project(issued(t, ca, now, 2*time.Hour))
	must(t, f.Ready(nil))
	messages.await(serving)
	if got := f.Expiry().Leaf; !got.Equal(now.Add(2 * time.Hour)) {
		t.Errorf("the one that follows ends %v", got)
	}
}
