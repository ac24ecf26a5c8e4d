package walkthrough

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Step is one thing that must hold, shown and checked.
type Step struct {
	// Title is the sentence that holds when the step succeeds.
	Title string
	// Command is what a person would type to see it.
	Command string
	// Play makes it happen, checks it, and returns what a person would see.
	Play func(ctx context.Context, stage *Stage) (seen string, err error)
}

// Steps are the walk-through of a stage, in the order in which they are played.
func Steps(stage *Stage) []Step {
	if stage.AuthService == nil {
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
			"the same Job in an opted-out pod finds no credentials",
			"kubectl logs --namespace " + namespace + " job/opted-out", optedOut,
		},
		{
			"the same Job in a namespace without the label finds no credentials",
			"kubectl logs --namespace " + unlabelled + " job/" + job, withoutLabel,
		},
		{
			"a pod without an association runs, and kubectl describe pod says what is missing",
			"kubectl describe pod --namespace " + namespace + " " + lonely, withoutAssociation,
		},
		{
			"a pod whose role STS refuses is not ready, and kubectl describe pod says why in STS's words",
			"kubectl describe pod --namespace " + namespace + " " + refused, refusedRole,
		},
	}
}

// The service accounts, and so the pods, of the two steps that are about a pod.
const (
	lonely  = "without-association"
	refused = "with-refused-role"
)

// Prepare makes what the steps need. Pods that take their time get it: on a node that has just started, the kubelet puts
// off the first probe of a pod.
func Prepare(ctx context.Context, stage *Stage) error {
	if err := stage.apply(ctx, "namespaces.yaml", stage); err != nil {
		return err
	}
	if err := stage.apply(ctx, "associations.yaml", stage); err != nil {
		return err
	}
	return errors.Join(stage.start(ctx, lonely), stage.start(ctx, refused))
}

func listBucket(ctx context.Context, s *Stage) (string, error) {
	log, err := s.run(ctx, cliJob{Name: job, Namespace: namespace, Succeeds: true}, "s3", "ls", "s3://"+s.Bucket)
	return log, expect(err, log, object)
}

func describeInjected(ctx context.Context, s *Stage) (string, error) {
	seen, err := s.Kubectl(ctx, nil, "describe", "pod", "--namespace", namespace, "--selector", "job-name="+job)
	return seen, expect(err, seen,
		"podidentity.dev/status: injected\n", `podidentity.dev/identity:`, s.RoleARN, "podidentity.dev/injected=true",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI:", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE:", "pod-identity:", "TokenExpirationSeconds:")
}

const noCredentials = "Unable to locate credentials"

func optedOut(ctx context.Context, s *Stage) (string, error) {
	log, err := s.run(ctx, cliJob{Name: "opted-out", Namespace: namespace, OptOut: true}, "s3", "ls", "s3://"+s.Bucket)
	return log, expect(err, log, noCredentials)
}

func withoutLabel(ctx context.Context, s *Stage) (string, error) {
	log, err := s.run(ctx, cliJob{Name: job, Namespace: unlabelled}, "s3", "ls", "s3://"+s.Bucket)
	return log, expect(err, log, noCredentials)
}

func withoutAssociation(ctx context.Context, s *Stage) (string, error) {
	if _, err := s.Kubectl(ctx, nil, "wait", "--namespace", namespace, "--for=condition=Ready", "pod/"+lonely, "--timeout="+patience); err != nil {
		return "", err
	}
	seen, err := s.Kubectl(ctx, nil, "describe", "pod", "--namespace", namespace, lonely)
	return seen, expect(err, seen, "injected: no credentials until a PodIdentityAssociation names service account "+namespace+"/"+lonely)
}

func refusedRole(ctx context.Context, s *Stage) (string, error) {
	// The kubelet writes the event a moment after the probe.
	seen, err := s.describeUntil(ctx, refused, "Readiness probe failed: ")
	if err != nil {
		return seen, err
	}
	ready, err := s.Kubectl(ctx, nil, "get", "pod", "--namespace", namespace, refused, "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`)
	if err != nil {
		return seen, err
	}
	if ready != "False" {
		return seen, fmt.Errorf("pod %s has no credentials and yet its Ready condition is %q", refused, ready)
	}
	return seen, expect(nil, seen, "STS", s.RefusedRoleARN)
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
