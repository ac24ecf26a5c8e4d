package chaos_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

const (
	burst = 500
	// witness is a namespace, a pod in it that runs, and the service account of it.
	witness = "witness"
)

// startWitness runs a pod without identity.
func (s *suite) startWitness(t *testing.T) {
	t.Helper()
	s.Do(t, "create", "namespace", witness)
	s.Do(t, "label", "namespace", witness, "podidentity.dev/inject=enabled")
	s.Do(t, "create", "serviceaccount", "--namespace="+witness, witness)
	s.Do(t, "run", witness, "--namespace="+witness, "--image="+s.CLIImage, "--command",
		`--overrides={"spec":{"serviceAccountName":"witness","terminationGracePeriodSeconds":1}}`, "--", "sleep", "infinity")
	s.Do(t, "wait", "--namespace="+witness, "--for=condition=Ready", "pod/"+witness, "--timeout=3m")
}

// createMany creates associations, the one of the witness last, and waits until the witness is served credentials.
func createMany(t *testing.T, s *suite) {
	s.deleteAssociations(t)
	served := s.answered(t, "200")
	begin := s.each(t, func(ctx context.Context, i int) error {
		_, err := s.associations.Create(ctx, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "podidentity.dev/v1alpha1", "kind": "PodIdentityAssociation",
			"metadata": map[string]any{"name": fmt.Sprint("burst-", i)},
			"spec":     map[string]any{"namespace": namespaceOf(i), "serviceAccount": witness, "roleARN": s.RoleARN},
		}}, metav1.CreateOptions{})
		return err
	})
	if err := <-served; err != nil {
		t.Fatal(err)
	}
	s.took(t, begin, "the last one is served")
}

// editMany edits associations, the one of the witness last, and waits until its edit has reached the pod.
func editMany(t *testing.T, s *suite) {
	all, err := s.associations.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Items) != burst {
		t.Fatalf("there are %d associations", len(all.Items))
	}
	session := fmt.Sprintf("%dm", 15+time.Now().Unix()%40)
	begin := s.each(t, func(ctx context.Context, i int) error {
		patch := fmt.Appendf(nil, `{"spec": {"sessionDuration": %q}}`, session)
		_, err := s.associations.Patch(ctx, fmt.Sprint("burst-", i), types.MergePatchType, patch, metav1.PatchOptions{})
		return err
	})
	s.await(t, "the edit in the last pod", func(ctx context.Context) (bool, error) {
		pod, err := s.kube.CoreV1().Pods(witness).Get(ctx, witness, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		return pod.Annotations["podidentity.dev/identity"] == fmt.Sprintf(`{"association":"burst-%d","roleARN":%q,"sessionDuration":%q}`, burst-1, s.RoleARN, session), nil
	})
	s.took(t, begin, "the last pod has it")
}

// namespaceOf is that of an association; the last one's has the witness.
func namespaceOf(i int) string {
	if i == burst-1 {
		return witness
	}
	return fmt.Sprint("burst-", i)
}

func (s *suite) deleteAssociations(t *testing.T) {
	t.Helper()
	gone := s.answered(t, "403")
	if err := s.associations.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := <-gone; err != nil {
		t.Fatal(err)
	}
}

// each does something for each association of a burst, by 16 clients at once, and for the last one when the others are done: it returns when
// that was.
func (s *suite) each(t *testing.T, do func(ctx context.Context, i int) error) time.Time {
	t.Helper()
	begin := time.Now()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(16)
	for i := range burst - 1 {
		group.Go(func() error { return do(ctx, i) })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d associations took %.1f s", burst-1, time.Since(begin).Seconds())
	last := time.Now()
	if err := do(t.Context(), burst-1); err != nil {
		t.Fatal(err)
	}
	return last
}

// answered tells when the sidecar of the witness answers with a status code.
func (s *suite) answered(t *testing.T, code string) <-chan error {
	t.Helper()
	const loop = `while ! wget -q -S -O /dev/null --header "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" $AWS_CONTAINER_CREDENTIALS_FULL_URI 2>&1 | grep -q "HTTP/1.1 %s"; do :; done`
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	said := make(chan error, 1)
	go func() {
		_, err := s.Cluster.Kubectl(ctx, nil, "exec", "--namespace="+witness, witness, "--container="+witness, "--", "sh", "-c", fmt.Sprintf(loop, code))
		said <- err
	}()
	return said
}
