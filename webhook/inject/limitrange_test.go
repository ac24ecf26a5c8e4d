package inject_test

import (
	"encoding/json"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podidentity/podidentity/webhook/inject"
)

// limitRanges makes up to three items, with values close to those of the generator's containers and of the sidecar.
func (g generator) limitRanges() []corev1.LimitRangeItem {
	list := func(cpu, memory []string) corev1.ResourceList {
		list := corev1.ResourceList{}
		if g.oneIn(2) {
			list[corev1.ResourceCPU] = resource.MustParse(cpu[g.IntN(len(cpu))])
		}
		if g.oneIn(2) {
			list[corev1.ResourceMemory] = resource.MustParse(memory[g.IntN(len(memory))])
		}
		return list
	}
	var items []corev1.LimitRangeItem
	for range g.IntN(4) {
		ratio := list([]string{"1", "1.1", "3", "40"}, []string{"1", "1.3", "2"})
		if g.oneIn(2) {
			ratio = nil
		}
		if g.oneIn(2) {
			items = append(items, corev1.LimitRangeItem{
				Type: corev1.LimitTypePod, Max: list([]string{"1", "1001m", "1100m", "1150m", "2", "4"}, []string{"1Gi", "1030Mi", "1056Mi", "4Gi"}), MaxLimitRequestRatio: ratio,
			})
			continue
		}
		item := corev1.LimitRangeItem{
			Type: corev1.LimitTypeContainer, MaxLimitRequestRatio: ratio,
			Min: list([]string{"1m", "20m", "250m"}, []string{"4Mi", "24Mi", "64Mi"}),
			Max: list([]string{"250m", "1", "2"}, []string{"64Mi", "1Gi", "2Gi"}),
		}
		if g.oneIn(2) {
			item.Max, item.Default = nil, list([]string{"3m", "100m", "1"}, []string{"8Mi", "32Mi", "1Gi"})
		}
		// As the API server completes them.
		fill(&item.Default, item.Max)
		fill(&item.DefaultRequest, item.Default)
		fill(&item.DefaultRequest, item.Min)
		items = append(items, item)
	}
	return items
}

// Where LimitRanger and the quotas take a pod, they take it with our sidecar as well, or the pod is left alone.
func TestTheSidecarIsNeverTheReasonWhyItsNamespaceRefusesAPod(t *testing.T) {
	outcomes := map[inject.Reason]int{}
	for seed := range uint64(5000) {
		g := newGenerator(seed)
		input := inputOfSeed(1)
		input.LimitRanges = g.limitRanges()
		if g.oneIn(2) {
			input.Quotas = []corev1.ResourceName{corev1.ResourceLimitsCPU}
		}
		pod := podOf(t, []byte(text(t, object{"metadata": object{}, "spec": g.resourcesOfPod()})))
		setDefaults(pod, input.LimitRanges)
		if len(refusals(pod, input.Rules)) > 0 {
			continue
		}
		input.Pod = pod
		outcomes[inject.Decide(input, defaultSettings()).Reason]++
		raw, err := json.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		admitted, _, _ := pass(t, input, nil, raw, defaultSettings())
		after := podOf(t, admitted)
		setDefaults(after, input.LimitRanges)
		for _, refusal := range refusals(after, input.Rules) {
			t.Errorf("seed %d: %s: %s\n%s", seed, refusal, text(t, input.Rules), admitted)
		}
		if was, is := qosClass(pod), qosClass(after); is < was {
			t.Errorf("seed %d: the QoS class fell from %d to %d", seed, was, is)
		}
	}
	if outcomes[inject.Injected] < 500 || outcomes[inject.LimitRange] < 50 {
		t.Errorf("too few pods that LimitRanger takes for this test to mean anything: %v", outcomes)
	}
}

// resourcesOfPod is the spec of a pod whose containers differ in their resources alone.
func (g generator) resourcesOfPod() object {
	containers := func(letter string, least int) []any {
		var all []any
		for i := range least + g.IntN(2) {
			c := object{"name": fmt.Sprint(letter, i), "image": "image", "resources": g.resources()}
			if letter == "i" {
				g.sometimes(c, 2, "restartPolicy", func() any { return "Always" })
			}
			all = append(all, c)
		}
		return all
	}
	spec := object{"containers": containers("c", 1), "initContainers": containers("i", 0)}
	g.sometimes(spec, 3, "resources", func() any { return g.resources() })
	return spec
}

func TestASidecarWithoutALimitGetsOneWhereItsNamespaceDemandsIt(t *testing.T) {
	input := inputOfSeed(1)
	one := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}
	for name, test := range map[string]struct {
		item  corev1.LimitRangeItem
		quota corev1.ResourceName
		want  string
	}{
		"no rule":                            {corev1.LimitRangeItem{}, "", "0"},
		"a maximum":                          {corev1.LimitRangeItem{Type: corev1.LimitTypeContainer, Max: one}, "", "100m"},
		"a ratio":                            {corev1.LimitRangeItem{Type: corev1.LimitTypePod, MaxLimitRequestRatio: one}, "", "100m"},
		"a default, which LimitRanger gives": {corev1.LimitRangeItem{Type: corev1.LimitTypeContainer, Default: one}, "", "0"},
		"a default below the request":        {corev1.LimitRangeItem{Type: corev1.LimitTypeContainer, Default: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1m")}}, "", "100m"},
		"a quota of limits":                  {corev1.LimitRangeItem{}, corev1.ResourceLimitsCPU, "100m"},
		"a quota of limits, and a minimum":   {corev1.LimitRangeItem{Type: corev1.LimitTypeContainer, Min: one}, corev1.ResourceLimitsCPU, "1"},
		"a quota of requests":                {corev1.LimitRangeItem{}, corev1.ResourceRequestsCPU, "0"},
		"a quota of another limit":           {corev1.LimitRangeItem{}, corev1.ResourceLimitsMemory, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			input.Rules = inject.Rules{LimitRanges: []corev1.LimitRangeItem{test.item}, Quotas: []corev1.ResourceName{test.quota}}
			raw := []byte(`{"metadata": {}, "spec": {"containers": [{"name": "app"}]}}`)
			admitted, _, _ := pass(t, input, nil, raw, defaultSettings())
			if got := podOf(t, admitted).Spec.InitContainers[0].Resources.Limits.Cpu().String(); got != test.want {
				t.Errorf("the CPU limit is %s, not %s", got, test.want)
			}
		})
	}
}
