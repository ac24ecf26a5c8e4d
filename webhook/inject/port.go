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

const listenFlag = "--listen="

// freePort is the port of a sidecar that is there already, or else the one asked for, moved up to the next that no
// container declares.
func (r *reader) freePort(pod *corev1.Pod, a asked) int {
	if port, ok := portOf(present(pod)); ok {
		return port
	}
	taken := declaredPorts(pod)
	if a.metricsPort != 0 {
		taken[a.metricsPort] = true
	}
	if !taken[a.port] {
		return a.port
	}
	free := nextFree(a.port, taken)
	if _, chosen := r.annotations[contract.AnnotationPort]; chosen {
		r.notes = append(r.notes, fmt.Sprintf("annotation %s is %d, which a container declares; %d is used", contract.AnnotationPort, a.port, free))
	}
	return free
}

// nextFree searches upwards from port, and from the first unprivileged one after the last.
func nextFree(port int, taken map[int]bool) int {
	for taken[port] {
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

// portOf reads the port from the arguments of the sidecar that an earlier pass has added.
func portOf(sidecar *corev1.Container) (port int, ok bool) {
	if sidecar == nil {
		return 0, false
	}
	for _, argument := range sidecar.Args {
		address, is := strings.CutPrefix(argument, listenFlag)
		if !is {
			continue
		}
		port, err := strconv.Atoi(address[strings.LastIndexByte(address, ':')+1:])
		return port, err == nil
	}
	return 0, false
}
