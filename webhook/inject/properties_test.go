package inject_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

var podsDir = flag.String("pods", "", "directory to write the random pods to, so that the end-to-end tests can send them to a real API server")

// The seed determines the pod, so a failure can be repeated.
func TestEveryPodKeepsTheInvariants(t *testing.T) {
	reasons := map[inject.Reason]int{}
	for seed := range uint64(1000) {
		raw, err := json.Marshal(newGenerator(seed).pod())
		if err != nil {
			t.Fatal(err)
		}
		if *podsDir != "" {
			if err := os.WriteFile(filepath.Join(*podsDir, fmt.Sprintf("%d.json", seed)), raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		input := inputOfSeed(seed)
		input.Pod = podOf(t, raw)
		if seed%4 == 1 {
			input.Identities.Containers = ownOf(input.Pod)
		}
		settings := settingsOfSeed(seed)
		reasons[inject.Decide(input, settings).Reason]++
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { checkInvariants(t, input, raw, settings) }) {
			t.Fatalf("the pod of seed %d: %s", seed, raw)
		}
	}
	for _, reason := range inject.Reasons() {
		if reasons[reason] == 0 && reason != inject.TooLarge { // which Decide does not give
			t.Errorf("the generator makes no pod with the reason %s: %v", reason, reasons)
		}
	}
}

func inputOfSeed(seed uint64) inject.Input {
	input := inject.Input{Namespace: "n", Mode: contract.InjectEnabled, AuthCA: "authorities", Token: "FIRSTTOKENFIRSTTOKENFIRSTT"}
	if seed%5 == 0 {
		input.LimitRanges = newGenerator(seed).limitRanges()
	}
	switch seed % 11 {
	case 0:
		input.Mode = "enable"
	case 1, 2:
		input.Mode = contract.InjectAssociated
	}
	if seed%3 != 0 {
		input.Identities.Identity = contract.Identity{RoleARN: "arn:aws:iam::111122223333:role/r"}
	}
	if seed%7 == 1 && input.Identities.RoleARN != "" {
		input.Identities.Policy = "{}"
	}
	return input
}

func settingsOfSeed(seed uint64) inject.Settings {
	settings := defaultSettings()
	if seed%4 == 0 {
		settings.Source, settings.EKSAuthEndpoint, settings.ClusterName = contract.SourceEKSAuth, "https://auth.internal", "green"
	}
	return settings
}

// checkInvariants checks one pod: only what is ours changes, a second pass changes nothing, the same pod gets the same
// patch, no new name is duplicated, the QoS class does not fall, and the pod carries no CA but ours.
func checkInvariants(t testing.TB, input inject.Input, raw []byte, settings inject.Settings) {
	t.Helper()
	admitted, warnings, _ := pass(t, input, nil, raw, settings)
	unchanged(t, raw, admitted)
	repeated, _, _ := pass(t, input, nil, raw, settings)
	if !bytes.Equal(admitted, repeated) {
		t.Errorf("the same pod got another patch:\n%s\n%s", admitted, repeated)
	}
	secondInput := input
	secondInput.Token = "SECONDTOKENSECONDTOKENSECOND"
	second, secondWarnings, operations := pass(t, secondInput, nil, admitted, settings)
	if operations != 0 {
		t.Errorf("a second pass had %d operations:\n%s\n%s", operations, admitted, second)
	}
	if lines(warnings) != lines(secondWarnings) {
		t.Errorf("a second pass warns differently:\n%s%s", lines(warnings), lines(secondWarnings))
	}
	before, after := podOf(t, raw), podOf(t, admitted)
	input.Pod = before
	decision := inject.Decide(input, settings)
	if decision.Injects() {
		checkCompletion(t, secondInput, admitted, settings)
	}
	checkToken(t, input, decision, before, after)
	if decision.Reason == inject.Injected {
		checkNothingForeign(t, after)
		checkFolders(t, after)
	}
	trusted := ""
	if decision.Injects() && settings.UsesEKSAuth() {
		trusted = input.AuthCA
	}
	if after.Annotations[contract.AnnotationAuthCA] != trusted {
		t.Errorf("the pod carries the CA %q", after.Annotations[contract.AnnotationAuthCA])
	}
	if was, is := qosClass(before), qosClass(after); is < was {
		t.Errorf("the QoS class fell from %d to %d", was, is)
	}
	for what, count := range names(after) {
		if count > 1 && count > names(before)[what] {
			t.Errorf("there are %d of %s", count, what)
		}
	}
	if decision.Reason == inject.Injected && names(after)["container "+contract.ContainerName] != 1 {
		t.Errorf("an injected pod has no sidecar: %s", admitted)
	}
}

// checkCompletion checks that a second pass configures a container which another webhook added after the first, and no other.
func checkCompletion(t testing.TB, input inject.Input, admitted []byte, settings inject.Settings) {
	t.Helper()
	late := values(t, admitted)
	spec := child(late, "spec")
	all, _ := spec["containers"].([]any)
	spec["containers"] = append(all, object{"name": "late"})
	raw := []byte(text(t, late))
	second, _, _ := pass(t, input, nil, raw, settings)
	unchanged(t, raw, second)
	got := items(child(values(t, second), "spec"), "containers")
	if text(t, got[:len(all)]) != text(t, append([]any{}, all...)) {
		t.Errorf("a second pass changed another container than the new one: %s", second)
	}
	completed := podOf(t, second)
	if len(completed.Spec.Containers[len(all)].Env) == 0 {
		t.Errorf("a second pass left the new container out: %s", second)
	}
}
