package manifests_test

import (
	"io"
	"path"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/podidentity/podidentity/webhook/config"
)

const certManager = "overlays/cert-manager"

// build builds a kustomization as kubectl apply -k does.
func build(t *testing.T, directory string) resmap.ResMap {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), directory)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// all returns the objects of a kind. Unknown fields are an error.
func all[T any](t *testing.T, built resmap.ResMap, kind string) []T {
	t.Helper()
	var found []T
	for _, resource := range built.Resources() {
		if resource.GetKind() != kind {
			continue
		}
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		var object T
		if err := sigsyaml.UnmarshalStrict(text, &object); err != nil {
			t.Fatalf("%s: %v", resource.CurId(), err)
		}
		found = append(found, object)
	}
	return found
}

// certificate has the fields of cert-manager's Certificate that we use. In e2e/suites/certmanager a real one reads them.
type certificate struct {
	APIVersion, Kind string
	Metadata         struct{ Namespace, Name string }
	Spec             struct {
		IssuerRef struct{ Kind, Name string }
		SecretName,
		CommonName, Duration string
		DNSNames   []string
		Usages     []string
		IsCA       bool
		PrivateKey struct {
			Algorithm, RotationPolicy string
			Size                      int
		}
	}
}

// issuer has the fields of cert-manager's Issuer that we use.
type issuer struct {
	APIVersion, Kind string
	Metadata         struct{ Namespace, Name string }
	Spec             struct {
		SelfSigned *struct{}
		CA         *struct{ SecretName string }
	}
}

// arguments parses those of a Deployment.
func arguments(t *testing.T, d appsv1.Deployment) config.Config {
	t.Helper()
	var texts []string
	for _, argument := range d.Spec.Template.Spec.Containers[0].Args {
		texts = append(texts, strings.ReplaceAll(argument, "$(POD_NAMESPACE)", d.Namespace))
	}
	c, err := config.Parse(texts, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCertManagerMakesTheCertificateThatTheWebhookServes(t *testing.T) {
	built := build(t, certManager)
	for _, deployment := range all[appsv1.Deployment](t, built, "Deployment") {
		checkCertificate(t, built, deployment)
	}
}

func checkCertificate(t *testing.T, built resmap.ResMap, deployment appsv1.Deployment) {
	t.Helper()
	c, pod := arguments(t, deployment), deployment.Spec.Template.Spec
	mounted := slices.IndexFunc(pod.Containers[0].VolumeMounts, func(m corev1.VolumeMount) bool { return m.MountPath == c.CertificateDir })
	if mounted < 0 {
		t.Fatalf("nothing is mounted at %q", c.CertificateDir)
	}
	volume := slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == pod.Containers[0].VolumeMounts[mounted].Name })
	var hosts []string
	for _, service := range c.Services {
		hosts = append(hosts, service+"."+c.Namespace+".svc")
	}
	for _, made := range all[certificate](t, built, "Certificate") {
		if made.Spec.IsCA {
			continue
		}
		if made.Spec.SecretName != pod.Volumes[volume].Secret.SecretName {
			t.Errorf("the Certificate is kept in Secret %s, mounted is %s", made.Spec.SecretName, pod.Volumes[volume].Secret.SecretName)
		}
		if !slices.Equal(made.Spec.DNSNames, hosts) {
			t.Errorf("it is for %v, API servers ask for %v", made.Spec.DNSNames, hosts)
		}
		for _, configuration := range all[admissionregistrationv1.MutatingWebhookConfiguration](t, built, "MutatingWebhookConfiguration") {
			if got := configuration.Annotations["cert-manager.io/inject-ca-from"]; got != path.Join(made.Metadata.Namespace, made.Metadata.Name) {
				t.Errorf("the trust of %s is injected from %q", configuration.Name, got)
			}
		}
	}
}

func TestEachCertificateHasItsIssuer(t *testing.T) {
	built := build(t, certManager)
	secrets := map[string]bool{}
	issuers := map[string]issuer{}
	for _, i := range all[issuer](t, built, "Issuer") {
		issuers[i.Metadata.Name] = i
	}
	for _, made := range all[certificate](t, built, "Certificate") {
		by, known := issuers[made.Spec.IssuerRef.Name]
		if !known || by.Metadata.Namespace != made.Metadata.Namespace {
			t.Errorf("%s has no issuer in its namespace", made.Metadata.Name)
		}
		if made.Spec.IsCA != (by.Spec.SelfSigned != nil) {
			t.Errorf("%s is issued by %s", made.Metadata.Name, by.Metadata.Name)
		}
		if key := made.Spec.PrivateKey; key.Algorithm != "ECDSA" || key.Size != 256 || key.RotationPolicy != "Always" {
			t.Errorf("%s has the key %v", made.Metadata.Name, key)
		}
		if made.Spec.SecretName == config.Default().CASecret {
			t.Errorf("%s would overwrite the Secret of our own rotation", made.Metadata.Name)
		}
		secrets[made.Spec.SecretName] = made.Spec.IsCA
	}
	for _, i := range issuers {
		if i.Spec.CA != nil && !secrets[i.Spec.CA.SecretName] {
			t.Errorf("%s signs with %s, which is not the Secret of a CA", i.Metadata.Name, i.Spec.CA.SecretName)
		}
	}
}

func TestWithCertManagerTheWebhookMayNeitherReadSecretsNorChangeWebhooks(t *testing.T) {
	for directory, want := range map[string]int{"base": 4, certManager: 0} {
		built := build(t, directory)
		var rules []rbacv1.PolicyRule
		for _, role := range all[rbacv1.Role](t, built, "Role") {
			rules = append(rules, role.Rules...)
		}
		for _, role := range all[rbacv1.ClusterRole](t, built, "ClusterRole") {
			rules = append(rules, role.Rules...)
		}
		found := 0
		for _, rule := range rules {
			if slices.ContainsFunc([]string{"secrets", "mutatingwebhookconfigurations", "*"}, func(r string) bool { return slices.Contains(rule.Resources, r) }) {
				found++
			}
		}
		if found != want {
			t.Errorf("%s has %d rules about Secrets and webhook configurations, not %d", directory, found, want)
		}
		for _, binding := range all[rbacv1.RoleBinding](t, built, "RoleBinding") {
			if !slices.ContainsFunc(all[rbacv1.Role](t, built, "Role"), func(r rbacv1.Role) bool { return r.Name == binding.RoleRef.Name }) {
				t.Errorf("%s binds the role %s, which is not there", directory, binding.RoleRef.Name)
			}
		}
	}
}
