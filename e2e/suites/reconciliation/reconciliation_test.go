// Package reconciliation_test proves that associations take effect on pods that already run, and that associations and pods
// report their state.
package reconciliation_test

import (
	"slices"
	"testing"
	"time"

	"github.com/podidentity/podidentity/e2e/platform"
)

func TestOnARealCluster(t *testing.T) {
	env := platform.EnvForTest(t, "reconciliation")
	for name, scenario := range map[string]func(*testing.T, fixture){
		"a change made while all replicas are being replaced is not lost":                                     replacedReplicas,
		"a pod that was there first gets credentials when its association comes, and loses them when it goes": cameAndWent,
		"the status of the pod follows": podStatus,
		"kubectl get pia shows the service account, the role, the readiness and the number of pods":           columns,
		"of two that select the same pods, the younger names the older, and takes over when that is deleted":  conflict,
		"a policy that no rule of a CRD can read is found, and named":                                         malformedPolicy,
		"an association says that its session tags are the pod's own word, and warns of a shared target role": sharedTarget,
		"an association whose pods are refused is not ready, and says which":                                  refusedRole,
		"an identity edited by hand is put right":                                                             editedIdentity,
		"two containers of a pod have different rights, and neither gets those of the other":                  separateContainers,
		"a pod in a user namespace has its credentials, where the node has such namespaces":                   userNamespace,
		"a sidecar that is killed comes back with the same authorization token":                               killedSidecar,
		"a more specific association takes precedence over a pattern until it is deleted":                     closerAssociation,
		"a cluster that comes from IRSA works by labelling its namespaces":                                    comingFromIRSA,
		"a client that knows nothing but IRSA has a token of its own, on the network of the node too":         webIdentity,
		"a pod that loses our label gets it back, and its identity stays true":                                labelRemoved,
		"a new leader keeps what the statuses say, and repeats no event":                                      anotherLeader,
		"a definition that is deleted takes no identity away, and heals when it is back":                      deletedDefinition,
		"an association whose running pods get no new credentials says so, and that they do again":            trouble,
		"the leader compares the keys of the cluster with those at its issuer":                                watchedIssuer,
		"labels that an association lists reach the identity of a running pod, also when they change":         labels,
		"a pod that was not injected is counted and told so":                                                  uninjected,
	} {
		t.Run(name, func(t *testing.T) { scenario(t, newFixture(t, env)) })
	}
}

// cameAndWent makes an association and deletes it several times, to see how long that takes.
func cameAndWent(t *testing.T, f fixture) {
	f.start(t)
	const rounds = 7
	var came, went []time.Duration
	for range rounds {
		came = append(came, f.until(t, "200", func() { f.associate(t, "reader", f.namespace) }))
		f.list(t)
		went = append(went, f.until(t, "403", func() { f.dissociate(t, "reader") }))
	}
	t.Logf("from kubectl to the first changed answer, medians of %d: association made %s, deleted %s", rounds, median(came), median(went))
	if restarts := f.inPod(t, "{.status.containerStatuses[*].restartCount} {.status.initContainerStatuses[*].restartCount}"); restarts != "0 0" {
		t.Errorf("containers restarted: %s", restarts)
	}
}

func podStatus(t *testing.T, f fixture) {
	t.Parallel()
	f.start(t)
	f.associate(t, "reader", f.namespace)
	f.Do(t, "wait", "--namespace="+f.namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/status}=injected`, "pod/app", "--timeout=3m")
}

func editedIdentity(t *testing.T, f fixture) {
	t.Parallel()
	f.startAssociated(t)
	before := f.inPod(t, `{.metadata.annotations.podidentity\.dev/identity}`)
	f.forge(t, `{"annotations": {"podidentity.dev/identity": "{\"roleARN\":\"arn:minio:iam:::role/forged\"}"}}`)
	f.Do(t, "wait", "--namespace="+f.namespace, `--for=jsonpath={.metadata.annotations.podidentity\.dev/identity}=`+before, "pod/app", "--timeout=3m")
}

func closerAssociation(t *testing.T, f fixture) {
	t.Parallel()
	f.startAssociated(t)
	f.associate(t, "pattern", f.pattern())
	f.awaitAssociation(t, "reader")
	f.dissociate(t, "reader")
	f.awaitAssociation(t, "pattern")
	f.associate(t, "reader", f.namespace)
	f.awaitAssociation(t, "reader")
}

func replacedReplicas(t *testing.T, f fixture) {
	f.startAssociated(t)
	f.associate(t, "pattern", f.pattern())
	f.Do(t, "delete", "pods", "--namespace=pod-identity", "--all", "--force", "--grace-period=0", "--wait=false")
	f.dissociate(t, "reader")
	f.awaitAssociation(t, "pattern")
	f.Do(t, "rollout", "status", "--namespace=pod-identity", "deployment", "--selector=app.kubernetes.io/part-of=pod-identity", "--timeout=3m")
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2].Round(10 * time.Millisecond)
}
