package walkthrough

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/podidentity/podidentity/e2e/platform"
)

const (
	authNamespace = "eks-s3-example-auth"
	// authRole is the role of the association in auth.yaml.
	authRole = "arn:aws:iam::111122223333:role/pods/eks-s3-example"
)

// authSteps are what the auth service adds. After the first one, pods that are created from then on ask STS again.
func authSteps() []Step {
	return []Step{
		{
			"the same Job gets its session from the auth service, and the role trusts one principal and no cluster",
			"kubectl logs --namespace " + authNamespace + " job/" + job, listByAuthService,
		},
		{
			"the auth service has put on record who got that session, by which association, of which role, at which request",
			"kubectl logs --namespace pod-identity --selector app.kubernetes.io/name=pod-identity-auth --tail=-1 | grep " + authNamespace, showRecord,
		},
	}
}

func listByAuthService(ctx context.Context, env *platform.Env) (seen string, err error) {
	address, err := env.AuthService.Use(ctx)
	if err != nil {
		return "", err
	}
	// Whoever interrupts the walk-through removes the cluster: there is nothing to leave then.
	defer func() { err = errors.Join(err, env.AuthService.Leave(ctx)) }()
	if err := apply(ctx, env, "auth.yaml", env); err != nil {
		return "", err
	}
	log, err := run(ctx, env, cliJob{Name: job, Namespace: authNamespace, AuthAddress: address, Succeeds: true}, "s3", "ls", "s3://"+env.Bucket)
	if err := expect(err, log, platform.Object); err != nil {
		return log, err
	}
	trust, err := trust(ctx, env)
	return log + trust, err
}

// trust is the trust policy of the role with the auth service, and beside it the one without.
func trust(ctx context.Context, env *platform.Env) (string, error) {
	one, err := render("trust-policy.json", nil)
	if err != nil {
		return "", err
	}
	text, err := env.Kubectl(ctx, nil, "get", "--raw", "/.well-known/openid-configuration")
	if err != nil {
		return "", err
	}
	var discovery struct{ Issuer string }
	if err := json.Unmarshal([]byte(text), &discovery); err != nil {
		return "", fmt.Errorf("read the issuer of service account tokens: %w", err)
	}
	other, err := render("trust-policy-web-identity.json", strings.TrimPrefix(discovery.Issuer, "https://"))
	return "the role's trust policy, as AWS needs it for that (the STS of this demo is MinIO's, which verifies none):\n" + one +
		"and as AWS needs it where pods ask STS themselves, with an issuer that AWS can reach, for each cluster another:\n" + other, err
}

// record is what the auth service writes of a session.
type record struct {
	Msg, Namespace, ServiceAccount, Pod, Association, Role, RequestID string

	AWSRequestIDs []string
}

func showRecord(ctx context.Context, env *platform.Env) (string, error) {
	of, err := env.Kubectl(ctx, nil, "get", "pod", "--namespace", authNamespace, "--selector", "job-name="+job, "-o", "jsonpath={.items[0].metadata.name} {.items[0].metadata.uid}")
	if err != nil {
		return "", err
	}
	pod, uid, _ := strings.Cut(of, " ")
	log, err := env.Kubectl(ctx, nil, "logs", "--namespace=pod-identity", "--selector=app.kubernetes.io/name=pod-identity-auth", "--tail=-1")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(log) {
		if !strings.Contains(line, uid) {
			continue
		}
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return line, fmt.Errorf("read the log of the auth service: %w", err)
		}
		if r.Msg != "session issued" {
			continue
		}
		if len(r.AWSRequestIDs) == 0 || r.RequestID == "" || r.ServiceAccount != "eks-s3-example-iam-role-sa" ||
			r.Namespace != authNamespace || r.Pod != pod || r.Association != authNamespace || r.Role != authRole {
			return line, fmt.Errorf("the session of pod %s/%s is put on record as %s", authNamespace, pod, line)
		}
		return line, nil
	}
	return "", fmt.Errorf("the auth service has put no session of pod %s/%s on record:\n%s", authNamespace, pod, log)
}
