package auth_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// injected has the webhook inject a pod, and proves that an application lists the bucket by the auth service, also
// after the CA of the service was replaced. The cluster has no DNS: the pod is told where the service is.
func injected(t *testing.T, s *suite) {
	s.Do(t, "label", "namespace", "shop", "podidentity.dev/inject=enabled")
	s.DoWith(t, fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: {name: injected, namespace: shop}
spec:
  serviceAccountName: reader
  hostAliases: [{ip: %q, hostnames: [pod-identity-auth.pod-identity.svc]}]
  containers: [{name: app, image: %s, command: [sleep, infinity], env: [{name: AWS_ENDPOINT_URL_S3, value: %q}]}]`,
		s.ip, s.CLIImage, s.MinIO.Endpoint), "create", "-f", "-")
	s.Do(t, "wait", "--namespace=shop", "--for=condition=Ready", "pod/injected", "--timeout=2m")
	s.lists(t)
	s.Do(t, "delete", "secret", "--namespace=pod-identity", "pod-identity-auth-ca")
	s.AwaitAny(t, "--namespace=pod-identity", "secret", "--field-selector=metadata.name=pod-identity-auth-ca")
	s.Do(t, "rollout", "restart", "--namespace=pod-identity", "deployment/pod-identity-auth")
	s.Do(t, "rollout", "status", "--namespace=pod-identity", "deployment/pod-identity-auth", "--timeout=2m")
	// Another role, so that the sidecar asks again: the old certificate is nowhere any more.
	s.Do(t, "patch", "pia", "reader", "--type=merge", `--patch={"spec": {"roleARN": "arn:aws:iam::111122223333:role/pods/second"}}`)
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 3*time.Minute, true, func(context.Context) (bool, error) {
		identity := s.Do(t, "get", "pod", "--namespace=shop", "injected", `-o=jsonpath={.metadata.annotations.podidentity\.dev/identity}`)
		return strings.Contains(identity, "role/pods/second"), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.lists(t)
	// The role stays, the policy allows nothing: what the sidecar has must not be served any longer, nor asked for again.
	s.Do(t, "patch", "pia", "reader", "--type=merge",
		`--patch={"spec": {"policy": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"s3:ListBucket\"],\"Resource\":[\"arn:aws:s3:::other\"]}]}"}}`)
	var refused error
	err = wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 3*time.Minute, true, func(ctx context.Context) (bool, error) {
		_, refused = s.Cluster.Kubectl(ctx, nil, "exec", "--namespace=shop", "injected", "--container=app", "--", "aws", "s3", "ls", "s3://"+s.Bucket)
		// In between, the sidecar has no credentials to serve.
		return refused != nil && strings.Contains(refused.Error(), "AccessDenied"), nil
	})
	if err != nil {
		t.Errorf("with another policy: %v %v", err, refused)
	}
}

// lists has the application of the pod injected list the bucket.
func (s *suite) lists(t *testing.T) {
	t.Helper()
	seen := s.Do(t, "exec", "--namespace=shop", "injected", "--container=app", "--", "aws", "s3", "ls", "s3://"+s.Bucket)
	if !strings.Contains(seen, "aws.png") {
		t.Errorf("the list of the bucket is %q", seen)
	}
}
