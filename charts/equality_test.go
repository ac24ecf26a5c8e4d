package charts_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const manifests = "../manifests"

// The auth service of manifests/auth is a part of both overlays that have auth in their names.
func TestTheChartRendersWhatTheManifestsAre(t *testing.T) {
	for kustomization, test := range map[string]struct{ values, namespace string }{
		"base":                  {"", "pod-identity"},
		"overlays/auth":         {"auth.yaml", "pod-identity"},
		"overlays/cert-manager": {"cert-manager.yaml", "pod-identity"},
		"overlays/demo":         {"demo.yaml", "pod-identity"},
		"overlays/demo-auth":    {"demo-auth.yaml", "pod-identity"},
		"overlays/namespace":    {"namespace.yaml", "aws-identity"},
		"overlays/policies":     {"policies.yaml", "pod-identity"},
	} {
		t.Run(kustomization, func(t *testing.T) {
			values := object{}
			if test.values != "" {
				values = valuesOf(t, filepath.Join("testdata", "overlays", test.values))
			}
			want := byName(t, kustomized(t, kustomization))
			compare(t, rendered(t, test.namespace, values), withoutNamespace(want))

			values["namespace"] = object{"create": true}
			compare(t, rendered(t, test.namespace, values), want)
		})
	}
}

func TestEachOverlayHasItsValues(t *testing.T) {
	overlays, err := filepath.Glob(filepath.Join(manifests, "overlays", "*"))
	if err != nil || len(overlays) == 0 {
		t.Fatal(overlays, err)
	}
	files, err := filepath.Glob(filepath.Join("testdata", "overlays", "*"))
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, overlay := range overlays {
		want = append(want, filepath.Base(overlay)+".yaml")
	}
	for _, file := range files {
		got = append(got, filepath.Base(file))
	}
	slices.Sort(want)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("there are values for %v, and overlays for %v", got, want)
	}
}

func rendered(t *testing.T, namespace string, values object) map[string]object {
	t.Helper()
	objects, err := render(t, namespace, values)
	if err != nil {
		t.Fatal(err)
	}
	return byName(t, objects)
}

func kustomized(t *testing.T, directory string) (objects []object) {
	t.Helper()
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(manifests, filepath.FromSlash(directory)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := built.AsYaml()
	if err != nil {
		t.Fatal(err)
	}
	return documents(t, string(text))
}

// byName has each object under its kind and name, with its flags in an order of their own.
func byName(t *testing.T, objects []object) map[string]object {
	t.Helper()
	named := map[string]object{}
	for _, each := range objects {
		metadata, ok := each["metadata"].(object)
		if !ok {
			t.Fatalf("no metadata: %v", each)
		}
		name := fmt.Sprint(each["kind"], " ", metadata["name"])
		if named[name] != nil {
			t.Errorf("there are two %s", name)
		}
		named[name] = each
		if each["kind"] == "Deployment" {
			sortFlags(t, each)
		}
	}
	return named
}

// sortFlags replaces the arguments by what the process makes of them: of a flag that is given twice the last counts, and an empty
// one is as none.
func sortFlags(t *testing.T, deployment object) {
	t.Helper()
	container := container(deployment)
	flags := map[string]string{}
	for _, argument := range container["args"].([]any) {
		name, value, found := strings.Cut(argument.(string), "=")
		if !found {
			t.Errorf("%s has no value", argument)
		}
		flags[name] = value
	}
	maps.DeleteFunc(flags, func(_, value string) bool { return value == "" })
	container["args"] = flags
}

func container(deployment object) object {
	return deployment["spec"].(object)["template"].(object)["spec"].(object)["containers"].([]any)[0].(object)
}

func withoutNamespace(objects map[string]object) map[string]object {
	left := maps.Clone(objects)
	maps.DeleteFunc(left, func(name string, _ object) bool { return strings.HasPrefix(name, "Namespace ") })
	return left
}

// compare tells each object that differs. The one difference that is wanted is that Helm keeps the CRD.
func compare(t *testing.T, got, want map[string]object) {
	t.Helper()
	const crd = "CustomResourceDefinition podidentityassociations.podidentity.dev"
	if annotations := got[crd]["metadata"].(object)["annotations"].(object); annotations["helm.sh/resource-policy"] != "keep" {
		t.Errorf("Helm would delete the CRD, and with it every association: %v", annotations)
	} else {
		delete(annotations, "helm.sh/resource-policy")
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] == nil {
			t.Errorf("the chart lacks %s", name)
		} else if !reflect.DeepEqual(got[name], want[name]) {
			t.Errorf("the chart has another %s: got\n%s\nwant\n%s", name, text(t, got[name]), text(t, want[name]))
		}
	}
	for name := range got {
		if want[name] == nil {
			t.Errorf("the manifests lack %s", name)
		}
	}
}

func text(t *testing.T, value any) string {
	t.Helper()
	out, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
