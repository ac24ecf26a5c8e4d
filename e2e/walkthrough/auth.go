package walkthrough

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

const authNamespace = "eks-s3-example-auth"

// authSteps are what the auth service adds. They end with pods that are created from then on asking STS again.
func authSteps() []Step {
	return []Step{{
		"the same Job gets its session from the auth service, and the role trusts one principal and no cluster",
		"kubectl logs --namespace " + authNamespace + " job/" + job, listByAuthService,
	}}
}

func listByAuthService(ctx context.Context, s *Stage) (seen string, err error) {
	address, err := s.AuthService.Use(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, s.AuthService.Leave(context.WithoutCancel(ctx))) }()
	if err := s.apply(ctx, "auth.yaml", s); err != nil {
		return "", err
	}
	log, err := s.run(ctx, cliJob{Name: job, Namespace: authNamespace, AuthAddress: address, Succeeds: true}, "s3", "ls", "s3://"+s.Bucket)
	if err := expect(err, log, object); err != nil {
		return log, err
	}
	audited, err := s.audited(ctx)
	if err != nil {
		return log, err
	}
	trust, err := manifests.ReadFile("manifests/trust-policy.json")
	if err != nil {
		return log, fmt.Errorf("read the trust policy: %w", err)
	}
	return log + "what the service has put on record:\n" + audited +
		"the trust policy that the role has at AWS, the same for every cluster (the STS of this demo knows none):\n" + string(trust), nil
}

// audited is what the auth service has put on record of the Job.
func (s *Stage) audited(ctx context.Context) (string, error) {
	log, err := s.Kubectl(ctx, nil, "logs", "--namespace=pod-identity", "--selector=app.kubernetes.io/name=pod-identity-auth", "--tail=-1")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, `"session issued"`) && strings.Contains(line, `"namespace":"`+authNamespace+`"`) {
			return line, expect(nil, line, `"association":"`+authNamespace+`"`, authRole, `"pod":"`+job, `"awsRequestIDs":[`)
		}
	}
	return "", fmt.Errorf("the auth service has put nothing on record of namespace %s:\n%s", authNamespace, log)
}

// authRole is the role of the association in auth.yaml.
const authRole = "arn:aws:iam::111122223333:role/pods/eks-s3-example"
