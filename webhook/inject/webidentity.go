package inject

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// The variables by which AWS SDKs exchange a token themselves.
const (
	envWebIdentityFile = "AWS_WEB_IDENTITY_TOKEN_FILE"
	envRoleARN         = "AWS_ROLE_ARN"
	envSessionName     = "AWS_ROLE_SESSION_NAME"
)

const (
	// webIdentityStatus is the status of a pod with a token of its own. It says what that gives up.
	webIdentityStatus = contract.StatusInjected + ": the application has the token for STS itself, and this role until the pod is created again"
	tokenNameMessage  = "the pod has a container or volume of its own named " + contract.ContainerName + " or " + contract.WebIdentityVolumeName + "; rename or remove it"
	// maxSessionName is the longest name of a session that STS takes, and minSessionName the shortest (API reference of AssumeRoleWithWebIdentity).
	maxSessionName, minSessionName = 64, 2
	// sdkSession is how long the sessions are for which SDKs ask: all leave that to STS.
	sdkSession = time.Hour
)

// webIdentity is what the applications of a pod get that has no sidecar.
type webIdentity struct {
	role, tokenFile string
	// sessionField is the field of the pod that names the session.
	sessionField string
}

func webIdentityOf(in Input) *webIdentity {
	w := &webIdentity{role: in.Identities.RoleARN, tokenFile: contract.WebIdentityMountPath + "/" + contract.TokenFile, sessionField: "metadata.name"}
	if isWindows(in.Pod) {
		// The kubelet mounts the path on the drive C.
		w.tokenFile = `C:` + strings.ReplaceAll(w.tokenFile, "/", `\`)
	}
	// A pod that a controller creates has no name yet, and will have one of 63 characters at most (names.go in k8s.io/apiserver).
	if n := len(in.Pod.Name); n > maxSessionName || in.Pod.Name != "" && n < minSessionName {
		w.sessionField = "metadata.uid"
	}
	return w
}

// value is that of a variable by which the containers find this identity, or "".
func (w *webIdentity) value(variable string) string {
	switch {
	case w != nil && variable == envRoleARN:
		return w.role
	case w != nil && variable == envWebIdentityFile:
		return w.tokenFile
	}
	return ""
}

// env has no settings by which the sidecar reaches STS but the endpoint: the others would count for all services that the application calls.
func (w *webIdentity) env(container *corev1.Container, settings Settings) []corev1.EnvVar {
	env := []corev1.EnvVar{
		{Name: envRoleARN, Value: w.role},
		{Name: envWebIdentityFile, Value: w.tokenFile},
		fieldEnv(envSessionName, w.sessionField),
	}
	if settings.STS.Endpoint != "" && !mayDefine(container, contract.EnvSTSEndpoint) {
		env = append(env, corev1.EnvVar{Name: contract.EnvSTSEndpoint, Value: settings.STS.Endpoint})
	}
	return env
}

// webIdentityReason is reasonFor of a pod that asks for contract.AuthorizationWebIdentity.
func webIdentityReason(in Input, options podOptions, settings Settings) Reason {
	eligible := eligibleContainers(in.Pod, options)
	hasOwn := func(c *corev1.Container) bool { return ownCredentials(c, options) != "" }
	switch {
	case tokenNameTaken(in.Pod, settings):
		return NameTaken
	case settings.UsesEKSAuth():
		return NoWebIdentity
	case in.Identities.IsZero():
		return NotAssociated
	case webIdentityRefusal(in, options, settings) != "":
		return NoWebIdentity
	case every(eligible, func(c *corev1.Container) bool { return hasOwn(c) && usesIRSA(c) }):
		return IRSA
	case every(eligible, hasOwn):
		return OwnCredentials
	}
	return WebIdentity
}

// webIdentityRefusal says why a pod cannot have its token: the sidecar or the service would give less to it than the token does.
func webIdentityRefusal(in Input, options podOptions, settings Settings) string {
	if settings.UsesEKSAuth() {
		return fmt.Sprintf("with --source=%s no token for STS can be had; remove %s", contract.SourceEKSAuth, contract.AnnotationAuthorization)
	}
	// Whatever a later version adds is refused until somebody decides that it restricts nothing.
	beyond := slices.DeleteFunc(given(in, options).For(in.Pod.Labels).Fields(), func(field string) bool {
		switch field {
		case "association", "roleARN", "disableSessionTags":
			return true
		case "sessionDuration":
			return time.Duration(in.Identities.SessionDuration) >= sdkSession
		}
		return false
	})
	if len(beyond) == 0 {
		return ""
	}
	return fmt.Sprintf("only a sidecar applies %s of its association; remove %s", strings.Join(beyond, " and "), contract.AnnotationAuthorization)
}

// tokenNameTaken reports whether a pod that gets no sidecar uses one of our names.
func tokenNameTaken(pod *corev1.Pod, settings Settings) bool {
	isOurs := func(c corev1.Container) bool { return c.Name == contract.ContainerName }
	return slices.ContainsFunc(pod.Spec.InitContainers, isOurs) || slices.ContainsFunc(pod.Spec.Containers, isOurs) ||
		slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool {
			return v.Name == contract.WebIdentityVolumeName && (!isTokenVolume(v) || !hasOurAudience(v, settings))
		})
}

// HasWebIdentity reports whether an admission has given the pod a token of its own.
func HasWebIdentity(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == contract.WebIdentityVolumeName && isTokenVolume(v) })
}

func isTokenVolume(volume corev1.Volume) bool {
	return volume.Projected != nil && len(volume.Projected.Sources) == 1 && isTokenSource(volume.Projected.Sources[0])
}

// webIdentityVolume has the token alone.
func webIdentityVolume(settings Settings) corev1.Volume {
	return corev1.Volume{Name: contract.WebIdentityVolumeName, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
		Sources: []corev1.VolumeProjection{tokenSource(settings)},
	}}}
}

// client is what a container gets besides its environment: a volume of the pod, and its mount.
type client struct {
	volumes []encodedVolume
	mount   json.RawMessage
	path    string
}

// mountOf is the mount of a folder of the volume, or of all of it where folder is empty.
func (c client) mountOf(folder string) json.RawMessage {
	if folder == "" {
		return c.mount
	}
	text := append([]byte{}, c.mount[:len(c.mount)-1]...)
	text, _ = jsontext.AppendQuote(append(text, `,"subPath":`...), folder)
	return append(text, '}')
}

func newClient(path string, mounted string, volumes ...corev1.Volume) client {
	c := client{path: path, mount: encode(corev1.VolumeMount{Name: mounted, MountPath: path, ReadOnly: true})}
	for _, volume := range volumes {
		c.volumes = append(c.volumes, encodedVolume{volume.Name, encode(volume)})
	}
	return c
}
