package authca_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllertest"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/authca"
)

// certificate is any certificate, in PEM.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return block("CERTIFICATE", der)
}

func block(kind string, content []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}))
}

func configMap(text string) *corev1.ConfigMap {
	return &corev1.ConfigMap{Data: map[string]string{contract.CABundleKey: text}}
}

// watched is a ConfigMap that is watched; changes are the namespaces that were notified. The informer is a fake: e2e has a real one.
type watched struct {
	*controllertest.FakeInformer
	bundle  func() string
	changes []association.Pattern
}

func watch(t *testing.T) *watched {
	t.Helper()
	log := logrus.New()
	log.SetOutput(io.Discard)
	w := &watched{}
	informers := &informertest.FakeInformers{}
	changes := &association.Changes{}
	t.Cleanup(changes.Subscribe(func(p association.Pattern) { w.changes = append(w.changes, p) }))
	bundle, synced, err := authca.Watch(t.Context(), informers, changes, log)
	if err != nil || !synced() {
		t.Fatalf("not watched: %v", err)
	}
	w.bundle = bundle
	if w.FakeInformer, err = informers.FakeInformerFor(t.Context(), &corev1.ConfigMap{}); err != nil {
		t.Fatal(err)
	}
	return w
}

func TestTheBundleFollowsTheConfigMap(t *testing.T) {
	w := watch(t)
	if w.bundle() != "" || len(w.changes) != 0 {
		t.Errorf("before there is a ConfigMap: %q, %v", w.bundle(), w.changes)
	}
	old, renewed := certificate(t), certificate(t)
	w.Add(configMap(old))
	w.Update(configMap(old), configMap(old))
	if w.bundle() != old || len(w.changes) != 1 {
		t.Errorf("after it came: %q, %v", w.bundle(), w.changes)
	}
	w.Update(configMap(old), configMap(old+renewed))
	if w.bundle() != old+renewed || len(w.changes) != 2 || !w.changes[1].Matches("any-namespace") {
		t.Errorf("after it changed: %q, %v", w.bundle(), w.changes)
	}
}

func TestAMistakeInTheConfigMapTakesNoBundleAway(t *testing.T) {
	for name, text := range map[string]string{
		"an empty text":              "",
		"a text that is not PEM":     "mine",
		"a key alone":                block("EC PRIVATE KEY", []byte("key")),
		"a certificate that is none": block("CERTIFICATE", []byte("none")),
		"a bundle without end":       strings.Repeat(certificate(t), 200),
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t)
			w.Add(configMap(text))
			if w.bundle() != "" {
				t.Errorf("it is taken for %q", w.bundle())
			}
			good := certificate(t)
			w.Update(configMap(text), configMap(good))
			w.Update(configMap(good), configMap(text))
			if w.bundle() != good || len(w.changes) != 1 {
				t.Errorf("got %q, %v", w.bundle(), w.changes)
			}
			w.Delete(configMap(text))
			if w.bundle() != good {
				t.Errorf("after the deletion: %q", w.bundle())
			}
		})
	}
}

func TestNothingButCertificatesReachesPods(t *testing.T) {
	w := watch(t)
	good := certificate(t)
	w.Add(configMap("words\n" + block("EC PRIVATE KEY", []byte("key")) + good + "more words"))
	if w.bundle() != good {
		t.Errorf("got %q", w.bundle())
	}
}

func TestTheWebhookWatchesNoOtherConfigMap(t *testing.T) {
	for object, options := range authca.Watched("pod-identity") {
		selector := options.Namespaces["pod-identity"].FieldSelector
		if _, ok := object.(*corev1.ConfigMap); !ok || len(options.Namespaces) != 1 ||
			!selector.Matches(fields.Set{"metadata.name": "pod-identity-auth-ca"}) || selector.Matches(fields.Set{"metadata.name": "other"}) {
			t.Errorf("watched is %T of %v", object, options.Namespaces)
		}
	}
}

func TestAWatchThatCannotBeSetUpNamesTheConfigMap(t *testing.T) {
	informers := &informertest.FakeInformers{Error: errors.New("no such kind")}
	_, _, err := authca.Watch(t.Context(), informers, &association.Changes{}, logrus.New())
	if err == nil || err.Error() != "watch ConfigMap pod-identity-auth-ca: no such kind" {
		t.Errorf("got %v", err)
	}
}
