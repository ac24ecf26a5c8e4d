package inject

import (
	"maps"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// binary is the one file of the sidecar's image, besides the CA certificates.
const binary = "/sidecar"

// unprivilegedUser is the user of the sidecar's image.
const unprivilegedUser int64 = 65532

// sidecar is the container that is added to a pod.
func sidecar(pod *corev1.Pod, a asked, settings Settings) corev1.Container {
	listen := "--listen=" + contract.ListenAddress(a.port)
	container := corev1.Container{
		Name:            contract.ContainerName,
		Image:           settings.Image,
		ImagePullPolicy: settings.ImagePullPolicy,
		Args:            []string{listen},
		Env:             sidecarEnv(settings),
		RestartPolicy:   new(corev1.ContainerRestartPolicyAlways),
		Resources: corev1.ResourceRequirements{
			Requests: maps.Clone(settings.Resources.Requests),
			Limits:   maps.Clone(settings.Resources.Limits),
		},
		VolumeMounts: []corev1.VolumeMount{
			{Name: contract.VolumeName, MountPath: contract.MountPath, ReadOnly: true},
			{Name: contract.AuthorizationVolumeName, MountPath: contract.AuthorizationMountPath},
		},
		// The next container starts when this hook is over: with the credentials there, or known not to come.
		Lifecycle: &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{
			Command: []string{binary, "wait", listen, "--timeout=" + a.wait.String()},
		}}},
		// A last error that the kubelet shows in the pod's status, where the log is out of reach.
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		SecurityContext:          securityContext(pod),
	}
	if a.readiness {
		container.ReadinessProbe = &corev1.Probe{
			ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{binary, "probe", listen}}},
			// A kubelet younger than this puts off the first probe of a pod by up to this, so a long period would delay
			// the pods of a new node; each probe costs the node a process.
			PeriodSeconds:    30,
			TimeoutSeconds:   5,
			FailureThreshold: 1,
		}
	}
	return container
}

func sidecarEnv(settings Settings) []corev1.EnvVar {
	env := []corev1.EnvVar{
		fromField(contract.EnvPodName, "metadata.name"),
		fromField(contract.EnvPodNamespace, "metadata.namespace"),
		fromField(contract.EnvPodUID, "metadata.uid"),
		fromField(contract.EnvPodServiceAccount, "spec.serviceAccountName"),
	}
	if settings.Region != "" {
		env = append(env, corev1.EnvVar{Name: "AWS_REGION", Value: settings.Region})
	}
	if settings.STSEndpoint != "" {
		env = append(env, corev1.EnvVar{Name: "AWS_ENDPOINT_URL_STS", Value: settings.STSEndpoint})
	}
	return env
}

func fromField(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

// securityContext passes the Pod Security Standard "restricted". It names a user only where the pod as a whole runs as
// root: elsewhere the pod's own choice, or that of OpenShift's range, or the image's user holds.
func securityContext(pod *corev1.Pod) *corev1.SecurityContext {
	context := &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		Privileged:               new(false),
		ReadOnlyRootFilesystem:   new(true),
		RunAsNonRoot:             new(true),
		SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	if of := pod.Spec.SecurityContext; of != nil && of.RunAsUser != nil && *of.RunAsUser == 0 {
		context.RunAsUser = new(unprivilegedUser)
	}
	return context
}
