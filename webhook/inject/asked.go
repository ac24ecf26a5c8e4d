package inject

import (
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// asked is what the annotations of a pod choose, with the settings in place of what they leave open.
type asked struct {
	port      int
	wait      time.Duration
	readiness bool
}

// ask reads the annotations of a pod. A value it cannot use is not used, and complaints name it and the legal ones.
func ask(pod *corev1.Pod, settings Settings) (a asked, complaints []string) {
	a = asked{port: settings.Port, wait: settings.Wait, readiness: true}
	complain := func(annotation, legal string) {
		complaints = append(complaints, fmt.Sprintf("annotation %s: %q is not %s; it was not used",
			annotation, pod.Annotations[annotation], legal))
	}
	if text, set := pod.Annotations[contract.AnnotationPort]; set {
		if port, err := strconv.Atoi(text); err == nil && port >= 1024 && port <= 65535 {
			a.port = port
		} else {
			complain(contract.AnnotationPort, "a port from 1024 to 65535")
		}
	}
	if text, set := pod.Annotations[contract.AnnotationWait]; set {
		if wait, err := time.ParseDuration(text); err == nil && wait >= 0 && wait <= 10*time.Minute {
			a.wait = wait
		} else {
			complain(contract.AnnotationWait, "a duration from 0s to 10m, such as 30s")
		}
	}
	switch pod.Annotations[contract.AnnotationReadiness] {
	case "", "true":
	case "false":
		a.readiness = false
	default:
		complain(contract.AnnotationReadiness, `"true" or "false"`)
	}
	switch pod.Annotations[contract.AnnotationInject] {
	case "", "true":
	default:
		complain(contract.AnnotationInject, `"true" or "false"`)
	}
	return a, complaints
}
