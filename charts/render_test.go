// Package charts_test checks the chart against manifests/ and against the flags of the product.
package charts_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the golden files, and the flags of the schema")

const chart = "pod-identity"

// render renders the chart as `helm template` does, without what only `helm test` creates.
func render(t *testing.T, namespace string, values object) (objects []object, err error) {
	t.Helper()
	loaded, err := loader.Load(chart)
	if err != nil {
		t.Fatal(err)
	}
	all, err := util.ToRenderValues(loaded, values, common.ReleaseOptions{Name: "pod-identity", Namespace: namespace, IsInstall: true}, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Render(loaded, all)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if filepath.Ext(name) == ".yaml" && !strings.Contains(name, "/tests/") {
			objects = append(objects, documents(t, files[name])...)
		}
	}
	return objects, nil
}

// documents parses the objects of a file, and leaves empty documents out.
func documents(t *testing.T, file string) (objects []object) {
	t.Helper()
	for document := range strings.SplitSeq("\n"+file, "\n---") {
		var parsed object
		if err := yaml.UnmarshalStrict([]byte(document), &parsed); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if len(parsed) > 0 {
			objects = append(objects, parsed)
		}
	}
	return objects
}

// valuesOf reads a file of values.
func valuesOf(t *testing.T, file string) (values object) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, &values); err != nil {
		t.Fatal(err)
	}
	return values
}
