package inject

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podidentity/podidentity/contract"
)

// binary is the only file in the sidecar's image besides the CA certificates.
const binary = "/sidecar"

// sidecar is the container that injection adds to a pod. Whatever it is made of beyond the settings is in sidecarKey.
func sidecar(options sidecarOptions, resources corev1.ResourceRequirements, user *int64, settings Settings) corev1.Container {
	listen := listenFlag + contract.ListenAddress(options.port)
	container := corev1.Container{
		Name:            contract.ContainerName,
		Image:           settings.Image,
		ImagePullPolicy: settings.ImagePullPolicy,
		Args:            []string{listen},
		Env:             sidecarEnv(options, settings),
		RestartPolicy:   new(corev1.ContainerRestartPolicyAlways),
		Resources:       resources,
		VolumeMounts: []corev1.VolumeMount{
			{Name: contract.VolumeName, MountPath: contract.MountPath, ReadOnly: true},
			{Name: contract.AuthorizationVolumeName, MountPath: contract.AuthorizationMountPath},
		},
		// The next container starts when this hook ends: once there are credentials, or it is known that none will come.
		Lifecycle: &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{
			Command: []string{binary, contract.CommandWait, listen, "--" + contract.FlagTimeout + "=" + options.wait.String()},
		}}},
		// The kubelet then shows the last error in the pod's status, for those who cannot read the log.
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
		SecurityContext:          securityContext(user),
	}
	if settings.UsesEKSAuth() {
		container.Args = append(container.Args, sourceFlag+settings.Source)
	}
	if options.metricsPort != 0 {
		container.Args = append(container.Args, metricsFlag+":"+strconv.Itoa(options.metricsPort))
		container.Ports = []corev1.ContainerPort{{Name: "podid-metrics", ContainerPort: int32(options.metricsPort)}}
	}
	addProbes(&container, options)
	return container
}

// sidecarEnv uses the names that AWS SDKs have for their settings.
func sidecarEnv(options sidecarOptions, settings Settings) []corev1.EnvVar {
	env := podEnv()
	caBundle := ""
	if settings.STS.CAConfigMap != "" {
		caBundle = contract.MountPath + "/" + contract.STSCAFile
	}
	for _, variable := range []corev1.EnvVar{
		{Name: contract.EnvRegion, Value: settings.Region},
		{Name: contract.EnvSTSEndpoint, Value: settings.STS.Endpoint},
		{Name: contract.EnvCABundle, Value: caBundle},
		{Name: contract.EnvFIPS, Value: trueOrEmpty(settings.STS.FIPS)},
		{Name: contract.EnvDualStack, Value: trueOrEmpty(settings.STS.DualStack)},
		{Name: contract.EnvEKSAuthEndpoint, Value: settings.EKSAuthEndpoint},
		{Name: contract.EnvClusterName, Value: settings.ClusterName},
		{Name: "HTTPS_PROXY", Value: settings.STS.HTTPSProxy},
		{Name: "NO_PROXY", Value: settings.STS.NoProxy},
		{Name: contract.EnvAuthorizationToken, Value: options.token},
		{Name: contract.EnvCriticalFields, Value: strings.Join(contract.KnownCritical(), ",")},
	} {
		if variable.Value != "" {
			env = append(env, variable)
		}
	}
	return env
}

// podEnv names the pod, for session tags.
func podEnv() []corev1.EnvVar {
	return []corev1.EnvVar{
		fieldEnv(contract.EnvPodName, "metadata.name"),
		fieldEnv(contract.EnvPodNamespace, "metadata.namespace"),
		fieldEnv(contract.EnvPodUID, "metadata.uid"),
		fieldEnv(contract.EnvPodServiceAccount, "spec.serviceAccountName"),
	}
}

func fieldEnv(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

func trueOrEmpty(on bool) string {
	if on {
		return "true"
	}
	return ""
}
