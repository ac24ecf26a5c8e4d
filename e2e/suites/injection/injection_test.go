// Package injection_test proves that whatever the API server admits uninjected it admits injected, and that no failure of the webhook's own
// refuses a pod.
package injection_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/e2e/platform"
)

// suite is a platform with the namespaces of the scenarios.
type suite struct {
	*platform.Platform
}

func TestOnARealCluster(t *testing.T) {
	s := suite{platform.ForTest(t, "injection")}
	s.Do(t, "apply", "-f", "testdata/cluster.yaml")
	for _, namespace := range []string{"restricted", "meshed"} {
		s.DoWith(t, fmt.Sprintf("apiVersion: podidentity.dev/v1alpha1\nkind: PodIdentityAssociation\nmetadata: {name: %s}\nspec: {namespace: %s, serviceAccount: reader, roleARN: %q}",
			namespace, namespace, s.MinIO.RoleARN), "apply", "-f", "-")
	}
	for name, scenario := range map[string]func(*testing.T, suite){
		"a restricted namespace takes an injected pod, which lists the bucket":                        restricted,
		"a container that another webhook adds after us gets credentials too":                         addedAfterUs,
		"a container of kubectl debug has the credentials of its pod":                                 debugger,
		"a pod that opted out costs no call of the webhook":                                           optedOut,
		"an injected pod costs one call of the webhook":                                               oneCall,
		"applying the same Deployment twice on the server's side shows no drift":                      noDrift,
		"a misspelt namespace label is named in the status of the pod":                                misspelt,
		"in mode associated only pods with an association are injected":                               associated,
		"kubectl logs and exec go to the application without a flag":                                  defaultContainer,
		"whatever pod the API server takes uninjected, it takes injected":                             fixtures,
		"whatever random pod the API server takes uninjected, it takes injected":                      randomPods,
		"a sidecar follows the LimitRange of its namespace":                                           limitRange,
		"kubectl describe pod shows in every state what is wrong":                                     describe,
		"a quota of CPU limits takes an injected pod":                                                 quota,
		"garbage sent to the webhook's own address is answered and does no harm":                      garbage,
		"a deleted CA is replaced without refusing a pod":                                             deletedCA,
		"in an emergency one command lets pods be created again, and running pods notice nothing":     breakGlass,
		"if the primary does not answer, the API server calls the standby":                            standby,
		"an emptied caBundle is written again":                                                        emptiedBundle,
		"a pod whose user, group and label are of a range, as OpenShift gives them, lists the bucket": userRange,
		"a pod's other projected tokens keep their mode where all share one runAsUser":                tokenMode,
	} {
		t.Run(name, func(t *testing.T) { scenario(t, s) })
	}
}

// pod is what testdata/pod.yaml leaves open.
type pod struct {
	Name, Namespace, ServiceAccount, Annotations, Image, S3 string
}

// create creates a pod and waits until it is ready.
func (s suite) create(t *testing.T, p pod) {
	t.Helper()
	p.Image, p.S3 = s.CLIImage, s.MinIO.Endpoint
	if p.ServiceAccount == "" {
		p.ServiceAccount = "reader"
	}
	s.ApplyTemplate(t, "pod.yaml", p)
	s.Do(t, "wait", "--namespace", p.Namespace, "--for=condition=Ready", "pod/"+p.Name, "--timeout=2m")
	t.Cleanup(func() {
		_, err := s.Cluster.Kubectl(context.WithoutCancel(t.Context()), nil, "delete", "pod", "--namespace", p.Namespace, p.Name, "--now", "--wait=false")
		if err != nil {
			t.Error(err)
		}
	})
}

// await waits for something that takes three minutes at most.
func (s suite) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, 3*time.Minute, true, func(context.Context) (bool, error) { return holds(), nil })
	if err != nil {
		t.Fatalf("timed out waiting until %s: %v", what, err)
	}
}

// admit has the API server admit a pod in the namespace meshed without keeping it, and returns what a JSON path finds in that.
func (s suite) admit(t *testing.T, path string) (string, error) {
	t.Helper()
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: app, image: app}]}"
	return s.Kubectl(t.Context(), strings.NewReader(pod), "create", "--dry-run=server", "--namespace=meshed", "--output=jsonpath="+path, "--filename=-")
}

// status is the status annotation of a pod.
func (s suite) status(t *testing.T, namespace, name string) string {
	t.Helper()
	return s.Do(t, "get", "pod", "--namespace", namespace, name, `-o=jsonpath={.metadata.annotations.podidentity\.dev/status}`)
}

// listBucket lists the bucket from within a container, by nothing but what was injected.
func (s suite) listBucket(t *testing.T, namespace, pod, container string) {
	t.Helper()
	seen := s.Do(t, "exec", "--namespace", namespace, pod, "--container", container, "--",
		"aws", "s3", "ls", "--endpoint-url", s.MinIO.Endpoint, "s3://"+s.Bucket)
	if !strings.Contains(seen, "aws.png") {
		t.Errorf("the list of the bucket is %q", seen)
	}
}
