// Package contract holds what the webhook and the sidecar must agree on: names, paths, and the identity document.
// It imports nothing of ours and nothing of Kubernetes, so that the sidecar stays small.
package contract

// Domain is the prefix of every label, annotation and API group of the product.
const Domain = "podidentity.dev"

// Labels.
const (
	// LabelInject, on a namespace, switches injection on: see InjectEnabled and InjectAssociated.
	LabelInject = Domain + "/inject"
	// LabelInjected is written on every injected pod, with the value "true", so that pods can be selected by it.
	LabelInjected = Domain + "/injected"

	// InjectEnabled as the namespace label injects every pod of the namespace.
	InjectEnabled = "enabled"
	// InjectAssociated as the namespace label injects only pods whose service account has an identity at admission.
	InjectAssociated = "associated"
)

// Annotations that the author of a pod may set.
const (
	// AnnotationInject set to "false" opts a pod out.
	AnnotationInject = Domain + "/inject"
	// AnnotationWait bounds how long the start of the application waits for the first credentials, as "10s"; "0s" is
	// not at all.
	AnnotationWait = Domain + "/wait"
	// AnnotationReadiness set to "false" leaves out the readiness probe of the sidecar.
	AnnotationReadiness = Domain + "/readiness"
	// AnnotationPort chooses the port of the sidecar on 127.0.0.1.
	AnnotationPort = Domain + "/port"
	// AnnotationMetricsPort has the sidecar serve metrics on this port of the pod's address.
	AnnotationMetricsPort = Domain + "/metrics-port"
	// AnnotationAuthorization set to AuthorizationEnv puts the authorization token into the environment as well, for AWS
	// SDKs from before 2023-11, which do not read the file. Whoever may read the pod's spec then sees it.
	AnnotationAuthorization = Domain + "/authorization"
	// AnnotationSkipContainers lists, separated by commas, containers that shall not get credentials.
	AnnotationSkipContainers = Domain + "/skip-containers"
)

// Values of AnnotationAuthorization.
const (
	AuthorizationEnv      = "env"
	AuthorizationFileOnly = "file"
)

// Annotations that the product writes. What a user writes there is overwritten at admission.
const (
	// AnnotationStatus says in words what was done to a pod: StatusInjected, or "skipped: <a sentence>".
	AnnotationStatus = Domain + "/status"
	// AnnotationIdentity carries the identity document, see Identity.
	AnnotationIdentity = Domain + "/identity"
	// AnnotationAuthCA carries the authorities by which the auth service is known, certificates in PEM, in an installation
	// whose pods ask it.
	AnnotationAuthCA = Domain + "/auth-ca"

	// StatusInjected is the value of AnnotationStatus on an injected pod.
	StatusInjected = "injected"
)

// The container and the volumes that injection adds to a pod.
const (
	// ContainerName is the native sidecar.
	ContainerName = "pod-identity"
	// VolumeName is the projected volume of the sidecar: the service account token and the identity document.
	VolumeName = "pod-identity"
	// AuthorizationVolumeName is the memory-backed emptyDir through which the sidecar hands the authorization token to
	// the application.
	AuthorizationVolumeName = "pod-identity-authorization"
)

// AnnotationRoleARN, on a ServiceAccount, names its role for IRSA (Amazon EKS User Guide, "Assign IAM roles to Kubernetes
// service accounts").
const AnnotationRoleARN = "eks.amazonaws.com/role-arn"

// Namespace is where the product is installed, unless it is told otherwise.
const Namespace = "pod-identity"

const (
	// AuthCAConfigMap is the ConfigMap, in the namespace of the product, in which the auth service publishes its CAs.
	AuthCAConfigMap = "pod-identity-auth-ca"
	// CABundleKey is the key of CA certificates in PEM, in every ConfigMap and Secret.
	CABundleKey = "ca.crt"
)

// Environment of the sidecar that names its pod.
const (
	EnvPodName           = "POD_NAME"
	EnvPodNamespace      = "POD_NAMESPACE"
	EnvPodUID            = "POD_UID"
	EnvPodServiceAccount = "POD_SERVICE_ACCOUNT"
)

// Environment of the sidecar that names its cluster, for the session tags eks-cluster-name and eks-cluster-arn; may be
// absent.
const (
	EnvClusterName = "CLUSTER_NAME"
	EnvClusterARN  = "CLUSTER_ARN"
)

// Environment of the sidecar under the AWS SDKs' own names, with the meaning that they have there.
const (
	EnvRegion          = "AWS_REGION"
	EnvSTSEndpoint     = "AWS_ENDPOINT_URL_STS"
	EnvEKSAuthEndpoint = "AWS_ENDPOINT_URL_EKS_AUTH"
	EnvCABundle        = "AWS_CA_BUNDLE"
	EnvFIPS            = "AWS_USE_FIPS_ENDPOINT"
	EnvDualStack       = "AWS_USE_DUALSTACK_ENDPOINT"
	// EnvAuthorizationToken gives the authorization token to the sidecar as it does to an SDK.
	EnvAuthorizationToken = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
)

// Sources of credentials, the values of the sidecar's and the webhook's --source.
const (
	// SourceWebIdentity is AWS STS itself, which trusts the cluster's tokens by an OIDC provider.
	SourceWebIdentity = "web-identity"
	// SourceEKSAuth is a service that speaks the EKS Auth API.
	SourceEKSAuth = "eks-auth"
)

// FieldManager is the name under which the product writes to Kubernetes objects.
const FieldManager = "pod-identity"
