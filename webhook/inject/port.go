package inject

import (
	"fmt"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// firstEphemeral is the first port that Linux gives to outgoing connections by default; one of these could be taken before
// the sidecar listens.
const firstEphemeral = 32768

const (
	listenFlag  = "--listen="
	metricsFlag = "--metrics="
)

// choosePorts moves the ports of a sidecar that is not there yet up to the next that no container declares.
func (r *reader) choosePorts(pod *corev1.Pod, a *asked) {
	sidecar, taken := present(pod), declaredPorts(pod)
	if a.metricsPort != 0 {
		a.metricsPort = r.freePort(contract.AnnotationMetricsPort, a.metricsPort, taken, sidecar, metricsFlag)
		taken[a.metricsPort] = true
	}
	a.port = r.freePort(contract.AnnotationPort, a.port, taken, sidecar, listenFlag)
	if sidecar != nil && taken[a.port] {
		r.notes = append(r.notes, fmt.Sprintf("a container that came after the sidecar declares its port %d; choose another by %s", a.port, contract.AnnotationPort))
	}
}

// freePort is the port that the sidecar has, or the first from wanted on that is not taken. The note is the same in every
// pass, or else each would write the status anew.
func (r *reader) freePort(annotation string, wanted int, taken map[int]bool, sidecar *corev1.Container, flag string) int {
	port, ok := portOf(sidecar, flag)
	if !ok {
		port = nextFree(wanted, taken)
	}
	if taken[wanted] && port != wanted && r.annotations[annotation] == strconv.Itoa(wanted) {
		r.notes = append(r.notes, fmt.Sprintf("annotation %s is %d, which is taken; %d is used", annotation, wanted, port))
	}
	return port
}

// nextFree searches upwards from port, and from the first unprivileged one after the last; in vain where a pod declares
// them all.
func nextFree(port int, taken map[int]bool) int {
	for range firstEphemeral {
		if !taken[port] {
			break
		}
		port++
		if port >= firstEphemeral {
			port = 1024
		}
	}
	return port
}

func declaredPorts(pod *corev1.Pod) map[int]bool {
	taken := map[int]bool{}
	for _, container := range containers(pod) {
		for _, port := range container.Ports {
			taken[int(port.ContainerPort)] = true
		}
	}
	return taken
}

// portOf reads a port from the arguments of the sidecar that an earlier pass has added.
func portOf(sidecar *corev1.Container, flag string) (port int, ok bool) {
	if sidecar == nil {
		return 0, false
	}
	for _, argument := range sidecar.Args {
		address, is := strings.CutPrefix(argument, flag)
		if !is {
			continue
		}
		port, err := strconv.Atoi(address[strings.LastIndexByte(address, ':')+1:])
		return port, err == nil
	}
	return 0, false
}
