package convert

import (
	"fmt"
	"maps"
	"slices"
)

// ackGroup is the API group of ACK's controller of EKS; what it names is in the CRD of aws-controllers-k8s/eks-controller.
const ackGroup = "eks.services.k8s.aws"

func (r *Result) readACK(document map[string]any) {
	object := newFields(document)
	i := item{source: "ACK PodIdentityAssociation " + nameOf(document), name: globalName(document)}
	object.drop("apiVersion", "kind")
	metadata := r.readMetadata(&i, object)
	labels := i.tags
	spec := newFields(object.object("spec"))
	i.spec = readSpec(spec)
	i.tags = spec.texts("tags")
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if other, taken := i.tags[key]; taken && other != labels[key] {
			r.lose(i.source, fmt.Sprintf("the label %s is left out, because a tag has its name", key))
			continue
		}
		if i.tags == nil {
			i.tags = map[string]string{}
		}
		i.tags[key] = labels[key]
	}
	status := newFields(object.object("status"))
	if externalID := status.text("externalID"); i.spec.TargetRoleARN != "" {
		i.spec.ExternalID = externalID
	}
	i.cluster = spec.text("clusterName")
	spec.drop("clusterRef", "clientRequestToken")
	for _, ref := range []struct{ field, arn string }{{"roleRef", "roleARN"}, {"targetRoleRef", "targetRoleARN"}} {
		if spec.object(ref.field) != nil {
			r.refuse(i.source, "it names its role by %s: write its ARN into %s in place of that", ref.field, ref.arn)
			return
		}
	}
	r.add(i, metadata, object, spec)
}

func (r *Result) toACK(cluster string) []any {
	var objects []any
	for _, i := range r.forEKS("ACK") {
		spec := map[string]any{"clusterName": cluster, "namespace": i.spec.Namespace, "serviceAccount": i.spec.ServiceAccount, "roleARN": i.spec.RoleARN}
		for field, value := range map[string]string{"targetRoleARN": i.spec.TargetRoleARN, "policy": i.spec.Policy} {
			if value != "" {
				spec[field] = value
			}
		}
		if i.spec.DisableSessionTags {
			spec["disableSessionTags"] = true
		}
		if i.tags != nil {
			spec["tags"] = i.tags
		}
		objects = append(objects, map[string]any{
			"apiVersion": ackGroup + "/v1alpha1", "kind": "PodIdentityAssociation", "metadata": map[string]any{"name": i.name}, "spec": spec,
		})
	}
	return objects
}
