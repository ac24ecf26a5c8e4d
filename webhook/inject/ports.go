package inject

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// firstEphemeralPort is the first port that Linux gives to outgoing connections by default; any of these could be in use
// before the sidecar listens.
const firstEphemeralPort = 32768

const (
	listenFlag  = "--" + contract.FlagListen + "="
	metricsFlag = "--" + contract.FlagMetrics + "="
	probeFlag   = "--" + contract.FlagProbe + "="
	sourceFlag  = "--" + contract.FlagSource + "="
)

// choosePorts moves each port of a sidecar that does not exist yet up to the next one that no container declares.
func (r *annotationReader) choosePorts(pod *corev1.Pod, options *podOptions) {
	sidecar, taken := existingSidecar(pod), declaredPorts(pod)
	if options.metricsPort != 0 {
		options.metricsPort = r.freePort(contract.AnnotationMetricsPort, options.metricsPort, taken, sidecar, metricsFlag)
		taken[options.metricsPort] = true
	}
	options.port = r.freePort(contract.AnnotationPort, options.port, taken, sidecar, listenFlag)
	taken[options.port] = true
	options.probePort = nextFree(contract.DefaultProbePort, taken)
	if sidecar != nil && declaredPorts(pod)[options.port] {
		r.notes = append(r.notes, fmt.Sprintf("a container added after the sidecar declares its port %d; choose another with %s", options.port, contract.AnnotationPort))
	}
}

// freePort is the port of the existing sidecar, or else the first free one from wanted on. The note is the same in every
// admission pass, or else each pass would change the status.
func (r *annotationReader) freePort(annotation string, wanted int, taken map[int]bool, sidecar *corev1.Container, flag string) int {
	port, ok := portFromArgs(sidecar, flag)
	if !ok {
		port = nextFree(wanted, taken)
	}
	if taken[wanted] && port != wanted && r.annotations[annotation] == strconv.Itoa(wanted) {
		r.notes = append(r.notes, fmt.Sprintf("annotation %s is %d, which is taken; %d is used", annotation, wanted, port))
	}
	return port
}

// nextFree searches upwards from port, and continues with the first unprivileged one below the ephemeral ports. If a pod
// declares them all, the result is taken too.
func nextFree(port int, taken map[int]bool) int {
	for range firstEphemeralPort {
		if !taken[port] {
			break
		}
		port++
		if port >= firstEphemeralPort {
			port = 1024
		}
	}
	return port
}

func declaredPorts(pod *corev1.Pod) map[int]bool {
	taken := map[int]bool{}
	for _, container := range applicationContainers(pod) {
		for _, port := range container.Ports {
			taken[int(port.ContainerPort)] = true
		}
	}
	return taken
}

// portFromArgs reads a port from the arguments of an existing sidecar.
func portFromArgs(sidecar *corev1.Container, flag string) (port int, ok bool) {
	if sidecar == nil {
		return 0, false
	}
	for _, argument := range sidecar.Args {
		address, found := strings.CutPrefix(argument, flag)
		if !found {
			continue
		}
		port, err := strconv.Atoi(address[strings.LastIndexByte(address, ':')+1:])
		return port, err == nil
	}
	return 0, false
}
