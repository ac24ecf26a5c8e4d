package inject_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/podidentity/podidentity/contract"
)

// generator makes unusual pods: of the fields that injection reads, with values close to those it looks for, and of fields
// that do not exist. The same seed makes the same pod.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 2711))} }

func (g generator) oneIn(n int) bool { return g.IntN(n) == 0 }

func (g generator) of(choices ...any) any { return choices[g.IntN(len(choices))] }

// sometimes sets a field in one of n objects.
func (g generator) sometimes(o object, n int, key string, value func() any) {
	if g.oneIn(n) {
		o[key] = value()
	}
}

// list has up to most items; now and then it is null or empty.
func (g generator) list(most int, item func(i int) any) any {
	if g.oneIn(8) {
		return g.of(nil, []any{})
	}
	var list []any
	for i := range g.IntN(most + 1) {
		list = append(list, item(i))
	}
	return list
}

// withUnknownField adds a field of a later API version to one of three objects.
func (g generator) withUnknownField(o object) object {
	g.sometimes(o, 3, fmt.Sprintf("future%d", g.IntN(3)), func() any {
		return g.of(nil, true, 1.5, 1e300, "text", []any{1, object{"a": nil}}, object{"deep": object{"er": []any{}}})
	})
	return o
}

func (g generator) pod() object {
	pod := g.withUnknownField(object{"apiVersion": "v1", "kind": "Pod", "metadata": g.metadata(), "spec": g.spec()})
	g.sometimes(pod, 4, "status", func() any { return g.withUnknownField(object{"phase": "Running"}) })
	return pod
}

func (g generator) metadata() object {
	m := g.withUnknownField(object{"name": "p"})
	g.sometimes(m, 2, "labels", func() any { return g.of(nil, object{}, object{"app": "a"}, object{contract.LabelInjected: "no"}) })
	g.sometimes(m, 2, "annotations", func() any {
		a := object{}
		g.sometimes(a, 6, contract.AnnotationInject, func() any { return g.of("true", "false", "no") })
		g.sometimes(a, 4, contract.AnnotationPort, func() any { return g.of("2712", "3000", "32767", "80", "x") })
		g.sometimes(a, 4, contract.AnnotationMetricsPort, func() any { return g.of("2711", "3000", "9464", "x") })
		g.sometimes(a, 6, contract.AnnotationWait, func() any { return g.of("0s", "5s", "1h") })
		g.sometimes(a, 6, contract.AnnotationReadiness, func() any { return g.of("true", "exec", "false", "sometimes") })
		g.sometimes(a, 4, contract.AnnotationAuthorization, func() any { return g.of("env", "file", "x", "web-identity", "web-identity") })
		g.sometimes(a, 4, contract.AnnotationSkipContainers, func() any { return g.of("c0", "c1,i0", " nobody , pod-identity,", "c0,c1,c2,i0,i1") })
		g.sometimes(a, 8, "eks.amazonaws.com/skip-containers", func() any { return "c0" })
		g.sometimes(a, 4, contract.AnnotationInjectContainers, func() any { return g.of("c0", "c1, i0", "nobody", "c0,c1,c2,i0,i1") })
		g.sometimes(a, 4, contract.AnnotationIdentity, func() any { return g.of(`{"roleARN":"admin"}`, "") })
		g.sometimes(a, 4, contract.AnnotationAuthCA, func() any { return g.of("mine", "") })
		g.sometimes(a, 4, contract.AnnotationStatus, func() any { return "injected" })
		g.sometimes(a, 6, "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes", func() any {
			return g.of("", "v0", "v0,v1", "a, pod-identity-authorization", "pod-identity-authorization,v0")
		})
		g.sometimes(a, 30, "kubernetes.io/config.mirror", func() any { return "hash" })
		g.sometimes(a, 4, "a~b/c", func() any { return "d" })
		return g.of(nil, object{}, a, a, a)
	})
	return m
}

func (g generator) spec() object {
	s := g.withUnknownField(object{"containers": []any{}})
	kind := func(letter string) func(int) any {
		return func(i int) any { return g.container(fmt.Sprint(letter, i)) }
	}
	s["containers"] = g.list(3, kind("c"))
	g.sometimes(s, 2, "initContainers", func() any { return g.list(3, kind("i")) })
	g.sometimes(s, 2, "volumes", func() any { return g.list(3, g.volume) })
	g.sometimes(s, 20, "hostNetwork", func() any { return true })
	g.sometimes(s, 20, "os", func() any { return object{"name": g.of("linux", "windows")} })
	g.sometimes(s, 6, "serviceAccountName", func() any { return "reader" })
	g.sometimes(s, 6, "resources", func() any { return g.resources() })
	g.sometimes(s, 3, "securityContext", func() any { return g.withUnknownField(object{"runAsUser": g.of(nil, 0, 1000)}) })
	return s
}
