package convert

import (
	"fmt"
	"strings"
)

// readEKS reads what `aws eks` prints: the answer to list or to describe, an association of it, or a request to create one
// (EKS API reference, PodIdentityAssociation and CreatePodIdentityAssociation).
func (r *Result) readEKS(document map[string]any, described map[string]bool, listed *[]string) {
	if all, is := document["associations"].([]any); is {
		for _, element := range all {
			summary, _ := element.(map[string]any)
			id, _ := summary["associationId"].(string)
			*listed = append(*listed, id)
		}
		return
	}
	if inner, is := document["association"].(map[string]any); is {
		document = inner
	}
	a := newFields(document)
	id := a.text("associationId")
	described[id] = true
	i := item{source: "EKS association " + id, name: strings.ToLower(id), cluster: a.text("clusterName"), tags: a.texts("tags")}
	i.spec.Namespace, i.spec.ServiceAccount = a.text("namespace"), a.text("serviceAccount")
	i.spec.RoleARN, i.spec.TargetRoleARN = a.text("roleArn"), a.text("targetRoleArn")
	i.spec.DisableSessionTags, i.spec.Policy = a.boolean("disableSessionTags"), a.text("policy")
	if id == "" {
		i.name = i.spec.Namespace + "." + i.spec.ServiceAccount
		i.source = fmt.Sprintf("EKS association of %s/%s", i.spec.Namespace, i.spec.ServiceAccount)
	}
	// EKS has one for every association; it is sent with the assumption of a target alone.
	if externalID := a.text("externalId"); i.spec.TargetRoleARN != "" {
		i.spec.ExternalID = externalID
	}
	if owner := a.text("ownerArn"); owner != "" {
		r.lose(i.source, fmt.Sprintf("%s owns it, and goes on writing the one of EKS", owner))
	}
	a.drop("associationArn", "createdAt", "modifiedAt", "clientRequestToken")
	r.add(i, a)
}

// request is what CreatePodIdentityAssociation takes.
type request struct {
	ClusterName        string            `json:"clusterName"`
	Namespace          string            `json:"namespace"`
	ServiceAccount     string            `json:"serviceAccount"`
	RoleARN            string            `json:"roleArn"`
	TargetRoleARN      string            `json:"targetRoleArn,omitempty"`
	DisableSessionTags bool              `json:"disableSessionTags,omitempty"`
	Policy             string            `json:"policy,omitempty"`
	Tags               map[string]string `json:"tags,omitempty"`
}

func (r *Result) toEKS(cluster string) []any {
	var requests []any
	for _, i := range r.forEKS("EKS") {
		requests = append(requests, request{
			ClusterName: cluster, Namespace: i.spec.Namespace, ServiceAccount: i.spec.ServiceAccount,
			RoleARN: i.spec.RoleARN, TargetRoleARN: i.spec.TargetRoleARN, DisableSessionTags: i.spec.DisableSessionTags, Policy: i.spec.Policy, Tags: i.tags,
		})
	}
	return requests
}
