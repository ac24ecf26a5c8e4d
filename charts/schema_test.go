package charts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func writeJSON(t *testing.T, file string, value any) {
	t.Helper()
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// values of all kinds that somebody may write, good and bad ones for each flag.
func candidates() []any {
	return []any{
		"", "true", "false", "exec", true, false, -1, 0, 1, 80, 1024, 2711, 65535, 65536, 1000000,
		"0", "30", "30s", "1m30s", "90m", "12h", "1d", "-1s", ".5h", "1.5h",
		"web-identity", "eks-auth", "imds", "Always", "IfNotPresent", "Never", "always", "Sometimes",
		"https://auth", "https://auth.pod-identity.svc/path", "https://auth?x=y", "http://minio:9000", "minio:9000", "https://",
		"green", "a/b", "_green", strings.Repeat("g", 100), strings.Repeat("g", 101),
		"arn:aws:eks:eu-central-1:111122223333:cluster/green", "arn:aws:eks:eu-central-1:1:cluster/green", "arn:aws:iam::111122223333:role/pods/*,*", "a,,b", " ",
		"cpu=5m", "cpu=5m,memory=1Mi", "cpu=0.5", "cpu=.5", "cpu=1e-3", "memory=16777216", "cpu", "cpu=", "cpu=0", "cpu=0.0", "cpu=-1", "cpu=5x", "=5m", "cpu=5m,",
		"error", "warning", "info", "debug", "loud",
	}
}

// The schema knows no rules between settings and no lengths of time, for which the program has a sentence when it starts.
func knownAtTheStartOnly(err error) bool {
	return slices.ContainsFunc([]string{"set it to between", "set it to at least", "--guaranteed lacks"}, func(s string) bool { return strings.Contains(err.Error(), s) }) &&
		!strings.Contains(err.Error(), "--help lists")
}

// In short: what the schema refuses the program would refuse too, and what the program cannot read the schema refuses.
func TestTheSchemaTakesWhatTheFlagsTake(t *testing.T) {
	schema := compile(t)
	for path, p := range map[string]program{"settings": webhook(), "auth.settings": auth()} {
		for name := range p.defined(t)["properties"].(object) {
			taken := 0
			for _, value := range candidates() {
				bySchema := schema.Validate(setting(path, name, value))
				byProgram := p.takes(name, value)
				if bySchema == nil {
					taken++
				}
				if bySchema != nil && byProgram == nil && !isOfAnotherType(value, bySchema) {
					t.Errorf("--%s=%v is good, the schema refuses it: %v", name, value, bySchema)
				}
				if bySchema == nil && byProgram != nil && !knownAtTheStartOnly(byProgram) {
					t.Errorf("the schema takes %s of %s: %v, with which the program ends: %v", name, path, value, byProgram)
				}
			}
			if taken == 0 {
				t.Errorf("the schema takes no value of %s in %s", name, path)
			}
		}
	}
}

// isOfAnotherType tells a value that is right as a text and wrong in YAML, such as 2711 for the name of a cluster.
func isOfAnotherType(value any, err error) bool {
	_, isText := value.(string)
	return strings.Contains(err.Error(), ": got ") || !isText && strings.Contains(err.Error(), "value must be one of")
}

// takes is nil where the program starts with this setting and what it needs beside it.
func (p program) takes(name string, value any) (err error) {
	for _, beside := range p.enough {
		var arguments []string
		for _, argument := range append(slices.Clone(beside), "--"+name+"=VALUE") {
			arguments = append(arguments, strings.ReplaceAll(argument, "VALUE", fmt.Sprint(value)))
		}
		if err = p.parse(arguments, io.Discard); err == nil {
			return nil
		}
	}
	return err
}

// setting makes values of one setting at a path such as auth.settings.
func setting(path, name string, value any) object {
	values := object{name: value}
	for _, key := range slices.Backward(strings.Split(path, ".")) {
		values = object{key: values}
	}
	return values
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("values", readSchema(t)); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("values")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestWhatIsUnknownOrMalformedIsRefusedByName(t *testing.T) {
	for sentence, test := range map[string]struct {
		values string
		says   []string
	}{
		"an unknown setting":                      {"settings: {regoin: eu-central-1}", []string{"/settings", "'regoin'"}},
		"an unknown setting of the auth service":  {"auth: {settings: {role: x}}", []string{"/auth/settings", "'role'"}},
		"a malformed setting":                     {"settings: {wait: 30}", []string{"/settings/wait"}},
		"a port that is none":                     {"settings: {port: 80}", []string{"/settings/port", "want 1,024"}},
		"a flag that is the chart's":              {"settings: {image: sidecar}", []string{"/settings", "'image'"}},
		"an unknown value":                        {"replicas: 2", []string{"'replicas'"}},
		"a digest without its algorithm":          {"images: {digests: {webhook: 1111}}", []string{"/images/digests/webhook"}},
		"a pull secret that is a text":            {"images: {pullSecrets: [registry]}", []string{"/images/pullSecrets/0"}},
		"no replica":                              {"webhook: {replicas: 0}", []string{"/webhook/replicas"}},
		"a toleration of nothing":                 {"webhook: {tolerations: [{keys: x}]}", []string{"/webhook/tolerations/0", "'keys'"}},
		"a label that is no text":                 {"webhook: {podLabels: {x: true}}", []string{"/webhook/podLabels/x"}},
		"an auth service without a cluster's ARN": {"{auth: {enabled: true}, settings: {cluster-name: green}}", []string{"auth.settings.cluster-arn is empty"}},
		"an auth service of another cluster": {
			"{auth: {enabled: true, settings: {cluster-arn: 'arn:aws:eks:eu-central-1:111122223333:cluster/blue'}}, settings: {cluster-name: green}}",
			[]string{"cluster-arn", "cluster/green"},
		},
		"credentials of a service without its address": {"settings: {source: eks-auth, cluster-name: green}", []string{"settings.eks-auth-endpoint is empty"}},
		"credentials of a service without a cluster": {
			"settings: {source: eks-auth, eks-auth-endpoint: 'https://eks-auth.eu-central-1.api.aws'}", []string{"settings.cluster-name is empty"},
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			_, err := render(t, "pod-identity", documents(t, test.values)[0])
			for _, says := range test.says {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("the error does not say %s: %v", says, err)
				}
			}
		})
	}
}

func TestTheSchemaHasAllValues(t *testing.T) {
	compareKeys(t, "", valuesOf(t, filepath.Join(chart, "values.yaml")), readSchema(t))
}

// compareKeys compares an object of the values with that of the schema, and all below it.
func compareKeys(t *testing.T, path string, values, schema object) {
	t.Helper()
	properties, fixed := schema["properties"].(object)
	if !fixed {
		return
	}
	for name, property := range properties {
		value, has := values[name]
		if !has && name != "global" {
			t.Errorf("the values lack %s.%s of the schema", path, name)
		}
		if nested, ok := value.(object); ok {
			compareKeys(t, path+"."+name, nested, property.(object))
		}
	}
	for name := range values {
		if properties[name] == nil {
			t.Errorf("the schema lacks %s.%s", path, name)
		}
	}
}
