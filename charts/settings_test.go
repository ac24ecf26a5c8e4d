package charts_test

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	authconfig "github.com/podidentity/podidentity/auth/config"
	webhookconfig "github.com/podidentity/podidentity/webhook/config"
)

// program is one whose flags the chart has as values.
type program struct {
	// definition of its flags in the schema.
	definition string
	parse      func(arguments []string, help io.Writer) error
	// owned are flags that the chart sets itself, since objects of it have what they name.
	owned []string
	// shapes of values that the type of a flag does not tell.
	shapes map[string]object
	// enough are lists of arguments, one of which makes any good VALUE of another argument valid.
	enough [][]string
}

// object is one of JSON.
type object = map[string]any

const (
	quantity = `([0-9]*[1-9][0-9]*(\.[0-9]+)?|0*\.[0-9]*[1-9][0-9]*)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?`
	amounts  = `^[^=,]+=` + quantity + `(,[^=,]+=` + quantity + `)*$`
	url      = `^(https?://[^/?#]+.*)?$`
	cluster  = `[A-Za-z0-9][A-Za-z0-9_-]{0,99}`
)

func levels() object { return object{"enum": []any{"error", "warning", "info", "debug"}} }

func webhook() program {
	return program{
		definition: "webhookSettings",
		parse: func(arguments []string, help io.Writer) error {
			_, err := webhookconfig.Parse(append([]string{"--namespace=pod-identity", "--image=sidecar:v1"}, arguments...), help)
			return err
		},
		owned: []string{"version", "namespace", "image", "listen", "health", "metrics", "services", "webhooks", "lease", "certificate-dir", "ca-secret"},
		shapes: map[string]object{
			"image-pull-policy": {"enum": []any{"", "Always", "IfNotPresent", "Never"}},
			"source":            {"enum": []any{"web-identity", "eks-auth"}},
			"eks-auth-endpoint": {"type": "string", "pattern": `^(https://[^/?#]+[^?#]*)?$`},
			"cluster-name":      {"type": "string", "pattern": "^(" + cluster + ")?$"},
			"sts-endpoint":      {"type": "string", "pattern": url},
			"sts-https-proxy":   {"type": "string", "pattern": url},
			"port":              {"type": "integer", "minimum": 1024, "maximum": 65535},
			"metrics-limit":     {"type": "integer", "minimum": 0},
			// In YAML true is no text.
			"readiness":  {"enum": []any{"true", "exec", "false", true, false}},
			"requests":   {"type": "string", "pattern": amounts},
			"limits":     {"type": "string", "pattern": amounts},
			"guaranteed": {"type": "string", "pattern": amounts},
			"log-level":  levels(),
		},
		enough: [][]string{
			nil, {"--source=eks-auth", "--cluster-name=green", "--eks-auth-endpoint=https://auth"}, {"--cluster-name=green", "--eks-auth-endpoint=https://auth"},
			{"--limits=cpu=1,memory=1Gi"}, {"--requests=ephemeral-storage=1Mi"},
		},
	}
}

func auth() program {
	return program{
		definition: "authSettings",
		parse: func(arguments []string, help io.Writer) error {
			_, err := authconfig.Parse(append([]string{"--namespace=pod-identity"}, arguments...), help)
			return err
		},
		owned: []string{"version", "namespace", "listen", "health", "metrics", "service", "ca-secret", "ca-configmap"},
		shapes: map[string]object{
			"cluster-name": {"type": "string", "pattern": "^" + cluster + "$"},
			"cluster-arn":  {"type": "string", "pattern": "^arn:[a-z0-9-]+:eks:[a-z0-9-]+:[0-9]{12}:cluster/" + cluster + "$"},
			"sts-endpoint": {"type": "string", "pattern": url},
			"sts-rate":     {"type": "integer", "minimum": 1},
			"client-rate":  {"type": "integer", "minimum": 1},
			"roles":        {"type": "string", "pattern": `^[^,]*[^,\s][^,]*(,[^,]*[^,\s][^,]*)*$`},
			"log-level":    levels(),
		},
		enough: [][]string{
			{"--cluster-name=green", "--cluster-arn=arn:aws:eks:eu-central-1:111122223333:cluster/green"},
			{"--cluster-arn=arn:aws:eks:eu-central-1:111122223333:cluster/VALUE"},
		},
	}
}

// helped is a flag in the help that the flag package writes: its name, its type where it is none of the switches, and its usage.
const helped = `(?m)^  -([a-z-]+)(?: (\w+))?\n    \t(.*)$`

// defined is the definition in the schema that the help of the program makes.
func (p program) defined(t *testing.T) object {
	t.Helper()
	var help strings.Builder
	if err := p.parse([]string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) {
		t.Fatalf("--help gave %v", err)
	}
	properties := object{}
	for _, match := range regexp.MustCompile(helped).FindAllStringSubmatch(help.String(), -1) {
		name, kind, usage := match[1], match[2], match[3]
		if slices.Contains(p.owned, name) {
			continue
		}
		shape := map[string]object{
			"":         {"type": "boolean"},
			"int":      {"type": "integer"},
			"string":   {"type": "string"},
			"duration": {"type": "string", "pattern": `^(0|(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|ms|s|m|h))+)$`},
		}[kind]
		if own, has := p.shapes[name]; has {
			shape = own
		}
		if shape == nil {
			t.Fatalf("--%s is a %s: add its shape", name, kind)
		}
		shape["description"] = usage
		properties[name] = shape
	}
	for _, name := range slices.Concat(p.owned, keys(p.shapes)) {
		if !strings.Contains(help.String(), "\n  -"+name) && !strings.HasPrefix(help.String(), "  -"+name) {
			t.Errorf("there is no flag --%s: remove it here", name)
		}
	}
	return object{"type": "object", "additionalProperties": false, "properties": properties}
}

func readSchema(t *testing.T) (schema object) {
	t.Helper()
	text, err := os.ReadFile(schemaFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

func schemaFile() string { return filepath.Join(chart, "values.schema.json") }

func TestTheSettingsOfTheSchemaAreTheFlags(t *testing.T) {
	schema := readSchema(t)
	definitions := schema["$defs"].(object)
	for _, p := range []program{webhook(), auth()} {
		want := throughJSON(t, p.defined(t))
		if *update {
			definitions[p.definition] = want
		} else if !reflect.DeepEqual(definitions[p.definition], want) {
			t.Errorf("%s of %s is stale: run go test . -update in charts/, and read the difference", p.definition, schemaFile())
		}
	}
	if *update {
		writeJSON(t, schemaFile(), schema)
	}
}

func throughJSON(t *testing.T, value any) (through any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &through); err != nil {
		t.Fatal(err)
	}
	return through
}
