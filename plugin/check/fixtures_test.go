package check

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cluster"
	"github.com/podidentity/podidentity/webhook/config"
	"github.com/podidentity/podidentity/webhook/inject"
)

// noon is when the tests look.
var noon = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

const (
	roleARN = "arn:aws:iam::111122223333:role/"
	image   = "registry.example.com/sidecar:v2"
)

func ago(d time.Duration) metav1.Time { return metav1.NewTime(noon.Add(-d)) }

// bundle is a CA that ends after a while, in PEM.
func bundle(t *testing.T, life time.Duration) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: noon.Add(-365 * 24 * time.Hour), NotAfter: noon.Add(life)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// manifest reads the first object of a kind from a file of manifests/base.
func manifest[T any](t *testing.T, file string) *T {
	t.Helper()
	text, err := os.ReadFile("../../manifests/base/" + file)
	if err != nil {
		t.Fatal(err)
	}
	object := new(T)
	if err := yaml.Unmarshal(text, object); err != nil {
		t.Fatal(err)
	}
	return object
}

// installed is an installation as the manifests have it, in which all is well.
func installed(t *testing.T) *cluster.Installation {
	t.Helper()
	i := &cluster.Installation{Namespace: contract.Namespace, Configurations: map[string]*admissionregistrationv1.MutatingWebhookConfiguration{}, Deployments: map[string]*appsv1.Deployment{}}
	i.Config = config.Default()
	i.Config.Injection.Image = image
	ca := bundle(t, 90*24*time.Hour)
	for name, file := range map[string]string{"pod-identity": "webhook.yaml", "pod-identity-standby": "webhook-standby.yaml"} {
		configuration := manifest[admissionregistrationv1.MutatingWebhookConfiguration](t, file)
		for n := range configuration.Webhooks {
			configuration.Webhooks[n].ClientConfig.CABundle = ca
		}
		i.Configurations[name] = configuration
	}
	for _, name := range []string{cluster.PrimaryDeployment, cluster.StandbyDeployment, cluster.AuthDeployment} {
		i.Deployments[name] = &appsv1.Deployment{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: contract.Namespace},
			Spec:       appsv1.DeploymentSpec{Replicas: new(int32(1)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}},
			Status:     appsv1.DeploymentStatus{ReadyReplicas: 1},
		}
	}
	return i
}

func associate(name, namespace, serviceAccount string, conditions ...metav1.Condition) *v1alpha1.PodIdentityAssociation {
	return &v1alpha1.PodIdentityAssociation{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: ago(time.Hour), Generation: 1},
		Spec:       v1alpha1.PodIdentityAssociationSpec{Namespace: namespace, ServiceAccount: serviceAccount, RoleARN: roleARN + name},
		Status:     v1alpha1.PodIdentityAssociationStatus{ObservedGeneration: 1, Conditions: conditions},
	}
}

func inEffect() metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonInEffect}
}

func notReady(reason, message string) metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: reason, Message: message}
}

func identities(t *testing.T, all ...*v1alpha1.PodIdentityAssociation) *cluster.Identities {
	t.Helper()
	read := &cluster.Identities{Index: association.NewIndex(), Associations: map[string]*v1alpha1.PodIdentityAssociation{}, Unusable: map[string]error{}}
	for _, a := range all {
		read.Associations[a.Name] = a
		read.Unusable[a.Name] = read.Index.Set(a)
	}
	return read
}

// healthy are the facts of a pod of which all is well.
func healthy(t *testing.T) podFacts {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "checkout-5d7c8-x2x4z", UID: "1", CreationTimestamp: ago(time.Hour),
			Labels: map[string]string{contract.LabelInjected: "true", "pod-template-hash": "5d7c8"},
			Annotations: map[string]string{
				contract.AnnotationStatus:   contract.StatusInjected,
				contract.AnnotationIdentity: contract.Identity{Association: "checkout", RoleARN: roleARN + "checkout"}.String(),
			},
			OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "checkout-5d7c8", Controller: new(true)}},
		},
		Spec: corev1.PodSpec{
			ServiceAccountName: "checkout",
			InitContainers:     []corev1.Container{{Name: contract.ContainerName, Image: image, RestartPolicy: new(corev1.ContainerRestartPolicyAlways)}},
			Containers: []corev1.Container{{Name: "app", Env: []corev1.EnvVar{
				{Name: "AWS_CONTAINER_CREDENTIALS_FULL_URI", Value: contract.CredentialsURI(contract.DefaultPort)},
			}}},
			Volumes: []corev1.Volume{{Name: contract.VolumeName, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
				Sources: []corev1.VolumeProjection{
					{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Audience: contract.STSAudience, Path: contract.TokenFile}},
				},
			}}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, InitContainerStatuses: []corev1.ContainerStatus{{
			Name: contract.ContainerName, Ready: true, Started: new(true), State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: ago(time.Hour)}},
		}}},
	}
	if !inject.HasSidecar(pod) {
		t.Fatal("the pod of the tests has no sidecar")
	}
	return podFacts{
		pod: pod, namespace: &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Labels: map[string]string{contract.LabelInject: contract.InjectEnabled}}},
		installation: installed(t), identities: identities(t, associate("checkout", "shop", "checkout", inEffect())), now: noon,
	}
}

// taggedByLabels has the association list a label of the pod, with the identity that follows.
func taggedByLabels(f *podFacts) {
	listing := f.identities.Associations["checkout"]
	listing.Spec.TagLabels = []string{"team"}
	if err := f.identities.Index.Set(listing); err != nil {
		panic(err)
	}
	f.pod.Labels["team"] = "shop"
	f.pod.Annotations[contract.AnnotationIdentity] = contract.Identity{Association: "checkout", RoleARN: listing.Spec.RoleARN, Tags: "team=shop"}.String()
}
