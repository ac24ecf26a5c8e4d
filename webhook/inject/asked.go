package inject

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// asked is how a pod is injected: what its annotations choose, with the settings in place of what they leave open.
type asked struct {
	port        int
	metricsPort int // 0 is none
	wait        time.Duration
	readiness   bool
	skip        []string
	// token is the authorization token where applications shall find it in their environment too, or empty.
	token string
}

func (a asked) skips(container string) bool { return slices.Contains(a.skip, container) }

// ask reads the annotations of a pod. A value it cannot use is not used, and a note names it and the legal ones.
func ask(s Subject, settings Settings) (a asked, notes []string) {
	r := reader{annotations: s.Pod.Annotations}
	a = asked{
		port:        r.port(contract.AnnotationPort, settings.Port),
		metricsPort: r.port(contract.AnnotationMetricsPort, 0),
		wait:        r.wait(settings.Wait),
		readiness:   r.boolean(contract.AnnotationReadiness),
		skip:        r.list(contract.AnnotationSkipContainers),
	}
	r.boolean(contract.AnnotationInject)
	if r.authorizationByEnv() {
		a.token = tokenOf(present(s.Pod), s.Token)
	}
	r.choosePorts(s.Pod, &a)
	r.checkSkipped(s.Pod, a.skip)
	return a, r.notes
}

// reader reads annotations and notes what it cannot use.
type reader struct {
	annotations map[string]string
	notes       []string
}

func (r *reader) unusable(annotation, legal string) {
	r.notes = append(r.notes, fmt.Sprintf("annotation %s is %.60q, not %s", annotation, r.annotations[annotation], legal))
}

func (r *reader) port(annotation string, otherwise int) int {
	text, set := r.annotations[annotation]
	if !set {
		return otherwise
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1024 || port > 65535 {
		r.unusable(annotation, "a port from 1024 to 65535")
		return otherwise
	}
	return port
}

func (r *reader) wait(otherwise time.Duration) time.Duration {
	text, set := r.annotations[contract.AnnotationWait]
	if !set {
		return otherwise
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 || wait > 10*time.Minute {
		r.unusable(contract.AnnotationWait, "a duration from 0s to 10m, such as 30s")
		return otherwise
	}
	return wait
}

// boolean is true unless the annotation says "false".
func (r *reader) boolean(annotation string) bool {
	switch text, set := r.annotations[annotation]; {
	case text == "false":
		return false
	case set && text != "true":
		r.unusable(annotation, "true or false")
	}
	return true
}

func (r *reader) authorizationByEnv() bool {
	switch text, set := r.annotations[contract.AnnotationAuthorization]; {
	case text == contract.AuthorizationEnv:
		return true
	case set && text != contract.AuthorizationFileOnly:
		r.unusable(contract.AnnotationAuthorization, contract.AuthorizationEnv+" or "+contract.AuthorizationFileOnly)
	}
	return false
}

func (r *reader) list(annotation string) []string {
	var items []string
	for item := range strings.SplitSeq(r.annotations[annotation], ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// checkSkipped notes names of no container, since a misspelt one means that a container gets credentials against the
// author's will.
func (r *reader) checkSkipped(pod *corev1.Pod, skip []string) {
	unknown := slices.DeleteFunc(slices.Clone(skip), func(name string) bool {
		return slices.ContainsFunc(containers(pod), func(c *corev1.Container) bool { return c.Name == name })
	})
	if len(unknown) > 0 {
		r.notes = append(r.notes, fmt.Sprintf("annotation %s names no container of the pod by %.60q", contract.AnnotationSkipContainers, strings.Join(unknown, ", ")))
	}
}
