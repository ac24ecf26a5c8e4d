package plugin_test

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/e2e/machine/pki"
)

// fault is something that is wrong with an installation, and how it is undone.
type fault struct {
	name string
	// object is deleted, unless the fault is done by do; it is then applied again as it was.
	object []string
	do     step
	// still happens again and again until it is found; may be nil.
	still step
	undo  step
	says  string
	// unknown is set where check could not look.
	unknown bool
	// more is what else is looked at meanwhile; may be nil.
	more step
}

type step func(t *testing.T, f fixture)

// kubectl runs it with each of these arguments.
func kubectl(all ...[]string) step {
	return func(t *testing.T, f fixture) {
		for _, arguments := range all {
			f.Do(t, arguments...)
		}
	}
}

func scale(replicas string) []string {
	return []string{"scale", "--namespace=pod-identity", "deployment", "--all", "--replicas=" + replicas}
}

func ready() []string {
	return []string{"rollout", "status", "--namespace=pod-identity", "deployment", "--selector=app.kubernetes.io/part-of=pod-identity", "--timeout=2m"}
}

func gone() []string {
	return []string{"wait", "--namespace=pod-identity", "--for=delete", "pod", "--all", "--timeout=2m"}
}

func annotate(kind, annotation string) []string {
	return []string{"annotate", kind, "default", "podidentity.dev/" + annotation, "--overwrite"}
}

func faults() []fault {
	return []fault{
		{name: "a policy is bound no more", object: []string{"validatingadmissionpolicybinding", "pod-identity-metadata"}, says: "ValidatingAdmissionPolicyBinding pod-identity-metadata is not there"},
		{name: "a policy is gone", object: []string{"validatingadmissionpolicy", "pod-identity-sidecar"}, says: "ValidatingAdmissionPolicy pod-identity-sidecar is not there"},
		{name: "the configuration of the primary is gone", object: []string{"mutatingwebhookconfiguration", "pod-identity"}, says: "MutatingWebhookConfiguration pod-identity is not there"},
		{name: "the configuration of the standby is gone", object: []string{"mutatingwebhookconfiguration", "pod-identity-standby"}, says: "MutatingWebhookConfiguration pod-identity-standby is not there"},
		{name: "the rights of the webhook are gone", object: []string{"clusterrolebinding", "pod-identity-webhook"}, says: "the webhook may not list,watch podidentityassociations.podidentity.dev"},
		{name: "a Deployment is gone", object: []string{"deployment", "--namespace=pod-identity", "pod-identity-webhook-standby"}, says: "Deployment pod-identity-webhook-standby is not there"},
		{name: "the definition is gone", object: []string{"customresourcedefinition", "podidentityassociations.podidentity.dev"}, says: "the CustomResourceDefinition of associations is not there"},
		{name: "nothing runs, and a caBundle is empty", do: kubectl(scale("0"), gone(),
			[]string{"patch", "mutatingwebhookconfiguration", "pod-identity", "--type=json", `--patch=[{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]`},
		), more: refusedDeployment, undo: kubectl(scale("1"), ready()), says: "the caBundle of entry enabled.podidentity.dev has no certificate"},
		{name: "nothing runs, and a caBundle is somebody else's", do: foreignBundle, undo: kubectl(scale("1"), ready()), says: "the two configurations trust no CA in common"},
		{name: "the image of the webhook does not exist", do: kubectl(
			[]string{"set", "image", "--namespace=pod-identity", "deployment/pod-identity-webhook", "webhook=registry.invalid/none:none"},
			[]string{"delete", "pods", "--namespace=pod-identity", "--selector=app.kubernetes.io/component=primary", "--wait=false"},
		), undo: kubectl([]string{"rollout", "undo", "--namespace=pod-identity", "deployment/pod-identity-webhook"}, ready()), says: "of 1 replicas of pod-identity-webhook are ready: "},
		{name: "somebody else holds the lease", do: kubectl(), still: takeLease, undo: kubectl(), says: `"somebody-else" holds the Lease and is no replica of the webhook`},
		{name: "two associations select the same", do: conflict, undo: kubectl([]string{"delete", "pia", "first", "second"}), says: "Conflicted: PodIdentityAssociation first selects the same pods and is older"},
		{
			name: "a service account names a role that its namespace refuses",
			do:   kubectl(annotate("namespace", "allowed-roles="), annotate("serviceaccount", "role-arn=arn:aws:iam::111122223333:role/admin")),
			undo: kubectl(annotate("namespace", "allowed-roles-"), annotate("serviceaccount", "role-arn-")), says: "of service account default/default is refused: no pattern",
		},
		{name: "the bounds of a namespace are malformed", do: kubectl(annotate("namespace", "allowed-roles=team-*")), undo: kubectl(annotate("namespace", "allowed-roles-")), says: "namespace default: the annotation podidentity.dev/allowed-roles has 1 malformed patterns"},
		// The issuer of this cluster is its API server, whose certificate no public CA has signed.
		{
			name: "the issuer is watched, and cannot be read", unknown: true, says: "unknown  issuer",
			do:   func(t *testing.T, f fixture) { f.addArgument(t, "--watch-issuer") },
			undo: func(t *testing.T, f fixture) { f.addArgument(t, "--watch-issuer=false") },
		},
	}
}

// refusedDeployment has pods that cannot be created, because no replica answers.
func refusedDeployment(t *testing.T, f fixture) {
	namespace := f.Namespace(t, "plugin", "enabled", "reader")
	f.Do(t, "create", "deployment", "--namespace="+namespace, "web", "--image="+f.CLIImage)
	f.await(t, 1, []string{"pods cannot be created: ", "no replica of the webhook answers"}, "deployment/web", "--namespace="+namespace)
}

func foreignBundle(t *testing.T, f fixture) {
	kubectl(scale("0"), gone())(t, f)
	ca, err := pki.NewCA("somebody else")
	if err != nil {
		t.Fatal(err)
	}
	f.Do(t, "patch", "mutatingwebhookconfiguration", "pod-identity-standby", "--type=json",
		fmt.Sprintf(`--patch=[{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": %q}]`, base64.StdEncoding.EncodeToString(ca.Certificate)))
}

// takeLease writes the lease as somebody would who leads. The webhook respects that for 15 s.
func takeLease(t *testing.T, f fixture) {
	f.Do(t, "patch", "lease", "--namespace=pod-identity", "pod-identity-webhook", "--type=merge",
		fmt.Sprintf(`--patch={"spec": {"holderIdentity": "somebody-else", "leaseDurationSeconds": 15, "renewTime": %q}}`, time.Now().UTC().Format(metav1.RFC3339Micro)))
}

func conflict(t *testing.T, f fixture) {
	for _, name := range []string{"first", "second"} {
		f.DoWith(t, fmt.Sprintf("{apiVersion: podidentity.dev/v1alpha1, kind: PodIdentityAssociation, metadata: {name: %s}, spec: {namespace: nowhere, serviceAccount: app, roleARN: %q}}", name, f.RoleARN), "create", "--filename=-")
	}
}

func (f fixture) installation(t *testing.T) {
	for _, fault := range faults() {
		t.Run(fault.name, func(t *testing.T) {
			if fault.object != nil {
				before := f.Do(t, append([]string{"get", "--output=yaml"}, fault.object...)...)
				fault.do = kubectl(append([]string{"delete"}, fault.object...))
				fault.undo = func(t *testing.T, f fixture) { f.DoWith(t, anew(before), "create", "--filename=-") }
			}
			fault.do(t, f)
			code := 1
			if fault.unknown {
				code = 2
			}
			during := f
			during.still = fault.still
			during.await(t, code, []string{fault.says})
			if fault.more != nil {
				fault.more(t, f)
			}
			fault.undo(t, f)
			f.await(t, 0, []string{"the webhook may do all that it does"})
		})
	}
}

// anew is an object as it can be created again.
func anew(object string) string {
	return regexp.MustCompile(`(?m)^  (resourceVersion|uid): .*\n`).ReplaceAllString(object, "")
}
