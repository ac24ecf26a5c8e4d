package inject_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

var podsFolder = flag.String("pods", "", "folder to write the random pods to, for the end-to-end tests to send to a real API server")

// What must hold for every pod, on pods that no author would think of. The seed names the pod: a failure repeats.
func TestWhatHoldsForEveryPod(t *testing.T) {
	verdicts := map[inject.Reason]int{}
	for seed := range uint64(1000) {
		raw, err := json.Marshal(newGenerator(seed).pod())
		if err != nil {
			t.Fatal(err)
		}
		if *podsFolder != "" {
			if err := os.WriteFile(filepath.Join(*podsFolder, fmt.Sprintf("%d.json", seed)), raw, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		subject := subjectOfSeed(seed)
		subject.Pod = podOf(t, raw)
		settings := settingsOfSeed(seed)
		verdicts[inject.Judge(subject, settings).Reason]++
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { holds(t, subject, raw, settings) }) {
			t.Fatalf("the pod of seed %d: %s", seed, raw)
		}
	}
	for _, reason := range inject.Reasons() {
		if verdicts[reason] == 0 {
			t.Errorf("the generator makes no pod that is %s: %v", reason, verdicts)
		}
	}
}

func subjectOfSeed(seed uint64) inject.Subject {
	subject := inject.Subject{Namespace: "n", Mode: contract.InjectEnabled, AuthCA: "authorities", Token: "FIRSTTOKENFIRSTTOKENFIRSTT"}
	switch seed % 11 {
	case 0:
		subject.Mode = "enable"
	case 1, 2:
		subject.Mode = contract.InjectAssociated
	}
	if seed%3 != 0 {
		subject.Identity, subject.Associated = contract.Identity{RoleARN: "arn:aws:iam::111122223333:role/r"}, true
	}
	return subject
}

func settingsOfSeed(seed uint64) inject.Settings {
	settings := usualSettings()
	if seed%4 == 0 {
		settings.Source, settings.EKSAuthEndpoint, settings.ClusterName = contract.SourceEKSAuth, "https://auth.internal", "green"
	}
	return settings
}

// holds checks one pod: only what is ours changes, a second pass has nothing to do, the same pod gets the same patch, no
// name is there twice that was not before, the quality of service is kept, and nobody is trusted but whom we name.
func holds(t testing.TB, subject inject.Subject, raw []byte, settings inject.Settings) {
	t.Helper()
	admitted, warnings, _ := pass(t, subject, nil, raw, settings)
	untouched(t, raw, admitted)
	same, _, _ := pass(t, subject, nil, raw, settings)
	if !bytes.Equal(admitted, same) {
		t.Errorf("the same pod became another:\n%s\n%s", admitted, same)
	}
	second := subject
	second.Token = "SECONDTOKENSECONDTOKENSECOND"
	again, warningsAgain, operations := pass(t, second, nil, admitted, settings)
	if operations != 0 {
		t.Errorf("a second pass had %d operations:\n%s\n%s", operations, admitted, again)
	}
	if lines(warnings) != lines(warningsAgain) {
		t.Errorf("a second pass warns differently:\n%s%s", lines(warnings), lines(warningsAgain))
	}
	before, after := podOf(t, raw), podOf(t, admitted)
	subject.Pod = before
	if inject.Judge(subject, settings).Injects() {
		completes(t, second, admitted, settings)
	}
	trusted := ""
	if inject.Judge(subject, settings).Injects() && settings.AsksAuthService() {
		trusted = subject.AuthCA
	}
	if after.Annotations[contract.AnnotationAuthCA] != trusted {
		t.Errorf("the pod carries the authority %q", after.Annotations[contract.AnnotationAuthCA])
	}
	if was, is := qosOf(before), qosOf(after); is < was {
		t.Errorf("the quality of service fell from %d to %d", was, is)
	}
	for what, count := range names(after) {
		if count > 1 && count > names(before)[what] {
			t.Errorf("there are %d of %s", count, what)
		}
	}
	injected := after.Labels[contract.LabelInjected] == "true" && before.Labels[contract.LabelInjected] != "true"
	if injected && names(after)["container "+contract.ContainerName] != 1 {
		t.Errorf("an injected pod has no sidecar: %s", admitted)
	}
}

// completes checks that a container which another webhook adds after the first pass is completed, and nothing else.
func completes(t testing.TB, subject inject.Subject, admitted []byte, settings inject.Settings) {
	t.Helper()
	late := values(t, admitted)
	spec := child(late, "spec")
	all, _ := spec["containers"].([]any)
	spec["containers"] = append(all, object{"name": "late"})
	raw := []byte(text(t, late))
	again, _, _ := pass(t, subject, nil, raw, settings)
	untouched(t, raw, again)
	got := items(child(values(t, again), "spec"), "containers")
	if text(t, got[:len(all)]) != text(t, append([]any{}, all...)) {
		t.Errorf("a second pass changed another container than the new one: %s", again)
	}
	is := podOf(t, again)
	if len(is.Spec.Containers[len(all)].Env) == 0 {
		t.Errorf("a second pass left the new container out: %s", again)
	}
}

// names counts all that must have a name, or a path, of its own.
func names(pod *corev1.Pod) map[string]int {
	count := map[string]int{}
	for _, volume := range pod.Spec.Volumes {
		count["volume "+volume.Name]++
	}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, container := range list {
			count["container "+container.Name]++
			for _, variable := range container.Env {
				count["variable "+container.Name+" "+variable.Name]++
			}
			for _, mount := range container.VolumeMounts {
				count["mount "+container.Name+" "+mount.MountPath]++
			}
		}
	}
	return count
}
