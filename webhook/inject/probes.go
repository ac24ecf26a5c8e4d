package inject

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/podidentity/podidentity/contract"
)

// The values of contract.AnnotationReadiness: how the kubelet learns whether a pod is ready, and what is wrong with it.
const (
	// ReadinessHTTP has the kubelet ask a port of the sidecar, which costs the node nothing that can be measured.
	ReadinessHTTP = "true"
	// ReadinessExec has the kubelet start a process in the sidecar, for pods whose inbound traffic something else captures.
	ReadinessExec = "exec"
	// ReadinessNone leaves the probes out: the pod is ready without credentials.
	ReadinessNone = "false"
)

// ValidReadiness reports whether value is one of the constants.
func ValidReadiness(value string) bool {
	return value == ReadinessHTTP || value == ReadinessExec || value == ReadinessNone
}

const (
	// A kubelet that has just started delays the first probe of a pod by up to one period, so a long one would delay the pods of a
	// new node; but each exec probe costs the node a process.
	probePeriod = 30
	// liveHTTPPeriod is how often the kubelet can learn why a pod has no credentials. It counts from when the kubelet sees the pod, asks for
	// the first time once the application has started, and `sidecar wait` ends after 10 s without credentials.
	liveHTTPPeriod = 15
	probeTimeout   = 5
	// never is the failureThreshold of probes that must not take a pod that has started out of its Services, nor restart the sidecar,
	// which would lose the credentials in hand: both fail only where the sidecar cannot be asked, such as on a node without CPU.
	never = 1<<31 - 1
)

// addProbes adds the probes and the port that they need.
func addProbes(container *corev1.Container, options sidecarOptions) {
	if options.readiness == ReadinessNone {
		return
	}
	container.ReadinessProbe, container.LivenessProbe = probes(options)
	if asksByHTTP(container) {
		container.Args = append(container.Args, probeFlag+":"+strconv.Itoa(options.probePort))
	}
}

// probes gate the start of the pod, and tell what is wrong: ready fails until the first credentials; live always succeeds over HTTP, but
// with a warning that the kubelet sends as an event, as it does with the failures of an exec probe.
func probes(options sidecarOptions) (ready, live *corev1.Probe) {
	if options.readiness == ReadinessExec {
		return probe(execProbe(options), probePeriod), probe(execProbe(options, "--"+contract.FlagLive), probePeriod)
	}
	return probe(httpProbe(contract.ReadyzPath, options), probePeriod), probe(httpProbe(contract.LivezPath, options), liveHTTPPeriod)
}

func probe(handler corev1.ProbeHandler, period int32) *corev1.Probe {
	return &corev1.Probe{ProbeHandler: handler, PeriodSeconds: period, TimeoutSeconds: probeTimeout, FailureThreshold: never}
}

func asksByHTTP(container *corev1.Container) bool {
	return container.ReadinessProbe != nil && container.ReadinessProbe.HTTPGet != nil
}

func httpProbe(path string, options sidecarOptions) corev1.ProbeHandler {
	return corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt(options.probePort)}}
}

func execProbe(options sidecarOptions, arguments ...string) corev1.ProbeHandler {
	command := append([]string{binary, contract.CommandProbe, listenFlag + contract.ListenAddress(options.port)}, arguments...)
	return corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}}
}

func hasMesh(pod *corev1.Pod) bool {
	for _, containers := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for _, container := range containers {
			if isMeshContainer(container.Name) {
				return true
			}
		}
	}
	return false
}
