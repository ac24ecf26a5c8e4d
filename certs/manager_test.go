package certs

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
)

func TestAManagedRotatorServesATrustedCertificate(t *testing.T) {
	for name, test := range map[string]func(m *managed){
		"though at first no object exists whose event could begin the work": func(*managed) {},
		"and renews it in time, though nothing happens": func(m *managed) {
			before := m.Expiry()
			time.Sleep(week - time.Hour)
			if after := m.Expiry(); !after.Leaf.After(before.Leaf) || !after.CA.Equal(before.CA) {
				m.t.Errorf("before %v, after %v", before, after)
			}
		},
		"of a new CA where the Secret is deleted": func(m *managed) {
			before, live := m.Expiry(), m.secret()
			time.Sleep(time.Hour)
			m.deleteSecret()
			m.secrets.Delete(live)
			m.await()
			if after := m.Expiry(); !after.CA.After(before.CA) {
				m.t.Errorf("before %v, after %v", before, after)
			}
		},
		"after another writer emptied the bundle": func(m *managed) {
			m.setBundle(0, nil)
			m.configurations.Modify(m.configuration())
			m.await()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inManager(t, func(m *managed) {
				m.await()
				m.mustServe()
				test(m)
				m.mustServe()
			})
		})
	}
}

func TestAManagedRotatorTriesAgainWhereTheAPIServerRefusesItsWrites(t *testing.T) {
	inManager(t, func(m *managed) {
		m.refusing.Store(true)
		m.await()
		if m.Ready(nil) == nil {
			m.t.Error("it is ready without a CA")
		}
		m.refusing.Store(false)
		time.Sleep(time.Hour)
		m.mustServe()
	})
}

func TestACacheIsNarrowedToTheObjectsOfTheRotator(t *testing.T) {
	all := Watched(Config{Secret: types.NamespacedName{Namespace: namespace, Name: secret}, Target: ConfigMap{Namespace: namespace, Name: "bundle"}})
	for object, options := range all {
		name := secret
		if _, ok := object.(*corev1.ConfigMap); ok {
			name = "bundle"
		}
		selector := options.Namespaces[namespace].FieldSelector
		if len(options.Namespaces) != 1 || !selector.Matches(fields.Set{metav1.ObjectNameField: name}) || selector.Matches(fields.Set{metav1.ObjectNameField: "other"}) {
			t.Errorf("%T: %v", object, options.Namespaces)
		}
	}
	if len(all) != 2 {
		t.Errorf("%d kinds are watched", len(all))
	}
}
