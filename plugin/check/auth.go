package check

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/plugin/cluster"
)

// auth looks at the auth service, where pods ask it.
func (l looker) auth(ctx context.Context, i *cluster.Installation, pods []corev1.Pod) ([]Finding, error) {
	if !i.Config.Injection.NeedsAuthCA() {
		return nil, nil
	}
	bundle, err := get(ctx, l.client, client.ObjectKey{Namespace: i.Namespace, Name: contract.AuthCAConfigMap}, &corev1.ConfigMap{})
	if err != nil {
		return nil, wrap(err, "read ConfigMap "+contract.AuthCAConfigMap)
	}
	return authFindings(i, bundle, pods, l.now), nil
}

// authFindings are about the auth service. Bundle is nil where it has not published its CA.
func authFindings(i *cluster.Installation, bundle *corev1.ConfigMap, pods []corev1.Pod, now time.Time) []Finding {
	const check = "auth service"
	all := deploymentFindings(check, cluster.AuthDeployment, i, pods)
	logs := "kubectl logs --namespace " + i.Namespace + " deployment/" + cluster.AuthDeployment
	if bundle == nil {
		return append(all, wrong(check, logs, "ConfigMap %s is not there: pods cannot verify the service", contract.AuthCAConfigMap))
	}
	last := time.Time{}
	for _, certificate := range parse([]byte(bundle.Data[contract.CABundleKey])) {
		if certificate.NotAfter.After(last) {
			last = certificate.NotAfter
		}
	}
	switch {
	case last.IsZero():
		return append(all, wrong(check, logs, "ConfigMap %s has no certificate: pods cannot verify the service", contract.AuthCAConfigMap))
	case !last.After(now):
		return append(all, wrong(check, logs, "the CA in ConfigMap %s expired at %s", contract.AuthCAConfigMap, last.UTC().Format(time.DateTime)))
	}
	return append(all, ok(check, "pods trust its CA until %s", last.UTC().Format(time.DateOnly)))
}
