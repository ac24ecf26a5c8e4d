package chaos_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// deleteDeployments has no replica left, as after `kubectl delete` with the wrong file, and creates both Deployments again at once.
func deleteDeployments(t *testing.T, s *suite) {
	deployments := s.kube.AppsV1().Deployments("pod-identity")
	all, err := deployments.List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=pod-identity-webhook"})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Items) != 2 {
		t.Fatalf("there are %d Deployments", len(all.Items))
	}
	before, begin := s.replicas(t), time.Now()
	s.Do(t, "delete", "deployment", "--namespace=pod-identity", webhook)
	for _, deployment := range all.Items {
		deployment.ResourceVersion, deployment.UID = "", ""
		if _, err := deployments.Create(t.Context(), &deployment, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	s.admits(t, 20)
	s.took(t, begin, "pods are admitted again")
	// The garbage collector may not have come to the old ones yet, which are two, too.
	s.Do(t, append([]string{"wait", "--namespace=pod-identity", "--for=delete", "--timeout=3m", "pod"}, before...)...)
	s.gone(t)
}

// settled waits until no pod has been refused for some seconds.
func (s *suite) settled(t *testing.T) {
	t.Helper()
	refused, since := s.load.look().refused, time.Now()
	s.await(t, "some seconds without a refusal", func(context.Context) (bool, error) {
		if now := s.load.look().refused; now != refused {
			refused, since = now, time.Now()
		}
		return time.Since(since) > 5*time.Second, nil
	})
}

// admits waits until so many more pods are admitted.
func (s *suite) admits(t *testing.T, more int) {
	t.Helper()
	then := s.load.look().admitted
	s.await(t, fmt.Sprint(more, " more admissions"), func(context.Context) (bool, error) { return s.load.look().admitted >= then+more, nil })
}

// bounds fit the pods of the load, and would refuse them for a sidecar that does not follow them.
const bounds = `
apiVersion: v1
kind: LimitRange
metadata: {name: bounds, namespace: load}
spec:
  limits:
    - type: Container
      min: {cpu: 10m, memory: 64Mi}
      default: {cpu: "1", memory: 1Gi}
      defaultRequest: {cpu: 500m, memory: 1Gi}
      maxLimitRequestRatio: {cpu: "3"}
`

// boundPods also proves that no pod is refused but those that are created in the moment of the change: the API server may know a
// LimitRange before the webhook does.
func boundPods(t *testing.T, s *suite) {
	for _, change := range []func(){
		func() { s.DoWith(t, bounds, "create", "--filename=-") },
		func() { s.Do(t, "delete", "limitrange", "--namespace=load", "bounds") },
	} {
		change()
		s.settled(t)
		before := s.load.look().refused
		s.admits(t, 100)
		if more := s.load.look().refused - before; more > 0 {
			t.Errorf("%d pods are refused by what the webhook knows", more)
		}
	}
}

// deleteDefinition deletes the CustomResourceDefinition, and with it all associations, and applies it again, with one association: that of
// the witness. Meanwhile pods are admitted, and the witness keeps its identity.
func deleteDefinition(t *testing.T, s *suite) {
	s.giveRole(t, witness, witness, s.RoleARN)
	identity := func() string {
		return s.Do(t, "get", "pod", "--namespace="+witness, witness, `--output=jsonpath={.metadata.annotations.podidentity\.dev/identity}`)
	}
	const definition = "crd/podidentityassociations.podidentity.dev"
	s.await(t, "the role in the pod", func(context.Context) (bool, error) { return strings.Contains(identity(), s.RoleARN), nil })
	before := identity()
	s.Do(t, "delete", definition, "--timeout=1m")
	<-time.After(10 * time.Second)
	s.admits(t, 100)
	if now := identity(); now != before {
		t.Errorf("the identity was %s, and is %s without the definition", before, now)
	}
	s.Do(t, "apply", "--filename=../../../manifests/base/crd")
	s.Do(t, "wait", "--for=condition=Established", definition, "--timeout=1m")
	begin := time.Now()
	s.giveRole(t, witness, witness, s.RefusedRoleARN)
	s.await(t, "the changed role in the pod", func(context.Context) (bool, error) { return strings.Contains(identity(), s.RefusedRoleARN), nil })
	s.took(t, begin, "a role that is applied again is in the pod")
	s.Do(t, "delete", "pia", witness)
}
