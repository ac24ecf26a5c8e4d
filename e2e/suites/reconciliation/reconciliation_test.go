// Package reconciliation_test holds that associations take effect on pods that already run.
package reconciliation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

const namespace = "live"

// rounds is how often an association is made and deleted, to see how long that takes.
const rounds = 7

func TestOnARealCluster(t *testing.T) {
	p := platform.ForTest(t, "live")
	p.Do(t, "create", "namespace", namespace)
	p.Do(t, "label", "namespace", namespace, "podidentity.dev/inject=enabled")
	p.Do(t, "create", "serviceaccount", "--namespace="+namespace, "reader")
	p.Do(t, "create", "serviceaccount", "--namespace="+namespace, "refused")
	associateAccount(t, p, "refused", namespace, "refused", p.Stage().RefusedRoleARN)
	run(t, p, "refused", "refused")
	run(t, p, "early", "reader")
	p.Do(t, "wait", "--namespace="+namespace, "--for=condition=Ready", "pod/early", "--timeout=2m")

	t.Run("a pod that was there first gets credentials when its association comes, and loses them when it goes", func(t *testing.T) {
		var came, went []time.Duration
		for range rounds {
			came = append(came, until(t, p, "early", "200", func() { associate(t, p, "reader", namespace) }))
			list(t, p, "early")
			went = append(went, until(t, p, "early", "403", func() { p.Do(t, "delete", "pia", "reader") }))
		}
		t.Logf("from kubectl to the first changed answer, medians of %d: association made %s, deleted %s", rounds, median(came), median(went))
		if restarts := p.Do(t, "get", "pod", "--namespace="+namespace, "early", "-o=jsonpath={.status.containerStatuses[*].restartCount} {.status.initContainerStatuses[*].restartCount}"); restarts != "0 0" {
			t.Errorf("containers restarted: %s", restarts)
		}
	})
	t.Run("the status of the pod follows", func(t *testing.T) {
		associate(t, p, "reader", namespace)
		p.Do(t, "wait", "--namespace="+namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/status}=injected`, "pod/early", "--timeout=30s")
	})
	statuses(t, p)
	t.Run("an identity edited by hand is put right", func(t *testing.T) {
		before := identity(t, p)
		p.Do(t, "annotate", "pod", "--namespace="+namespace, "early", "--overwrite", `podidentity.dev/identity={"roleARN":"arn:minio:iam:::role/forged"}`)
		p.Do(t, "wait", "--namespace="+namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/identity}=`+before, "pod/early", "--timeout=30s")
	})
	t.Run("a pod that loses our label gets it back, and its identity stays true", func(t *testing.T) { labelRemoved(t, p) })
	t.Run("a sidecar that is killed comes back with the same authorization token", func(t *testing.T) { killSidecar(t, p) })
	t.Run("a closer association takes over from a pattern, and gives way to it again", func(t *testing.T) {
		associate(t, p, "everywhere", "l*")
		awaitAssociation(t, p, "reader")
		p.Do(t, "delete", "pia", "reader")
		awaitAssociation(t, p, "everywhere")
		associate(t, p, "reader", namespace)
		awaitAssociation(t, p, "reader")
	})
	t.Run("a cluster that comes from IRSA works by labelling its namespaces", func(t *testing.T) { comingFromIRSA(t, p) })
	t.Run("a pod that was not injected is counted and told so", func(t *testing.T) { uninjected(t, p) })
	t.Run("an association whose pods are refused is not ready, and says which", func(t *testing.T) { refused(t, p) })
	t.Run("a new leader keeps what the statuses say, and repeats no event", func(t *testing.T) { anotherLeader(t, p) })
	t.Run("a change made while all replicas are being replaced is not lost", func(t *testing.T) {
		p.Do(t, "delete", "pods", "--namespace=pod-identity", "--all", "--force", "--grace-period=0", "--wait=false")
		p.Do(t, "delete", "pia", "reader")
		awaitAssociation(t, p, "everywhere")
	})
}

func associate(t *testing.T, p *platform.Platform, name, namespaces string) {
	t.Helper()
	associateAccount(t, p, name, namespaces, "reader", p.MinIO.RoleARN)
}

func associateAccount(t *testing.T, p *platform.Platform, name, namespaces, account, role string) {
	t.Helper()
	p.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: %s}\nspec: {namespace: %q, serviceAccount: %s, roleARN: %q}",
		name, namespaces, account, role), "apply", "-f", "-")
}

// run creates a pod that does nothing by itself.
func run(t *testing.T, p *platform.Platform, pod, account string) {
	t.Helper()
	p.Do(t, "run", pod, "--namespace="+namespace, "--image="+p.CLIImage, "--command",
		fmt.Sprintf(`--overrides={"spec":{"serviceAccountName":%q}}`, account), "--", "sleep", "infinity")
}

// until runs change while a loop in the pod asks its sidecar, and returns how long after its beginning the sidecar answers
// with the status code.
func until(t *testing.T, p *platform.Platform, pod, code string, change func()) time.Duration {
	t.Helper()
	const loop = `while ! wget -q -S -O /dev/null --header "Authorization: $(cat $AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)" $AWS_CONTAINER_CREDENTIALS_FULL_URI 2>&1 | grep -q "HTTP/1.1 %s"; do :; done`
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	answered := make(chan error, 1)
	go func() {
		_, err := p.Cluster.Kubectl(ctx, nil, "exec", "--namespace="+namespace, pod, "--container="+pod, "--", "sh", "-c", fmt.Sprintf(loop, code))
		answered <- err
	}()
	begin := time.Now()
	change()
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	return time.Since(begin)
}

func list(t *testing.T, p *platform.Platform, pod string) {
	t.Helper()
	seen := p.Do(t, "exec", "--namespace="+namespace, pod, "--container="+pod, "--",
		"aws", "s3", "ls", "--endpoint-url", p.MinIO.Endpoint, "s3://"+p.Stage().Bucket)
	if !strings.Contains(seen, "aws.png") {
		t.Errorf("the list of the bucket is %q", seen)
	}
}

func identity(t *testing.T, p *platform.Platform) string {
	t.Helper()
	return p.Do(t, "get", "pod", "--namespace="+namespace, "early", `-o=jsonpath={.metadata.annotations.podidentity\.dev/identity}`)
}

// awaitAssociation waits until the pod's identity is that of the association.
func awaitAssociation(t *testing.T, p *platform.Platform, name string) {
	t.Helper()
	want := fmt.Sprintf(`{"association":%q,"roleARN":%q}`, name, p.MinIO.RoleARN)
	p.Do(t, "wait", "--namespace="+namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/identity}=`+want, "pod/early", "--timeout=1m")
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2].Round(10 * time.Millisecond)
}
