package inject_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/podidentity/podidentity/contract"
)

type object = map[string]any

// unchanged fails if anything but what is ours differs between before and after. It removes what is ours from both, without
// asking the code under test, and compares the rest value by value, to the last digit.
func unchanged(t testing.TB, before, after []byte) {
	t.Helper()
	was, is := values(t, before), values(t, after)
	removeOurs(was, is)
	if !reflect.DeepEqual(was, is) {
		t.Errorf("what is not ours has changed; before\n%s\nafter\n%s", text(t, was), text(t, is))
	}
}

// removeOurs removes what is ours from is, where was does not have it.
func removeOurs(was, is object) {
	metadata, had := child(is, "metadata"), child(was, "metadata")
	for _, m := range []object{metadata, had} {
		delete(child(m, "annotations"), contract.AnnotationStatus)
		delete(child(m, "annotations"), contract.AnnotationIdentity)
		delete(child(m, "annotations"), contract.AnnotationAuthCA)
		delete(child(m, "labels"), contract.LabelInjected)
	}
	removeOurVolume(child(had, "annotations"), child(metadata, "annotations"))
	normalizeEmpty(had, metadata, "annotations")
	normalizeEmpty(had, metadata, "labels")
	spec, hadSpec := child(is, "spec"), child(was, "spec")
	removeOurItems(hadSpec, spec, "volumes", "name", contract.VolumeName, contract.AuthorizationVolumeName, contract.WebIdentityVolumeName)
	removeOurItems(hadSpec, spec, "initContainers", "name", contract.ContainerName)
	for _, kind := range []string{"containers", "initContainers", "ephemeralContainers"} {
		old := items(hadSpec, kind)
		for i, container := range items(spec, kind) {
			if i < len(old) {
				removeOursFromContainer(old[i], container)
			}
		}
	}
}

// removeOurVolume removes what we appended to the list of volumes that Cluster Autoscaler may evict.
func removeOurVolume(was, is object) {
	const annotation = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
	list, _ := was[annotation].(string)
	if is[annotation] == strings.TrimPrefix(list+","+contract.AuthorizationVolumeName, ",") {
		is[annotation] = list
	}
	normalizeEmpty(was, is, annotation)
}

func removeOursFromContainer(was, is object) {
	if was["name"] == contract.ContainerName {
		for _, probe := range []string{"livenessProbe", "readinessProbe"} {
			delete(was, probe)
			delete(is, probe)
		}
		for _, c := range []object{was, is} {
			env, _ := c["env"].([]any)
			c["env"] = slices.DeleteFunc(env, func(item any) bool {
				variable, _ := item.(object)
				return variable["name"] == contract.EnvContainers || variable["name"] == contract.EnvSkippedContainers
			})
		}
	}
	removeCopiedToken(was, is)
	removeOurItems(was, is, "volumeMounts", "mountPath", contract.AuthorizationMountPath, contract.WebIdentityMountPath)
	for _, c := range []object{was, is} {
		for _, mount := range items(c, "volumeMounts") {
			if mount["name"] == contract.AuthorizationVolumeName && mount["mountPath"] == contract.AuthorizationMountPath {
				// Of a container with another name, or of an older version.
				delete(mount, "subPath")
				mount["readOnly"] = true
			}
		}
	}
	old := items(was, "env")
	for i, variable := range items(is, "env") {
		// What we appended to NO_PROXY.
		if i < len(old) && strings.EqualFold(name(variable), "no_proxy") && old[i]["value"] != variable["value"] {
			list, _ := old[i]["value"].(string)
			if variable["value"] == strings.TrimPrefix(list+",127.0.0.1", ",") {
				variable["value"] = old[i]["value"]
				normalizeEmpty(old[i], variable, "value")
			}
		}
	}
	removeOurItems(was, is, "env", "name", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED", "NO_PROXY", "no_proxy",
		"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME", "AWS_ENDPOINT_URL_STS")
}

// removeCopiedToken removes what we put in place of a token that was copied from another container, together with the mount of its folder.
func removeCopiedToken(was, is object) {
	copied := slices.ContainsFunc(items(was, "volumeMounts"), func(mount object) bool {
		folder, _ := mount["subPath"].(string)
		return mount["mountPath"] == contract.AuthorizationMountPath && folder != "" && folder != contract.AuthorizationFolder(name(was))
	})
	old := items(was, "env")
	for i, variable := range items(is, "env") {
		text, _ := variable["value"].(string)
		if copied && i < len(old) && name(variable) == contract.EnvAuthorizationToken && len(text) == len(contract.ContainerToken("", "")) {
			variable["value"] = old[i]["value"]
		}
	}
}

// removeOurItems removes our items from a list, where the list did not have them before.
func removeOurItems(was, is object, list, key string, ours ...string) {
	for _, name := range ours {
		of := func(item any) bool { o, ok := item.(object); return ok && o[key] == name }
		old, _ := was[list].([]any)
		if all, ok := is[list].([]any); ok && !slices.ContainsFunc(old, of) {
			is[list] = slices.DeleteFunc(all, of)
		}
	}
	normalizeEmpty(was, is, list)
}

// normalizeEmpty deletes a value that is null or empty, so that these equal an absent one.
func normalizeEmpty(was, is object, key string) {
	for _, o := range []object{was, is} {
		switch value := o[key].(type) {
		case nil:
			delete(o, key)
		case string:
			deleteIf(o, key, value == "")
		case []any:
			deleteIf(o, key, len(value) == 0)
		case object:
			deleteIf(o, key, len(value) == 0)
		}
	}
}

func deleteIf(o object, key string, empty bool) {
	if empty {
		delete(o, key)
	}
}

func child(o object, key string) object {
	inner, _ := o[key].(object)
	return inner
}

func items(o object, key string) []object {
	list, _ := o[key].([]any)
	all := make([]object, len(list))
	for i, item := range list {
		all[i], _ = item.(object)
	}
	return all
}

func name(o object) string {
	text, _ := o["name"].(string)
	return text
}

func values(t testing.TB, raw []byte) object {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var all object
	if err := decoder.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

func text(t testing.TB, value any) string {
	t.Helper()
	b, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
