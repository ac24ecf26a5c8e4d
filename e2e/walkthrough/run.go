package walkthrough

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

// waitTimeout is how long anything on the cluster may take: many times what it takes, since machines differ.
const waitTimeout = "5m"

// cliJob is a Job that runs the AWS CLI.
type cliJob struct {
	*platform.Env

	Name, Namespace string
	// OptOut sets the annotation of the pod that opts out.
	OptOut bool
	// AuthAddress is the address of the auth service, where the pod asks it.
	AuthAddress string
	// Succeeds is how the Job must end.
	Succeeds bool
	// WithoutNodeRole keeps the CLI from the role of the node, which a machine at Amazon may have.
	WithoutNodeRole bool
	Args            []string
}

// run runs the AWS CLI in a Job to the end that it must have, and returns its log.
func run(ctx context.Context, env *platform.Env, j cliJob, args ...string) (log string, err error) {
	j.Env, j.Args = env, args
	j.WithoutNodeRole = !j.Succeeds && env.S3Endpoint == ""
	if _, err := env.Kubectl(ctx, nil, "delete", "job", "--namespace", j.Namespace, j.Name, "--ignore-not-found", "--wait"); err != nil {
		return "", err
	}
	if err := apply(ctx, env, "job.yaml", j); err != nil {
		return "", err
	}
	// The two ends exclude each other: waiting for the wrong one as well tells at once that it came.
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	type end struct {
		condition string
		err       error
	}
	ends := make(chan end, 2)
	for _, condition := range []string{"Complete", "Failed"} {
		go func() {
			_, err := env.Kubectl(waiting, nil, "wait", "--namespace", j.Namespace, "--for=condition="+condition, "job/"+j.Name, "--timeout="+waitTimeout)
			ends <- end{condition, err}
		}()
	}
	first := <-ends
	if first.err != nil {
		return "", first.err
	}
	log, err = env.Kubectl(ctx, nil, "logs", "--namespace", j.Namespace, "job/"+j.Name, "--container="+container)
	if err != nil {
		return "", err
	}
	if wanted := map[bool]string{true: "Complete", false: "Failed"}[j.Succeeds]; first.condition != wanted {
		return log, fmt.Errorf("job %s/%s ended %s, not %s; its log:\n%s", j.Namespace, j.Name, first.condition, wanted, log)
	}
	return log, nil
}

// start deletes and creates the pod that is named after its service account.
func start(ctx context.Context, env *platform.Env, serviceAccount string) error {
	if _, err := env.Kubectl(ctx, nil, "delete", "pod", "--namespace", namespace, serviceAccount, "--ignore-not-found", "--now"); err != nil {
		return err
	}
	return apply(ctx, env, "pod.yaml", struct {
		*platform.Env

		ServiceAccount string
	}{env, serviceAccount})
}

// describeUntil describes a pod until the description has a part.
func describeUntil(ctx context.Context, env *platform.Env, pod, part string) (seen string, err error) {
	limit, err := time.ParseDuration(waitTimeout)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("kubectl describe pod %s did not show %q within %s", pod, part, waitTimeout))
	defer cancel()
	for tick := time.NewTicker(time.Second); ; {
		if seen, err = env.Kubectl(ctx, nil, "describe", "pod", "--namespace", namespace, pod); err != nil {
			return seen, err
		}
		if strings.Contains(seen, part) {
			return seen, nil
		}
		select {
		case <-ctx.Done():
			return seen, fmt.Errorf("%w:\n%s", context.Cause(ctx), seen)
		case <-tick.C:
		}
	}
}
