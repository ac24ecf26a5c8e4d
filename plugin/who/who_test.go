package who

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cli"
)

var update = flag.Bool("update", false, "rewrite the golden file; review the diff before you commit it")

const roleARN = "arn:aws:iam::111122223333:role/"

func associate(name, namespace, serviceAccount string, minutes int) *v1alpha1.PodIdentityAssociation {
	return &v1alpha1.PodIdentityAssociation{
		ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(time.Unix(int64(60*minutes), 0))},
		Spec:       v1alpha1.PodIdentityAssociationSpec{Namespace: namespace, ServiceAccount: serviceAccount, RoleARN: roleARN + name},
	}
}

func serviceAccount(namespace, name, role string) *corev1.ServiceAccount {
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	if role != "" {
		account.Annotations = map[string]string{contract.AnnotationRoleARN: roleARN + role}
	}
	return account
}

// injected is a pod with the identity that an association of this name gives, or of an annotation where that is "".
func injected(namespace, name, account, association, role string) *corev1.Pod {
	identity := contract.Identity{Association: association, RoleARN: roleARN + role}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name, Labels: map[string]string{contract.LabelInjected: "true"},
			Annotations: map[string]string{contract.AnnotationIdentity: identity.String()},
		},
		Spec: corev1.PodSpec{ServiceAccountName: account, InitContainers: []corev1.Container{
			{Name: contract.ContainerName, RestartPolicy: new(corev1.ContainerRestartPolicyAlways)},
		}},
	}
}

// ownToken is a pod with a token of its own.
func ownToken(pod *corev1.Pod) *corev1.Pod {
	pod.Spec.InitContainers = nil
	pod.Spec.Volumes = []corev1.Volume{{Name: contract.WebIdentityVolumeName, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		Sources: []corev1.VolumeProjection{{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{Path: contract.TokenFile}}},
	}}}}
	return pod
}

func webhook(arguments ...string) *appsv1.Deployment {
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: contract.Namespace, Name: "pod-identity-webhook"},
		Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{
			{Name: "webhook", Args: append([]string{"--namespace=$(POD_NAMESPACE)", "--image=sidecar"}, arguments...)},
		}}}},
	}
}

// shop is a cluster in which everything occurs once.
func shop(more ...client.Object) []client.Object {
	target := associate("chained", "shop", "auditor", 1)
	target.Spec.TargetRoleARN = roleARN + "target"
	ended := injected("shop", "ended", "checkout", "checkout", "checkout")
	ended.Status.Phase = corev1.PodSucceeded
	return append([]client.Object{
		associate("checkout", "shop", "checkout", 5), associate("younger", "shop", "checkout", 9), associate("all-of-shop", "shop", "*", 1), associate("all", "*", "*", 1), target,
		serviceAccount("shop", "checkout", "annotated"), serviceAccount("shop", "auditor", ""), serviceAccount("bank", "default", ""),
		injected("shop", "checkout-1", "checkout", "checkout", "checkout"), injected("shop", "checkout-0", "checkout", "checkout", "checkout"),
		injected("bank", "late", "default", "gone", "gone"), ended,
	}, more...)
}

func alone() []client.Object { return []client.Object{serviceAccount("shop", "checkout", "annotated")} }

// tagged are pods of which each has tags of its own, by one association, and one that has the identity of before its edit.
func tagged() []client.Object {
	listing := associate("tagged", "shop", "checkout", 1)
	listing.Spec.TagLabels, listing.Spec.SourceIdentity = []string{"team"}, contract.SourceIdentityPodName
	objects := []client.Object{webhook(), listing}
	for _, team := range []string{"bank", "shop"} {
		pod := injected("shop", team, "checkout", "tagged", "tagged")
		identity := contract.Identity{Association: "tagged", RoleARN: roleARN + "tagged", SourceIdentity: contract.SourceIdentityPodName, Tags: "team=" + team}
		pod.Annotations[contract.AnnotationIdentity] = identity.String()
		objects = append(objects, pod)
	}
	return append(objects, injected("shop", "before", "checkout", "tagged", "tagged"))
}

// separate are associations for containers, and a pod of which one has a role for itself.
func separate() []client.Object {
	agent, agents := associate("agent", "shop", "checkout", 1), associate("agents", "shop", "*", 1)
	agent.Spec.Container, agents.Spec.Container = "agent", "agent*"
	pod := injected("shop", "checkout-0", "checkout", "", "")
	pod.Annotations[contract.AnnotationIdentity] = contract.Identities{
		Identity:   contract.Identity{Association: "checkout", RoleARN: roleARN + "checkout"},
		Containers: []contract.Identity{{Container: "agent", Association: "agent", RoleARN: roleARN + "agent"}},
	}.String()
	return []client.Object{webhook(), associate("checkout", "shop", "checkout", 1), agent, agents, serviceAccount("shop", "checkout", ""), pod}
}

func eksAuth() []string {
	return []string{"--source=eks-auth", "--eks-auth-endpoint=https://auth.example.com", "--cluster-name=green"}
}

// bounded is the namespace with these bounds.
func bounded(patterns string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop", Annotations: map[string]string{contract.AnnotationAllowedRoles: patterns}}}
}

func TestWhoHasWhichRole(t *testing.T) {
	var golden strings.Builder
	for _, test := range []struct {
		sentence  string
		arguments string
		objects   []client.Object
	}{
		{"everybody", "", shop(webhook())},
		{"who has this role", roleARN + "checkout", shop(webhook())},
		{"who has this role as the target of another", roleARN + "target", shop(webhook())},
		{"who has a role that nothing gives any more", roleARN + "gone", shop(webhook())},
		{"nobody has this role", roleARN + "unknown", shop(webhook())},
		{"a namespace, with the names of pods", "shop --output=wide", shop(webhook())},
		{"a service account, and why", "shop/checkout --why", shop(webhook())},
		{"a service account that does not exist yet", "shop/later", shop(webhook())},
		{"a pod", "shop/checkout/checkout-0", shop(webhook())},
		{"a pod with a token of its own keeps its role", "shop/checkout/kept", shop(webhook(), ownToken(injected("shop", "kept", "checkout", "gone", "gone")))},
		{"a pod of another service account", "shop/auditor/checkout-0", shop(webhook())},
		{"a pod that does not exist", "shop/checkout/missing", shop(webhook())},
		{"for programs", "bank --output=json --why", shop(webhook())},
		{"an annotation alone", "shop", append(alone(), webhook())},
		{"an annotation where --irsa=false", "shop", append(alone(), webhook("--irsa=false"))},
		{"an annotation within the bounds of its namespace, where --irsa=false", "shop", append(alone(), webhook("--irsa=false"), bounded("*"))},
		{"an annotation within the bounds of its namespace, with the auth service", "shop/checkout --why", append(alone(), webhook(eksAuth()...), bounded("arn:aws:iam::111122223333:role/*"))},
		{"an annotation outside of them", "shop", append(alone(), webhook(), bounded("arn:aws:iam::111122223333:role/shop-*"))},
		{"pods that differ in their tags have one identity", "shop --output=wide", tagged()},
		{"containers with roles of their own, and why", "shop --why --output=wide", separate()},
		{"an installation that cannot be found", "shop", alone()},
		{"too many parts", "shop/checkout/checkout-0/app", nil},
	} {
		fmt.Fprintf(&golden, "== %s: who %s\n%s\n", test.sentence, test.arguments, executed(t, test.arguments, test.objects))
	}
	const path = "testdata/who.txt"
	if *update {
		if err := os.WriteFile(path, []byte(golden.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(want) != golden.String() {
		t.Errorf("%v, got\n%s", err, golden.String())
	}
}

// executed is all that the command prints.
func executed(t *testing.T, arguments string, objects []client.Object) string {
	t.Helper()
	scheme, err := cli.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
	streams, _, out, errOut := genericiooptions.NewTestIOStreams()
	command := newCommand(func() (client.Client, error) { return c, nil }, streams)
	command.SetArgs(strings.Fields(arguments))
	command.SilenceErrors, command.SilenceUsage = true, true
	command.SetContext(t.Context())
	if err := command.Execute(); err != nil {
		fmt.Fprintln(errOut, "error:", err)
	}
	return out.String() + errOut.String()
}
