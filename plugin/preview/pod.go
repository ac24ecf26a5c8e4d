package preview

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	strictjson "sigs.k8s.io/json"
)

// podPath is the path from an object to its pod, or to the template of its pods; ok is false if it has neither.
func podPath(o object) (path []string, ok bool) {
	switch {
	case o.is("", "Pod"):
		return nil, true
	case o.is("apps", o.GetKind()) && slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"}, o.GetKind()),
		o.is("batch", "Job"):
		return []string{"spec", "template"}, true
	case o.is("batch", "CronJob"):
		return []string{"spec", "jobTemplate", "spec", "template"}, true
	}
	return nil, false
}

// podOf reads the pod, or the template, at path. hasMetadata reports whether there is an object for labels and annotations:
// the API server adds one to every pod before it calls the webhook, but not to templates.
func podOf(o object, path []string) (pod *corev1.Pod, hasMetadata bool, err error) {
	raw := o.raw
	for i, field := range path {
		fields, err := fieldsOf(raw)
		if err != nil || fields[field] == nil {
			return nil, false, fmt.Errorf("it has no %s: add it, or remove the object", strings.Join(path[:i+1], "."))
		}
		raw = fields[field]
	}
	pod = new(corev1.Pod)
	if err := decode(raw, pod); err != nil {
		return nil, false, fmt.Errorf("its pod: %w", err)
	}
	if err := checkContainers(pod, path); err != nil {
		return nil, false, err
	}
	if pod.Spec.ServiceAccountName == "" {
		// The API server does the same before it calls the webhook.
		pod.Spec.ServiceAccountName = pod.Spec.DeprecatedServiceAccount
	}
	fields, err := fieldsOf(raw)
	return pod, fields["metadata"] != nil, err
}

// checkContainers refuses what the API server would refuse after it has called the webhook.
func checkContainers(pod *corev1.Pod, path []string) error {
	if len(pod.Spec.Containers) == 0 {
		return fmt.Errorf("its pod has no container: add one to %s", strings.Join(append(path, "spec", "containers"), "."))
	}
	nameless := func(c corev1.Container) bool { return c.Name == "" }
	if slices.ContainsFunc(pod.Spec.Containers, nameless) || slices.ContainsFunc(pod.Spec.InitContainers, nameless) {
		return errors.New("its pod has a container without a name: give it one")
	}
	return nil
}

// fieldsOf leaves out fields that are null, which Kubernetes treats as absent.
func fieldsOf(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var fields map[string]json.RawMessage
	err := strictjson.UnmarshalCaseSensitivePreserveInts(raw, &fields)
	for field, value := range fields {
		if string(value) == "null" {
			delete(fields, field)
		}
	}
	return fields, err
}
