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

// annotationIRSASkip lists containers that IRSA's webhook leaves alone (amazon-eks-pod-identity-webhook, README).
const annotationIRSASkip = "eks.amazonaws.com/skip-containers"

// podOptions are what the annotations of a pod choose, with the settings as defaults.
type podOptions struct {
	sidecarOptions

	// webIdentity is set where the pod asks for contract.AuthorizationWebIdentity, whether or not it can have it.
	webIdentity *webIdentity
	// oneToken is true of a pod that an older webhook has injected: its containers share the token of the pod.
	oneToken bool
	// debug is true of a container of kubectl debug, and target is the container whose token it has, or "" for that of the pod.
	debug  bool
	target string

	skip set
	// inject are containers that get credentials although they have some of their own.
	inject set
}

// sidecarOptions are those that the sidecar is made of.
type sidecarOptions struct {
	port        int
	metricsPort int // 0 is none
	wait        time.Duration
	probePort   int // 0 is none
	readiness   string
	// token is the authorization token of the pod, if applications must also find theirs in their environment.
	token string
}

func (o podOptions) skips(container string) bool { return o.skip.has(container) }

// readOptions reads the annotations of a pod. It ignores each value that it cannot use, and names it in a note together
// with the legal values.
func readOptions(in Input, settings Settings) (o podOptions, notes []string) {
	r := annotationReader{annotations: in.Pod.Annotations}
	sidecar := existingSidecar(in.Pod)
	o.oneToken = sidecar != nil && !hasEnv(sidecar.Env, contract.EnvContainers)
	o.sidecarOptions = sidecarOptions{
		port:        r.port(contract.AnnotationPort, settings.Port),
		metricsPort: r.port(contract.AnnotationMetricsPort, 0),
		wait:        r.wait(settings.Wait),
		readiness:   r.readiness(in.Pod, settings.Readiness),
	}
	o.skip = r.containers(contract.AnnotationSkipContainers, in.Pod)
	r.foreignSkip()
	o.inject = r.containers(contract.AnnotationInjectContainers, in.Pod)
	r.boolean(contract.AnnotationInject)
	switch r.authorization() {
	case contract.AuthorizationEnv:
		o.token = authorizationToken(sidecar, in.Token)
	case contract.AuthorizationWebIdentity:
		o.webIdentity = webIdentityOf(in)
	}
	r.choosePorts(in.Pod, &o)
	return o, r.notes
}

// annotationReader reads annotations and notes the values that it cannot use.
type annotationReader struct {
	annotations map[string]string
	notes       []string
}

// value is that of an annotation, if it is short enough to be read.
func (r *annotationReader) value(annotation string) (text string, set bool) {
	text, set = r.annotations[annotation]
	if len(text) <= maxAnnotationBytes {
		return text, set
	}
	r.notes = append(r.notes, fmt.Sprintf("annotation %s has %d bytes, more than %d, and is ignored", annotation, len(text), maxAnnotationBytes))
	return "", false
}

func (r *annotationReader) reject(annotation, legal string) {
	r.notes = append(r.notes, fmt.Sprintf("annotation %s is %.60q, not %s", annotation, r.annotations[annotation], legal))
}

func (r *annotationReader) port(annotation string, fallback int) int {
	text, set := r.value(annotation)
	if !set {
		return fallback
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1024 || port > 65535 {
		r.reject(annotation, "a port from 1024 to 65535")
		return fallback
	}
	return port
}

func (r *annotationReader) wait(fallback time.Duration) time.Duration {
	text, set := r.value(contract.AnnotationWait)
	if !set {
		return fallback
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 || wait > 10*time.Minute {
		r.reject(contract.AnnotationWait, "a duration from 0s to 10m, such as 30s")
		return fallback
	}
	return wait
}

// boolean is true unless the annotation says "false".
func (r *annotationReader) boolean(annotation string) bool {
	switch text, set := r.value(annotation); {
	case text == "false":
		return false
	case set && text != "true":
		r.reject(annotation, "true or false")
	}
	return true
}

// readiness is how the kubelet learns of the pod's readiness. A mesh keeps the kubelet's requests from the port of the sidecar.
func (r *annotationReader) readiness(pod *corev1.Pod, fallback string) string {
	text, set := r.value(contract.AnnotationReadiness)
	switch {
	case ValidReadiness(text):
		return text
	case set:
		r.reject(contract.AnnotationReadiness, "true, exec or false")
	}
	if fallback == ReadinessHTTP && hasMesh(pod) {
		return ReadinessExec
	}
	return fallback
}

func (r *annotationReader) authorization() string {
	legal := []string{contract.AuthorizationFileOnly, contract.AuthorizationEnv, contract.AuthorizationWebIdentity}
	text, set := r.value(contract.AnnotationAuthorization)
	if set && !slices.Contains(legal, text) {
		r.reject(contract.AnnotationAuthorization, legal[0]+", "+legal[1]+" or "+legal[2])
		return ""
	}
	return text
}

// foreignSkip notes the wish that a container gets no AWS credentials where it is written for the webhook of IRSA alone. It is not obeyed: it
// may as well stand there so that the container gets ours in place of IRSA's. Our own annotation, the empty one too, says which.
func (r *annotationReader) foreignSkip() {
	_, foreign := r.annotations[annotationIRSASkip]
	if _, ours := r.annotations[contract.AnnotationSkipContainers]; foreign && !ours {
		r.notes = append(r.notes, fmt.Sprintf("annotation %s skips nothing here; set %s", annotationIRSASkip, contract.AnnotationSkipContainers))
	}
}

// containers is a list of names. It notes those that no container has: a misspelt one gives credentials to a container whose author
// did not want them, or none to one whose author did.
func (r *annotationReader) containers(annotation string, pod *corev1.Pod) set {
	text, _ := r.value(annotation)
	var listed []string
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			listed = append(listed, name)
		}
	}
	if len(listed) == 0 {
		return nil
	}
	all := setOf(listed, func(name *string) string { return *name })
	existing := setOf(applicationContainers(pod), func(c **corev1.Container) string { return (*c).Name })
	if unknown := slices.DeleteFunc(listed, existing.has); len(unknown) > 0 {
		r.notes = append(r.notes, fmt.Sprintf("annotation %s names containers that the pod does not have: %.60q", annotation, strings.Join(unknown, ", ")))
	}
	return all
}
