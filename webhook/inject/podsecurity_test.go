package inject_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func TestAPodThatPassesAPodSecurityStandardPassesItWhenInjected(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	passed := map[api.Level]int{}
	for sentence, f := range fixtures(t) {
		t.Run(sentence, func(t *testing.T) {
			admitted, _ := f.admit(t)
			for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
				if reason := violation(evaluator, level, podOf(t, f.pod)); reason != "" {
					continue
				}
				passed[level]++
				if reason := violation(evaluator, level, podOf(t, admitted)); reason != "" {
					t.Errorf("%s refuses the injected pod, but not the original: %s", level, reason)
				}
			}
		})
	}
	if passed[api.LevelBaseline] < 60 || passed[api.LevelRestricted] < 2 {
		t.Errorf("too few original pods pass for this test to mean anything: %v", passed)
	}
}

func TestTheSidecarPassesRestrictedInEveryPod(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for sentence, f := range fixtures(t) {
		t.Run(sentence, func(t *testing.T) {
			admitted, _ := f.admit(t)
			before, after := podOf(t, f.pod), podOf(t, admitted)
			if len(after.Spec.InitContainers) == len(before.Spec.InitContainers) {
				return
			}
			alone := corev1.Pod{}
			for _, container := range after.Spec.InitContainers {
				if container.Name == "pod-identity" {
					alone.Spec.Containers = []corev1.Container{container}
				}
			}
			alone.Spec.Volumes = after.Spec.Volumes[len(before.Spec.Volumes):]
			if reason := violation(evaluator, api.LevelRestricted, &alone); reason != "" {
				t.Error(reason)
			}
		})
	}
}

// violation says why the newest version of a standard refuses a pod, or is empty.
func violation(evaluator policy.Evaluator, level api.Level, pod *corev1.Pod) string {
	results := evaluator.EvaluatePod(api.LevelVersion{Level: level, Version: api.LatestVersion()}, &pod.ObjectMeta, &pod.Spec)
	if all := policy.AggregateCheckResults(results); !all.Allowed {
		return all.ForbiddenReason() + ": " + all.ForbiddenDetail()
	}
	return ""
}
