package convert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
)

// readAhead is how much of a text decides whether it is JSON or YAML.
const readAhead = 4096

// Parse reads documents in JSON or YAML, one after the other: answers of `aws eks`, and objects of Kubernetes or lists of them.
func Parse(text []byte) ([]map[string]any, error) {
	var all []map[string]any
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(text), readAhead)
	for {
		var document map[string]any
		err := decoder.Decode(&document)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("document %d is no object in JSON or YAML: %w", len(all)+1, err)
		}
		if len(document) > 0 {
			all = append(all, document)
		}
	}
}

// Read understands the documents.
func Read(documents []map[string]any) *Result {
	r := &Result{}
	described := map[string]bool{}
	var listed []string
	for _, document := range documents {
		r.read(document, described, &listed)
	}
	for _, id := range listed {
		if !described[id] {
			r.refuse("EKS association "+id, "a list does not have its role: give what `aws eks describe-pod-identity-association --cluster-name CLUSTER --association-id %s` prints", id)
		}
	}
	return r
}

func (r *Result) read(document map[string]any, described map[string]bool, listed *[]string) {
	version, _ := document["apiVersion"].(string)
	kind, _ := document["kind"].(string)
	group, _, _ := strings.Cut(version, "/")
	if items, is := document["items"].([]any); is && strings.HasSuffix(kind, "List") {
		for _, element := range items {
			if object, is := element.(map[string]any); is {
				r.read(object, described, listed)
			} else {
				r.refuse("an element of a "+kind, "it is no object")
			}
		}
		return
	}
	switch {
	case group == v1alpha1.GroupVersion().Group && kind == "PodIdentityAssociation":
		r.readOurs(document)
	case group == ackGroup && kind == "PodIdentityAssociation":
		r.readACK(document)
	case version == "v1" && kind == "ServiceAccount":
		r.readServiceAccount(document)
	case version != "" || kind != "":
		r.refuse(strings.TrimSpace(kind+" "+nameOf(document)), "it is neither an association nor a ServiceAccount")
	default:
		r.readEKS(document, described, listed)
	}
}

func nameOf(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	namespace, _ := metadata["namespace"].(string)
	if namespace != "" {
		return namespace + "/" + name
	}
	return name
}

// globalName is the name of a cluster-scoped object for one of a namespace. No namespace has a dot, so that no two share one.
func globalName(object map[string]any) string { return strings.ReplaceAll(nameOf(object), "/", ".") }

// readMetadata takes labels, and says which annotations are left out.
func (r *Result) readMetadata(i *item, object *fields) *fields {
	metadata := newFields(object.object("metadata"))
	i.created = metadata.text("creationTimestamp")
	i.tags = metadata.texts("labels")
	annotations := metadata.texts("annotations")
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if key != "kubectl.kubernetes.io/last-applied-configuration" {
			r.lose(i.source, fmt.Sprintf("the annotation %s is left out", key))
		}
	}
	metadata.drop("name", "namespace", "uid", "resourceVersion", "generation", "managedFields", "selfLink", "finalizers", "ownerReferences", "generateName", "deletionTimestamp", "deletionGracePeriodSeconds")
	return metadata
}

func (r *Result) readOurs(document map[string]any) {
	object := newFields(document)
	i := item{source: "PodIdentityAssociation " + nameOf(document), name: nameOf(document)}
	object.drop("apiVersion", "kind", "status")
	metadata := r.readMetadata(&i, object)
	spec := newFields(object.object("spec"))
	i.spec = readSpec(spec)
	i.spec.Container = spec.text("container")
	i.spec.ExternalID = spec.text("externalID")
	i.spec.SessionDuration = spec.text("sessionDuration")
	i.spec.SourceIdentity, i.spec.TagLabels = spec.text("sourceIdentity"), spec.list("tagLabels")
	r.add(i, metadata, object, spec)
}

// readSpec reads what ACK has under the same names.
func readSpec(spec *fields) v1alpha1.PodIdentityAssociationSpec {
	return v1alpha1.PodIdentityAssociationSpec{
		Namespace: spec.text("namespace"), ServiceAccount: spec.text("serviceAccount"),
		RoleARN: spec.text("roleARN"), TargetRoleARN: spec.text("targetRoleARN"),
		DisableSessionTags: spec.boolean("disableSessionTags"), Policy: spec.text("policy"),
	}
}

// readServiceAccount reads the annotation of IRSA (aws/amazon-eks-pod-identity-webhook, README).
func (r *Result) readServiceAccount(document map[string]any) {
	source := "ServiceAccount " + nameOf(document)
	metadata, _ := document["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	role, is := annotations[contract.AnnotationRoleARN].(string)
	if !is {
		return // it has no role, and nothing is lost
	}
	if chosen, both := annotations[contract.AnnotationRole].(string); both && chosen != role {
		r.refuse(source, "its annotation %s names another role than that of IRSA, and counts in its place where the namespace has bounds: remove one of the two", contract.AnnotationRole)
		return
	}
	name, _ := metadata["name"].(string)
	namespace, _ := metadata["namespace"].(string)
	for _, key := range []string{"audience", "token-expiration", "sts-regional-endpoints"} {
		if value, is := annotations["eks.amazonaws.com/"+key].(string); is {
			r.lose(source, fmt.Sprintf("the annotation eks.amazonaws.com/%s: %s is left out, because it is a setting of the installation", key, value))
		}
	}
	r.add(item{source: source, name: globalName(document), spec: v1alpha1.PodIdentityAssociationSpec{Namespace: namespace, ServiceAccount: name, RoleARN: role}})
}
