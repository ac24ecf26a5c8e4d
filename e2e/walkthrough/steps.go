package walkthrough

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/podidentity/podidentity/e2e/platform"
)

// Step is one thing that must hold, shown and checked.
type Step struct {
	// Title is the sentence that holds when the step succeeds.
	Title string
	// Command is what a person would type to see it.
	Command string
	// Run makes it happen, checks it, and returns what a person would see.
	Run func(ctx context.Context, env *platform.Env) (seen string, err error)
}

// Steps are the walk-through, in order.
func Steps(env *platform.Env) []Step {
	if env.AuthService == nil {
		return steps()
	}
	return append(steps(), authSteps()...)
}

func steps() []Step {
	return []Step{
		{
			"a Job lists the bucket with credentials it was never given",
			"kubectl logs --namespace " + namespace + " job/" + job, listBucket,
		},
		{
			"kubectl describe pod shows what was injected",
			"kubectl describe pod --namespace " + namespace + " --selector job-name=" + job, describeInjected,
		},
		{
			"of two containers of one pod, one lists the bucket and the other is refused by S3, each by its own association",
			"kubectl logs --namespace " + namespace + " " + twoContainers + " --all-containers --prefix", roleOfAContainer,
		},
		{
			"the same Job in an opted-out pod finds no credentials",
			"kubectl logs --namespace " + namespace + " job/opted-out", optedOut,
		},
		{
			"the same Job in a namespace without the label finds no credentials",
			"kubectl logs --namespace " + unlabelled + " job/" + job, withoutLabel,
		},
		{
			"a pod without an association runs, and kubectl describe pod says what is missing",
			"kubectl describe pod --namespace " + namespace + " " + unassociated, withoutAssociation,
		},
		{
			"a pod whose role STS refuses is not ready, and kubectl describe pod says why in STS's words",
			"kubectl describe pod --namespace " + namespace + " " + refused, refusedRole,
		},
	}
}

// The service accounts, and so the pods, of the two steps that are about a pod.
const (
	unassociated = "without-association"
	refused      = "with-refused-role"
)

// Prepare makes what the steps need. Pods that take their time get it: on a node that has just started, the kubelet puts
// off the first probe of a pod.
func Prepare(ctx context.Context, env *platform.Env) error {
	if err := apply(ctx, env, "namespaces.yaml", env); err != nil {
		return err
	}
	if err := apply(ctx, env, "associations.yaml", env); err != nil {
		return err
	}
	return errors.Join(start(ctx, env, unassociated), start(ctx, env, refused))
}

func listBucket(ctx context.Context, env *platform.Env) (string, error) {
	log, err := run(ctx, env, cliJob{Name: job, Namespace: namespace, Succeeds: true}, "s3", "ls", "s3://"+env.Bucket)
	return log, expect(err, log, platform.Object)
}

func describeInjected(ctx context.Context, env *platform.Env) (string, error) {
	seen, err := env.Kubectl(ctx, nil, "describe", "pod", "--namespace", namespace, "--selector", "job-name="+job)
	return seen, expect(err, seen,
		"podidentity.dev/status: injected\n", `podidentity.dev/identity:`, env.RoleARN, "podidentity.dev/injected=true",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI:", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE:", "pod-identity:", "TokenExpirationSeconds:")
}

const noCredentials = "Unable to locate credentials"

func optedOut(ctx context.Context, env *platform.Env) (string, error) {
	log, err := run(ctx, env, cliJob{Name: "opted-out", Namespace: namespace, OptOut: true}, "s3", "ls", "s3://"+env.Bucket)
	return log, expect(err, log, noCredentials)
}

func withoutLabel(ctx context.Context, env *platform.Env) (string, error) {
	log, err := run(ctx, env, cliJob{Name: job, Namespace: unlabelled}, "s3", "ls", "s3://"+env.Bucket)
	return log, expect(err, log, noCredentials)
}

func withoutAssociation(ctx context.Context, env *platform.Env) (string, error) {
	if _, err := env.Kubectl(ctx, nil, "wait", "--namespace", namespace, "--for=condition=Ready", "pod/"+unassociated, "--timeout="+waitTimeout); err != nil {
		return "", err
	}
	seen, err := env.Kubectl(ctx, nil, "describe", "pod", "--namespace", namespace, unassociated)
	return seen, expect(err, seen, "injected: no credentials until a PodIdentityAssociation names service account "+namespace+"/"+unassociated)
}

func refusedRole(ctx context.Context, env *platform.Env) (string, error) {
	// The kubelet writes the event a moment after the probe.
	seen, err := describeUntil(ctx, env, refused, "Liveness probe warning: ")
	if err != nil {
		return seen, err
	}
	ready, err := env.Kubectl(ctx, nil, "get", "pod", "--namespace", namespace, refused, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`)
	if err != nil {
		return seen, err
	}
	if ready != "False" {
		return seen, fmt.Errorf("pod %s has no credentials and yet its Ready condition is %q", refused, ready)
	}
	return seen, expect(nil, seen, "STS", env.RefusedRoleARN)
}

// expect passes err on, or says which of the parts is missing from text.
func expect(err error, text string, parts ...string) error {
	if err != nil {
		return err
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return fmt.Errorf("%q is missing from:\n%s", part, text)
		}
	}
	return nil
}
