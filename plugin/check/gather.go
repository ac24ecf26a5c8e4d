package check

import (
	"context"
	"errors"
	"fmt"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/internal/issuer"
	"github.com/podidentity/podidentity/plugin/cluster"
)

// looker looks at a cluster.
type looker struct {
	client client.Client
	// version asks the API server for its version.
	version func() (string, error)
	// log is the end of the log of a pod's sidecar.
	log func(ctx context.Context, namespace, pod string) ([]byte, error)
	// published compares the keys of the API server with what is published at its issuer.
	published func(ctx context.Context) (issuer.Comparison, error)
	now       time.Time
}

// look is one thing to look at.
type look struct {
	check string
	at    func(ctx context.Context) ([]Finding, error)
}

// installation looks at all of it. An error is that the cluster cannot be reached.
func (l looker) installation(ctx context.Context) (Report, error) {
	version, err := l.version()
	if err != nil {
		return Report{}, fmt.Errorf("ask the API server for its version: %w", err)
	}
	report := Report{Subject: "installation", Findings: serverFindings(version)}
	i := cluster.ReadInstallation(ctx, l.client)
	report.Subject = "installation in namespace " + i.Namespace
	for _, next := range l.looks(i) {
		findings, err := next.at(ctx)
		if err != nil {
			findings = append(findings, unknown(next.check, err))
		}
		report.Findings = append(report.Findings, findings...)
	}
	return report, nil
}

func (l looker) looks(i *cluster.Installation) []look {
	var pods corev1.PodList
	return []look{
		{definitionCheck, func(ctx context.Context) ([]Finding, error) {
			definition, err := readDefinition(ctx, l.client)
			if err != nil {
				return nil, err
			}
			return definitionFindings(definition), nil
		}},
		{"webhooks", func(context.Context) ([]Finding, error) { return webhookFindings(i, l.now), nil }},
		{"replicas", func(ctx context.Context) ([]Finding, error) {
			err := l.client.List(ctx, &pods, client.InNamespace(i.Namespace), client.MatchingLabels{"app.kubernetes.io/part-of": "pod-identity"})
			return replicaFindings(i, pods.Items), wrap(err, "list the pods of namespace "+i.Namespace)
		}},
		{"leader", func(ctx context.Context) ([]Finding, error) {
			lease, err := get(ctx, l.client, client.ObjectKey{Namespace: i.Namespace, Name: i.Config.Lease}, &coordinationv1.Lease{})
			if err != nil {
				return nil, wrap(err, "read the Lease of the webhook")
			}
			return leaderFindings(i, lease, pods.Items, l.now), nil
		}},
		{"rights", func(ctx context.Context) ([]Finding, error) {
			var all []Finding
			for _, of := range actors(i) {
				missing, err := missingRights(ctx, l.client, i.Namespace, of)
				if err != nil {
					return all, err
				}
				all = append(all, rightFindings(of.title, missing, i.Namespace)...)
			}
			return all, nil
		}},
		{"policies", func(ctx context.Context) ([]Finding, error) { return l.policies(ctx, i) }},
		{"auth service", func(ctx context.Context) ([]Finding, error) { return l.auth(ctx, i, pods.Items) }},
		{"issuer", func(ctx context.Context) ([]Finding, error) { return l.issuer(ctx, i), nil }},
		{"pods", func(ctx context.Context) ([]Finding, error) { return l.fleet(ctx, i) }},
	}
}

// get is nil, without an error, where there is no such object.
func get[T client.Object](ctx context.Context, c client.Reader, key client.ObjectKey, into T) (found T, err error) {
	err = c.Get(ctx, key, into)
	if err == nil {
		return into, nil
	}
	return found, client.IgnoreNotFound(err)
}

func wrap(err error, what string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (l looker) policies(ctx context.Context, i *cluster.Installation) ([]Finding, error) {
	found := map[string]*admissionregistrationv1.ValidatingAdmissionPolicy{}
	bindings := map[string]*admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
	var errs []error
	for _, name := range policies() {
		policy, err := get(ctx, l.client, client.ObjectKey{Name: name}, &admissionregistrationv1.ValidatingAdmissionPolicy{})
		errs = append(errs, wrap(err, "read ValidatingAdmissionPolicy "+name))
		binding, err := get(ctx, l.client, client.ObjectKey{Name: name}, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{})
		errs = append(errs, wrap(err, "read ValidatingAdmissionPolicyBinding "+name))
		found[name], bindings[name] = policy, binding
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return policyFindings(found, bindings, i.Namespace), nil
}

// fleet looks at the identities, and at all injected pods.
func (l looker) fleet(ctx context.Context, i *cluster.Installation) ([]Finding, error) {
	identities, err := cluster.ReadIdentities(ctx, l.client, "", i.Config.Annotations())
	if apierrors.IsNotFound(err) {
		return nil, nil // definition has said so
	}
	if err != nil {
		return nil, err
	}
	all := append(associationFindings(identities, l.now), boundsFindings(identities.Index)...)
	var f fleet
	err = cluster.EachInjected(ctx, l.client, "", func(pod *corev1.Pod) { f.add(pod, identities, l.now) })
	if err != nil {
		return all, err
	}
	all = append(all, fleetFindings(f, i)...)
	labels, err := l.namespaces(ctx, i, identities)
	if err != nil {
		return all, err
	}
	return append(all, namespaceFindings(labels)...), nil
}
