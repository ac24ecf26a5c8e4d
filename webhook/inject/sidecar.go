package inject

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// binary is the one file of the sidecar's image, besides the CA certificates.
const binary = "/sidecar"

// sidecar is the container that is added to a pod.
func sidecar(pod *corev1.Pod, a asked, settings Settings) corev1.Container {
	listen := listenFlag + contract.ListenAddress(a.port)
	container := corev1.Container{
		Name:            contract.ContainerName,
		Image:           settings.Image,
		ImagePullPolicy: settings.ImagePullPolicy,
		Args:            []string{listen},
		Env:             sidecarEnv(a, settings),
		RestartPolicy:   new(corev1.ContainerRestartPolicyAlways),
		Resources:       resources(pod, settings),
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
	if settings.AsksAuthService() {
		container.Args = append(container.Args, "--source="+settings.Source)
	}
	if a.metricsPort != 0 {
		container.Args = append(container.Args, metricsFlag+":"+strconv.Itoa(a.metricsPort))
		container.Ports = []corev1.ContainerPort{{Name: "podid-metrics", ContainerPort: int32(a.metricsPort)}}
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

// sidecarEnv speaks the SDKs' own names.
func sidecarEnv(a asked, settings Settings) []corev1.EnvVar {
	env := []corev1.EnvVar{
		fromField(contract.EnvPodName, "metadata.name"),
		fromField(contract.EnvPodNamespace, "metadata.namespace"),
		fromField(contract.EnvPodUID, "metadata.uid"),
		fromField(contract.EnvPodServiceAccount, "spec.serviceAccountName"),
	}
	caBundle := ""
	if settings.STS.CAConfigMap != "" {
		caBundle = contract.MountPath + "/" + contract.STSCAFile
	}
	for _, variable := range []corev1.EnvVar{
		{Name: "AWS_REGION", Value: settings.Region},
		{Name: "AWS_ENDPOINT_URL_STS", Value: settings.STS.Endpoint},
		{Name: "AWS_CA_BUNDLE", Value: caBundle},
		{Name: "AWS_USE_FIPS_ENDPOINT", Value: onlyTrue(settings.STS.FIPS)},
		{Name: "AWS_USE_DUALSTACK_ENDPOINT", Value: onlyTrue(settings.STS.DualStack)},
		{Name: contract.EnvEKSAuthEndpoint, Value: settings.EKSAuthEndpoint},
		{Name: contract.EnvClusterName, Value: settings.ClusterName},
		{Name: "HTTPS_PROXY", Value: settings.STS.HTTPSProxy},
		{Name: "NO_PROXY", Value: settings.STS.NoProxy},
		{Name: envAuthorization, Value: a.token},
	} {
		if variable.Value != "" {
			env = append(env, variable)
		}
	}
	return env
}

func fromField(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

func onlyTrue(on bool) string {
	if on {
		return "true"
	}
	return ""
}
