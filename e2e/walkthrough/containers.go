package walkthrough

import (
	"context"
	"errors"

	"github.com/podidentity/podidentity/e2e/platform"
)

// The pod of two containers, and their names.
const (
	twoContainers = "two-containers"
	lister, agent = "app", "agent"
)

func roleOfAContainer(ctx context.Context, env *platform.Env) (string, error) {
	values := struct {
		*platform.Env

		Containers []string
	}{env, []string{lister, agent}}
	if _, err := env.Kubectl(ctx, nil, "delete", "pod", "--namespace", namespace, twoContainers, "--ignore-not-found", "--now"); err != nil {
		return "", err
	}
	if err := apply(ctx, env, "containers.yaml", values); err != nil {
		return "", err
	}
	// It fails, as one of its containers does.
	if _, err := env.Kubectl(ctx, nil, "wait", "--namespace", namespace, "--for=jsonpath={.status.phase}=Failed", "pod/"+twoContainers, "--timeout="+waitTimeout); err != nil {
		return "", err
	}
	listed, err := env.Kubectl(ctx, nil, "logs", "--namespace", namespace, twoContainers, "--container", lister, "--prefix")
	refused, refusedErr := env.Kubectl(ctx, nil, "logs", "--namespace", namespace, twoContainers, "--container", agent, "--prefix")
	return listed + refused, errors.Join(expect(err, listed, platform.Object), expect(refusedErr, refused, "AccessDenied"))
}
