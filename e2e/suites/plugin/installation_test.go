package plugin_test

import (
	"regexp"
	"testing"
)

// fault is something that is wrong with an installation, and how it is undone.
type fault struct {
	name string
	// object is deleted, unless the fault is done by do; it is then applied again as it was.
	object []string
	do     [][]string
	undo   [][]string
	says   string
}

func faults() []fault {
	scale := func(replicas string) []string {
		return []string{"scale", "--namespace=pod-identity", "deployment", "--all", "--replicas=" + replicas}
	}
	ready := []string{"rollout", "status", "--namespace=pod-identity", "deployment", "--selector=app.kubernetes.io/part-of=pod-identity", "--timeout=2m"}
	return []fault{
		{name: "a policy is bound no more", object: []string{"validatingadmissionpolicybinding", "pod-identity-metadata"}, says: "ValidatingAdmissionPolicyBinding pod-identity-metadata is not there"},
		{name: "a policy is gone", object: []string{"validatingadmissionpolicy", "pod-identity-sidecar"}, says: "ValidatingAdmissionPolicy pod-identity-sidecar is not there"},
		{name: "the configuration of the primary is gone", object: []string{"mutatingwebhookconfiguration", "pod-identity"}, says: "MutatingWebhookConfiguration pod-identity is not there"},
		{name: "the configuration of the standby is gone", object: []string{"mutatingwebhookconfiguration", "pod-identity-standby"}, says: "MutatingWebhookConfiguration pod-identity-standby is not there"},
		{name: "the rights of the webhook are gone", object: []string{"clusterrolebinding", "pod-identity-webhook"}, says: "the webhook may not list,watch podidentityassociations.podidentity.dev"},
		{name: "a Deployment is gone", object: []string{"deployment", "--namespace=pod-identity", "pod-identity-webhook-standby"}, says: "Deployment pod-identity-webhook-standby is not there"},
		{name: "the definition is gone", object: []string{"customresourcedefinition", "podidentityassociations.podidentity.dev"}, says: "the CustomResourceDefinition of associations is not there"},
		{name: "nothing runs, and a caBundle is empty", do: [][]string{
			scale("0"),
			{"wait", "--namespace=pod-identity", "--for=delete", "pod", "--all", "--timeout=2m"},
			{"patch", "mutatingwebhookconfiguration", "pod-identity", "--type=json", `--patch=[{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}]`},
		}, undo: [][]string{scale("1"), ready}, says: "the caBundle of entry enabled.podidentity.dev has no certificate"},
		{name: "the image of the webhook does not exist", do: [][]string{
			{"set", "image", "--namespace=pod-identity", "deployment/pod-identity-webhook", "webhook=registry.invalid/none:none"},
			{"delete", "pods", "--namespace=pod-identity", "--selector=app.kubernetes.io/component=primary", "--wait=false"},
		}, undo: [][]string{{"rollout", "undo", "--namespace=pod-identity", "deployment/pod-identity-webhook"}, ready}, says: "of 1 replicas of pod-identity-webhook are ready: "},
	}
}

func (f fixture) installation(t *testing.T) {
	for _, fault := range faults() {
		t.Run(fault.name, func(t *testing.T) {
			var before string
			if fault.object != nil {
				before = f.Do(t, append([]string{"get", "--output=yaml"}, fault.object...)...)
				f.Do(t, append([]string{"delete"}, fault.object...)...)
			}
			for _, step := range fault.do {
				f.Do(t, step...)
			}
			f.await(t, 1, []string{fault.says})
			if fault.object != nil {
				f.DoWith(t, anew(before), "create", "--filename=-")
			}
			for _, step := range fault.undo {
				f.Do(t, step...)
			}
			f.await(t, 0, []string{"the webhook may do all that it does"})
		})
	}
}

// anew is an object as it can be created again.
func anew(object string) string {
	return regexp.MustCompile(`(?m)^  (resourceVersion|uid): .*\n`).ReplaceAllString(object, "")
}
