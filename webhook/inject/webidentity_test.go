package inject_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// checkToken checks that only a pod that asks for a token of its own gets one, for its own role, and never beside a sidecar or for an
// identity that the token would exceed.
func checkToken(t testing.TB, input inject.Input, decision inject.Decision, before, after *corev1.Pod) {
	t.Helper()
	given := inject.HasWebIdentity(after) && !inject.HasWebIdentity(before)
	if decision.Reason != inject.WebIdentity {
		if given {
			t.Errorf("a pod has a token, and the reason %s", decision.Reason)
		}
		return
	}
	if after.Annotations[contract.AnnotationAuthorization] != contract.AuthorizationWebIdentity || input.Identities.Policy != "" || inject.HasSidecar(after) {
		t.Errorf("a pod has a token against what it or its association says: %v", after.Annotations)
	}
	for _, container := range slices.Concat(after.Spec.InitContainers, after.Spec.Containers) {
		ours := slices.ContainsFunc(container.Env, func(v corev1.EnvVar) bool {
			return v.Name == "AWS_WEB_IDENTITY_TOKEN_FILE" && strings.Contains(v.Value, contract.Domain)
		})
		role := slices.IndexFunc(container.Env, func(v corev1.EnvVar) bool { return v.Name == "AWS_ROLE_ARN" })
		if ours && (role < 0 || container.Env[role].Value != input.Identities.RoleARN) {
			t.Errorf("container %s has our token for another role: %v", container.Name, container.Env)
		}
	}
}

// Each field of an association but these would be lost by a token in the application, so that it must refuse.
func TestWhatATokenInTheApplicationCannotApplyIsRefused(t *testing.T) {
	for document, refused := range map[string]string{
		`{"roleARN":"r"}`: "",
		`{"association":"a","roleARN":"r","disableSessionTags":true}`:      "",
		`{"roleARN":"r","sessionDuration":"1h"}`:                           "",
		`{"roleARN":"r","sessionDuration":"12h"}`:                          "",
		`{"roleARN":"r","sessionDuration":"15m"}`:                          "sessionDuration",
		`{"roleARN":"r","sourceIdentity":"PodName","tags":"a=b"}`:          "sourceIdentity and tags",
		`{"roleARN":"r","policy":"{}"}`:                                    "policy",
		`{"roleARN":"r","targetRoleARN":"t","externalID":"x"}`:             "targetRoleARN and externalID",
		`{"roleARN":"r","targetRoleARN":"t","sessionDuration":"1h"}`:       "targetRoleARN",
		`{"roleARN":"r","externalID":"x","disableSessionTags":true}`:       "externalID",
		`{"roleARN":"r","sessionDuration":"15m","policy":"{\"a\":\"\"}"}`:  "policy and sessionDuration",
		`{"roleARN":"r","containers":[{"container":"app","roleARN":"s"}]}`: "containers",
		`{"containers":[{"container":"app","roleARN":"s"}]}`:               "containers",
	} {
		t.Run(document, func(t *testing.T) {
			input := inject.Input{Namespace: "n", Mode: contract.InjectEnabled, Pod: &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app"}}}}}
			input.Pod.Annotations = map[string]string{contract.AnnotationAuthorization: contract.AuthorizationWebIdentity}
			var err error
			if input.Identities, err = contract.ParseIdentities([]byte(document)); err != nil {
				t.Fatal(err)
			}
			decision := inject.Decide(input, defaultSettings())
			switch {
			case refused == "" && decision.Reason != inject.WebIdentity:
				t.Errorf("refused: %s", decision.Status)
			case refused != "" && (decision.Reason != inject.NoWebIdentity || !strings.Contains(decision.Status, "applies "+refused+" of") || len(decision.Warnings) != 1):
				t.Errorf("%s: %s; warnings %q", decision.Reason, decision.Status, decision.Warnings)
			}
			if len(decision.Status) > 140 { // where kubectl describe cuts
				t.Errorf("the status has %d characters: %s", len(decision.Status), decision.Status)
			}
		})
	}
}
