// Package convert turns associations of EKS and of ACK, and the annotations of IRSA, into ours, and ours into those of EKS and ACK.
package convert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// item is one association, wherever it comes from.
type item struct {
	// source names it in sentences, such as "EKS association a-123".
	source string
	// name is that of the object that it becomes.
	name string
	// created orders the associations that select the same; RFC 3339.
	created string
	cluster string
	spec    v1alpha1.PodIdentityAssociationSpec
	// tags are tags of AWS or labels of Kubernetes.
	tags map[string]string
}

// age is in order of age, where what was never created is the youngest.
func (i item) age() string { return cmp.Or(i.created, "never") }

// Result is what became of the input.
type Result struct {
	items []item
	// Lost are sentences about what the converted associations do not say any more.
	Lost []string
	// Refused are sentences about what was not converted at all.
	Refused []string
}

func (r *Result) lose(source string, sentences ...string) {
	for _, sentence := range sentences {
		r.Lost = append(r.Lost, source+": "+sentence)
	}
}

func (r *Result) refuse(source, format string, arguments ...any) {
	r.Refused = append(r.Refused, source+" is not converted: "+fmt.Sprintf(format, arguments...))
}

// add takes an item that has all that an association needs, from fields that could be read: one that restricts must not be lost.
func (r *Result) add(i item, from ...*fields) {
	for _, f := range from {
		r.lose(i.source, f.left()...)
	}
	var problems []string
	for _, f := range from {
		problems = append(problems, f.problems...)
	}
	if len(problems) > 0 {
		r.refuse(i.source, "%s", strings.Join(problems, ", "))
		return
	}
	var missing []string
	for _, field := range []struct{ name, value string }{{"namespace", i.spec.Namespace}, {"service account", i.spec.ServiceAccount}, {"role", i.spec.RoleARN}} {
		if field.value == "" {
			missing = append(missing, field.name)
		}
	}
	if len(missing) > 0 {
		r.refuse(i.source, "it names no %s", strings.Join(missing, " and no "))
		return
	}
	r.items = append(r.items, i)
}

// ours are the objects of podidentity.dev. Tags that are no labels are lost.
func (r *Result) ours() []any {
	var objects []any
	names := map[string]string{}
	for _, i := range r.items {
		if problems := validation.IsDNS1123Subdomain(i.name); len(problems) > 0 {
			r.refuse(i.source, "%q cannot be its name: %s", i.name, problems[0])
			continue
		}
		if other, taken := names[i.name]; taken {
			r.refuse(i.source, "it would have the name %s, as %s has: convert them apart, and rename one", i.name, other)
			continue
		}
		names[i.name] = i.source
		metadata := map[string]any{"name": i.name}
		if labels := r.labels(i); len(labels) > 0 {
			metadata["labels"] = labels
		}
		objects = append(objects, map[string]any{
			"apiVersion": v1alpha1.GroupVersion().String(), "kind": "PodIdentityAssociation", "metadata": metadata, "spec": i.spec,
		})
	}
	return objects
}

func (r *Result) labels(i item) map[string]string {
	labels := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(i.tags)) {
		if problems := slices.Concat(validation.IsQualifiedName(key), validation.IsValidLabelValue(i.tags[key])); len(problems) > 0 {
			r.lose(i.source, fmt.Sprintf("the tag %s=%s is left out, because it cannot be a label", key, i.tags[key]))
			continue
		}
		labels[key] = i.tags[key]
	}
	return labels
}

// forEKS are the items that EKS can have: one for a service account, and none with a pattern. What EKS does not know is lost.
func (r *Result) forEKS(target string) []item {
	slices.SortStableFunc(r.items, func(a, b item) int { return cmp.Or(cmp.Compare(a.age(), b.age()), cmp.Compare(a.name, b.name)) })
	var items []item
	selected := map[[2]string]string{}
	for _, i := range r.items {
		selector := [2]string{i.spec.Namespace, i.spec.ServiceAccount}
		if strings.Contains(i.spec.Namespace+i.spec.ServiceAccount, "*") {
			r.refuse(i.source, "%s has no *: write one association for each service account", target)
			continue
		}
		if i.spec.Container != "" {
			r.refuse(i.source, "%s has no associations for containers: all containers of a pod have one role there", target)
			continue
		}
		if other, taken := selected[selector]; taken {
			r.refuse(i.source, "%s has one association for a service account, and %s is older", target, other)
			continue
		}
		selected[selector] = i.source
		if i.spec.SessionDuration != "" {
			r.lose(i.source, fmt.Sprintf("the sessionDuration %s is left out, because EKS gives 6 hours", i.spec.SessionDuration))
		}
		if i.spec.ExternalID != "" {
			r.lose(i.source, fmt.Sprintf("the externalID %s is left out, because EKS chooses its own: the target role has to trust that one", i.spec.ExternalID))
		}
		if i.spec.SourceIdentity != "" {
			r.lose(i.source, fmt.Sprintf("the sourceIdentity %s is left out, because EKS sends none", i.spec.SourceIdentity))
		}
		if len(i.spec.TagLabels) > 0 {
			r.lose(i.source, fmt.Sprintf("the tagLabels %s are left out, because EKS sends its own session tags alone", strings.Join(i.spec.TagLabels, ", ")))
		}
		i.tags = r.awsTags(i)
		items = append(items, i)
	}
	return items
}

// Limits of tags (EKS user guide, "Tag restrictions").
const (
	maxTagKey = 128
	awsPrefix = "aws:"
)

func (r *Result) awsTags(i item) map[string]string {
	tags := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(i.tags)) {
		if len(key) > maxTagKey || strings.HasPrefix(strings.ToLower(key), awsPrefix) {
			r.lose(i.source, fmt.Sprintf("the label %s is left out, because it cannot be the key of a tag", key))
			continue
		}
		tags[key] = i.tags[key]
	}
	if len(tags) == 0 {
		return nil
	}
	return tags
}
