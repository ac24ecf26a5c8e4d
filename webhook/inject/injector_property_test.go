package inject_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

// What is encoded once for many pods is what would be encoded for each, with any settings.
func TestAnInjectorPatchesAsOneThatHasSeenNoPod(t *testing.T) {
	for n := range uint64(20) {
		settings := newGenerator(n).settings()
		injector := inject.NewInjector(settings)
		injected := 0
		for seed := range uint64(200) {
			raw, err := json.Marshal(newGenerator(seed).pod())
			if err != nil {
				t.Fatal(err)
			}
			input := inputOfSeed(seed)
			input.Pod = podOf(t, raw)
			decision, fresh := injector.Decide(input), inject.NewInjector(settings)
			if decision.Injects() {
				injected++
			}
			if got, want := injector.Patch(input, decision), fresh.Patch(input, decision); !reflect.DeepEqual(got, want) {
				t.Fatalf("settings %d, pod %d: got\n%s\nnot\n%s", n, seed, text(t, got), text(t, want))
			}
		}
		if injected < 20 {
			t.Errorf("settings %d: only %d pods are injected", n, injected)
		}
	}
}

// settings differ in all that a sidecar is made of.
func (g generator) settings() inject.Settings {
	s := defaultSettings()
	s.ImagePullPolicy = corev1.PullPolicy(g.string("", "Always", "Never"))
	s.Region, s.ClusterName, s.Audience = g.string("", "eu-central-1"), g.string("", "green"), g.string("", "mine")
	s.STS = inject.STS{
		Endpoint: g.string("", "https://sts.internal?a=<b>&c"), CAConfigMap: g.string("", "authorities"), FIPS: g.oneIn(2), DualStack: g.oneIn(2),
		HTTPSProxy: g.string("", "http://proxy:3128"), NoProxy: g.string("", ".svc"),
	}
	if g.oneIn(3) {
		s.Source, s.EKSAuthEndpoint = contract.SourceEKSAuth, "https://auth.internal"
	}
	s.TokenExpiration, s.Wait = time.Duration(600+g.IntN(1000))*time.Second, time.Duration(g.IntN(60))*time.Second
	s.Port, s.DisableIMDS = 2711+g.IntN(3), g.oneIn(2)
	s.Readiness = g.string(inject.ReadinessHTTP, inject.ReadinessExec, inject.ReadinessNone)
	for _, list := range []*corev1.ResourceList{&s.Resources.Requests, &s.Resources.Limits, &s.GuaranteedResources} {
		switch g.IntN(3) {
		case 0:
			*list = nil
		case 1:
			*list = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceEphemeralStorage: resource.MustParse("1Mi")}
		}
	}
	return s
}

func (g generator) string(choices ...string) string { return choices[g.IntN(len(choices))] }
