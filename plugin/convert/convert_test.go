package convert_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/podidentity/podidentity/internal/clitest"
	"github.com/podidentity/podidentity/plugin"
	"github.com/podidentity/podidentity/plugin/convert"
)

var update = flag.Bool("update", false, "rewrite what the fixtures expect; review the diff before you commit it")

func run(t *testing.T, arguments []string, stdin string) clitest.Result {
	t.Helper()
	streams, in, out, errOut := genericiooptions.NewTestIOStreams()
	in.WriteString(stdin)
	exit := plugin.Run(t.Context(), append([]string{"convert"}, arguments...), streams)
	return clitest.Result{Stdout: out.String(), Stderr: errOut.String(), Exit: exit}
}

func TestFixtures(t *testing.T) { clitest.RunFixtures(t, *update, run) }

// random is a spec of ours that EKS can have as well, with labels.
func random(r *rand.Rand) (spec, labels map[string]any) {
	of := func(all ...string) string { return all[r.IntN(len(all))] }
	spec = map[string]any{
		"namespace": fmt.Sprint(of("team", "shop-"), r.IntN(1000)), "serviceAccount": of("app", "app.v2", "a-b"),
		"roleARN": "arn:aws:iam::111122223333:role/" + of("one", "path/two"),
	}
	if r.IntN(2) == 0 {
		spec["targetRoleARN"] = "arn:aws-cn:iam::444455556666:role/three"
	}
	if r.IntN(2) == 0 {
		spec["disableSessionTags"] = true
		spec["policy"] = of(`{"Version":"2012-10-17","Statement":[]}`, "{\"a\": \"it's <&> 'quoted'\"}", "{\n\t\"a\": \"ä\"}")
	}
	labels = map[string]any{}
	for range r.IntN(3) {
		labels[of("team", "example.com/cost-center", "x")] = of("a", "", "B.c_d-e")
	}
	return spec, labels
}

func TestWhatEKSAndACKCanSayComesBackAsItWas(t *testing.T) {
	for seed := range uint64(200) {
		spec, labels := random(rand.New(rand.NewPCG(seed, 0)))
		metadata := map[string]any{"name": "a"}
		if len(labels) > 0 {
			metadata["labels"] = maps.Clone(labels)
		}
		ours := map[string]any{"apiVersion": "podidentity.dev/v1alpha1", "kind": "PodIdentityAssociation", "metadata": metadata, "spec": spec}
		for _, kind := range []string{"eks", "ack"} {
			for _, format := range []string{"json", "yaml"} {
				there := mustRun(t, marshal(t, ours), "-f", "-", "--to", kind, "--eks-cluster=green", "-o", format)
				if kind == "eks" && format == "json" {
					there = elements(t, there) // of a list, as `aws eks` takes them one by one
				}
				var back struct{ Items []map[string]any }
				if err := json.Unmarshal([]byte(mustRun(t, there, "-f", "-", "-o", "json")), &back); err != nil || len(back.Items) != 1 {
					t.Fatalf("seed %d: %v in %s", seed, err, there)
				}
				gotLabels, _ := back.Items[0]["metadata"].(map[string]any)["labels"].(map[string]any)
				if !reflect.DeepEqual(back.Items[0]["spec"], any(spec)) || len(labels) > 0 && !reflect.DeepEqual(gotLabels, labels) {
					t.Errorf("seed %d, %s in %s: %v came back as %v", seed, kind, format, ours, back.Items[0])
				}
			}
		}
	}
}

// mustRun is a conversion in which nothing is lost.
func mustRun(t *testing.T, stdin string, arguments ...string) string {
	t.Helper()
	result := run(t, arguments, stdin)
	if result.Exit != 0 || result.Stderr != "" {
		t.Fatalf("%q of %s: %d, %s", arguments, stdin, result.Exit, result.Stderr)
	}
	return result.Stdout
}

func marshal(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func elements(t *testing.T, list string) string {
	t.Helper()
	var all []json.RawMessage
	if err := json.Unmarshal([]byte(list), &all); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, element := range all {
		texts = append(texts, string(element))
	}
	return strings.Join(texts, "\n")
}

// A shell reads each command as it was meant.
func TestCommandsForTheAWSCLIAreWordsOfAShell(t *testing.T) {
	for seed := range uint64(20) {
		spec, _ := random(rand.New(rand.NewPCG(seed, 1)))
		ours := marshal(t, map[string]any{"apiVersion": "podidentity.dev/v1alpha1", "kind": "PodIdentityAssociation", "metadata": map[string]any{"name": "a"}, "spec": spec})
		commands := mustRun(t, ours, "-f", "-", "--to=eks", "--eks-cluster=green")
		script := `aws() { printf '%s' "$4"; }` + "\n" + commands
		read, err := exec.CommandContext(t.Context(), "sh", "-c", script).Output()
		if err != nil {
			t.Fatal(err)
		}
		if back := mustRun(t, string(read), "-f", "-", "-o", "json"); !strings.Contains(back, spec["roleARN"].(string)) {
			t.Errorf("seed %d: %s came back as %s", seed, commands, back)
		}
		var request map[string]any
		if err := json.Unmarshal(read, &request); err != nil || spec["policy"] != nil && request["policy"] != spec["policy"] {
			t.Errorf("seed %d: %v, the shell reads %s", seed, err, read)
		}
	}
}

func FuzzWhateverIsConvertedIsSaidOrRefused(f *testing.F) {
	f.Add(`{"association":{"associationId":"a-1","namespace":"n","serviceAccount":"s","roleArn":"r","tags":{"a":"b"}}}`)
	f.Add("apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ServiceAccount, metadata: {name: a, annotations: {eks.amazonaws.com/role-arn: r}}}")
	f.Add(`{"apiVersion":"eks.services.k8s.aws/v1alpha1","kind":"PodIdentityAssociation","spec":{"roleRef":{"from":{"name":"x"}}}}`)
	f.Add(`{"apiVersion":"podidentity.dev/v1alpha1","kind":"PodIdentityAssociation","metadata":{"name":"a"},"spec":{"namespace":"*","serviceAccount":"s","roleARN":"r"}}`)
	f.Add(`{"associations":[{"associationId":"a-1"},3]}`)
	f.Fuzz(func(t *testing.T, text string) {
		documents, err := convert.Parse([]byte(text))
		if err != nil {
			return
		}
		for _, kind := range []string{"podidentity", "eks", "ack"} {
			result := convert.Read(documents)
			for _, object := range result.To(kind, "green") {
				if _, err := json.Marshal(object); err != nil {
					t.Errorf("%v", err)
				}
			}
		}
	})
}
