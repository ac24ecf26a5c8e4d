package admission

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// fixtures are reviews of all pods in the fixtures of webhook/inject.
func fixtures(t testing.TB) (bodies []string) {
	t.Helper()
	files, err := filepath.Glob("../inject/testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range txtar.Parse(content).Files {
			if text, err := yaml.YAMLToJSON(part.Data); err == nil && strings.Contains(string(text), `"Pod"`) {
				bodies = append(bodies, wrap(string(text)))
			}
		}
	}
	if len(bodies) < len(files) {
		t.Fatalf("only %d pods in %d fixtures", len(bodies), len(files))
	}
	return bodies
}

func wrap(pod string) string {
	return `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","request":{"uid":"u","namespace":"n","object":` + pod + `,"oldObject":null}}`
}

// decodesAsTheAPIServer fails if a review is decoded otherwise than by the API server's own decoder.
func decodesAsTheAPIServer(t *testing.T, body []byte) {
	t.Helper()
	var want review
	if err := kjson.UnmarshalCaseSensitivePreserveInts(body, &want); err != nil {
		return // We may accept more than that one.
	}
	got, err := decode(body)
	if err != nil {
		t.Fatalf("the API server's decoder reads it: %v", err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v\nthe API server's decoder %+v", got.Request, want.Request)
	}
}

func TestReviewsAreDecodedAsByTheAPIServer(t *testing.T) {
	for _, body := range fixtures(t) {
		decodesAsTheAPIServer(t, []byte(body))
	}
	for name, pod := range map[string]string{
		"null in every place":               `{"metadata":null,"spec":{"containers":null,"os":null,"nodeSelector":null,"initContainers":[null]},"status":null}`,
		"field names in another case":       `{"Metadata":{"name":"x"},"spec":{"Containers":[{"name":"c"}],"HOSTNETWORK":true}}`,
		"quantities as numbers and strings": `{"spec":{"containers":[{"resources":{"limits":{"cpu":1,"memory":"1Gi","x":1.5},"requests":{"cpu":"100m"}}}]}}`,
		"ports as numbers and names":        `{"spec":{"containers":[{"livenessProbe":{"httpGet":{"port":"http"}}},{"livenessProbe":{"httpGet":{"port":80}}}]}}`,
		"duplicate fields":                  `{"spec":{"containers":[{"name":"a"},{"name":"b"}],"containers":[{"image":"c"}]},"spec":{"hostNetwork":true}}`,
		"duplicate fields, then null":       `{"metadata":{"name":"x","labels":{"a":"b"}},"metadata":{"name":null,"labels":null},"spec":{"nodeName":"a","hostNetwork":true,"nodeName":null,"hostNetwork":null}}`,
		"duplicate maps":                    `{"metadata":{"labels":{"a":"1","b":"2"}},"metadata":{"labels":{"b":"3","b":"4"}}}`,
		"duplicate pointers":                `{"spec":{"securityContext":{"runAsUser":1},"securityContext":{"runAsGroup":2},"terminationGracePeriodSeconds":1,"terminationGracePeriodSeconds":null}}`,
		"a shorter list after a longer":     `{"spec":{"containers":[{"name":"a","env":[{"name":"A"},{"name":"B"}]},{"name":"b"}],"containers":[{"env":[{"value":"x"}]}],"containers":[{},{}]}}`,
		"duplicate quantities":              `{"spec":{"containers":[{"resources":{"limits":{"cpu":"1","cpu":"2"},"limits":{"memory":"1Gi"}}}]}}`,
		"times":                             `{"metadata":{"creationTimestamp":"2026-01-02T03:04:05Z","deletionTimestamp":null,"managedFields":[{"fieldsV1":{"f:spec":{}}}]}}`,
		"empty lists and objects":           `{"metadata":{"labels":{}},"spec":{"containers":[],"volumes":[{}],"securityContext":{}}}`,
		"invalid text":                      "{\"spec\":{\"nodeName\":\"\xff\\ud800\\u0000\"}}",
	} {
		t.Run(name, func(t *testing.T) { decodesAsTheAPIServer(t, []byte(wrap(pod))) })
	}
}

func FuzzReview(f *testing.F) {
	for _, body := range fixtures(f) {
		f.Add([]byte(body))
	}
	f.Fuzz(decodesAsTheAPIServer)
}
