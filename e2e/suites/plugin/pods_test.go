package plugin_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/e2e/platform"
)

// scene is a namespace in which one thing is wrong.
type scene struct {
	// label of the namespace, "" for none.
	label string
	// pod is the spec of the pod app, after its service account and with its first container, and metadata what else it has.
	metadata, spec string
	// role of the association, "" for none.
	role string
	// limits is the spec of a LimitRange of the namespace, and sts what STS does to its pods.
	limits string
	sts    platform.STSMode
	// says is what check prints of the pod, after the state.
	says string
	code int
}

const sleeping = `command: [sleep, infinity]`

// scenes are with pods of this image; STS gives the good role and refuses the bad one.
func scenes(image, good, bad string) map[string]scene {
	app := fmt.Sprintf("containers: [{name: app, image: %q, %s}]", image, sleeping)
	with := func(more string) string {
		return fmt.Sprintf("containers: [{name: app, image: %q, %s, %s}]", image, sleeping, more)
	}
	return map[string]scene{
		"all is well":                                   {label: "enabled", spec: app, role: good, says: "the pod has had credentials, and the sidecar warns of nothing", code: 0},
		"the namespace has no label":                    {spec: app, role: good, says: "has no label podidentity.dev/inject: the webhook is not called", code: 1},
		"the label is misspelt":                         {label: "Enabled", spec: app, role: good, says: `is "Enabled": it injects nothing`, code: 1},
		"the pod opted out":                             {label: "enabled", metadata: `, annotations: {podidentity.dev/inject: "false"}`, spec: app, role: good, says: "opts the pod out", code: 1},
		"the pod uses hostNetwork":                      {label: "enabled", spec: "hostNetwork: true, " + app, role: good, says: "the webhook left the pod alone: hostNetwork", code: 1},
		"static keys win":                               {label: "enabled", spec: with("env: [{name: AWS_ACCESS_KEY_ID, value: AKIA}]"), role: good, says: "every container has AWS credentials of its own", code: 1},
		"one of two containers keeps keys":              {label: "enabled", spec: strings.TrimSuffix(app, "]") + fmt.Sprintf(", {name: other, image: %q, %s, env: [{name: AWS_ACCESS_KEY_ID, value: AKIA}]}]", image, sleeping), role: good, says: "the SDK of container other prefers AWS_ACCESS_KEY_ID", code: 1},
		"nothing gives an identity":                     {label: "enabled", spec: app, says: "no PodIdentityAssociation names service account", code: 1},
		"STS refuses the role":                          {label: "enabled", spec: app, role: bad, says: "the sidecar says: STS refuses role " + bad, code: 1},
		"a container is skipped":                        {label: "enabled", metadata: `, annotations: {podidentity.dev/skip-containers: app}`, spec: app, role: good, says: "container app gets no credentials", code: 0},
		"an annotation is ignored":                      {label: "enabled", metadata: `, annotations: {podidentity.dev/port: "x"}`, spec: app, role: good, says: "the webhook noted: annotation podidentity.dev/port", code: 0},
		"no node takes the pod":                         {label: "enabled", spec: "nodeSelector: {no: node}, " + app, role: good, says: "the sidecar has not started: 0/1 nodes are available", code: 1},
		olderThanTheLabel:                               {spec: app, role: good, says: "the webhook was not called", code: 1},
		"something removed the sidecar":                 {metadata: `, annotations: {podidentity.dev/status: injected}`, label: "", spec: app, role: good, says: "something else removed or changed its sidecar", code: 1},
		"another container has the name of the sidecar": {label: "enabled", spec: fmt.Sprintf("initContainers: [{name: pod-identity, image: %q, restartPolicy: Always, %s}], %s", image, sleeping, app), role: good, says: "the webhook left the pod alone: ", code: 1},
		"the pod has a token of its own":                {label: "enabled", metadata: `, annotations: {podidentity.dev/authorization: web-identity}`, spec: app, role: good, says: "and asks STS itself"},
		"a LimitRange leaves no room":                   {label: "enabled", limits: "{type: Pod, max: {memory: 16Mi}}", spec: with("resources: {limits: {memory: 16Mi}}"), role: good, says: "the webhook left the pod alone: ", code: 1},
		"STS does not answer":                           {label: "enabled", sts: platform.Silent, spec: app, role: good, says: "the sidecar says: STS did not answer in time", code: 1},
		"STS throttles":                                 {label: "enabled", sts: platform.Throttling, spec: app, role: good, says: "docs/runbooks/PodIdentitySTSThrottles.md", code: 1},
		"STS refuses everybody":                         {label: "enabled", sts: platform.Refusing, spec: app, role: good, says: "AccessDenied: this STS refuses everyone", code: 1},
	}
}

func (f fixture) pods(t *testing.T) {
	for name, s := range scenes(f.CLIImage, f.RoleARN, f.RefusedRoleARN) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f.play(t, name, s)
		})
	}
	t.Run("the pods of a Deployment are refused by a quota", func(t *testing.T) {
		t.Parallel()
		namespace := f.Namespace(t, "plugin", "enabled", "reader")
		f.Do(t, "create", "quota", "--namespace="+namespace, "none", "--hard=pods=0")
		f.Do(t, "create", "deployment", "--namespace="+namespace, "web", "--image="+f.CLIImage)
		f.await(t, 1, []string{"pods cannot be created: ", "exceeded quota"}, "deployment/web", "--namespace="+namespace)
	})
}

const olderThanTheLabel = "the pod is older than the label"

// play has the scene in a namespace of its own, and check look at its pod.
func (f fixture) play(t *testing.T, name string, s scene) {
	t.Helper()
	namespace := f.Namespace(t, "plugin", s.label, "reader")
	if s.sts != "" {
		f.sts.SetFor(t, namespace, s.sts)
	}
	if s.limits != "" {
		f.DoWith(t, "{apiVersion: v1, kind: LimitRange, metadata: {name: limits}, spec: {limits: ["+s.limits+"]}}", "create", "--namespace="+namespace, "--filename=-")
	}
	if s.role != "" {
		f.associate(t, namespace, namespace, s.role)
	}
	f.DoWith(t, fmt.Sprintf("{apiVersion: v1, kind: Pod, metadata: {name: app%s}, spec: {serviceAccountName: reader, terminationGracePeriodSeconds: 1, %s}}", s.metadata, s.spec),
		"create", "--namespace="+namespace, "--filename=-")
	if name == olderThanTheLabel {
		f.Do(t, "label", "namespace", namespace, "podidentity.dev/inject=enabled")
	}
	f.await(t, s.code, []string{s.says}, "app", "--namespace="+namespace)
}

func (f fixture) associate(t *testing.T, name, namespace, role string) {
	t.Helper()
	f.DoWith(t, fmt.Sprintf("{apiVersion: podidentity.dev/v1alpha1, kind: PodIdentityAssociation, metadata: {name: %s}, spec: {namespace: %s, serviceAccount: reader, roleARN: %q}}",
		name, namespace, role), "create", "--filename=-")
	t.Cleanup(func() {
		if _, err := f.Kubectl(context.WithoutCancel(t.Context()), nil, "delete", "pia", name); err != nil {
			t.Error(err)
		}
	})
}

func (f fixture) who(t *testing.T) {
	namespace := f.Namespace(t, "plugin", "enabled", "reader")
	f.associate(t, namespace, namespace, f.RoleARN)
	f.DoWith(t, fmt.Sprintf("{apiVersion: v1, kind: Pod, metadata: {name: app}, spec: {serviceAccountName: reader, containers: [{name: app, image: %q, %s}]}}", f.CLIImage, sleeping),
		"create", "--namespace="+namespace, "--filename=-")
	f.Do(t, "wait", "--namespace="+namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/identity}`, "pod/app", "--timeout=2m")
	for _, asked := range []string{namespace, namespace + "/reader", namespace + "/reader/app", f.RoleARN} {
		out, code := f.run(t, "who", asked, "--output=wide")
		if code != 0 || !strings.Contains(out, "association/"+namespace) || !strings.Contains(out, " app") {
			t.Errorf("who %s ends with %d:\n%s", asked, code, out)
		}
	}
}
