// Package contract holds what the binaries must agree on: names, paths, and the identity document. It imports only the standard
// library, so that the sidecar stays small.
package contract

// Domain is the prefix of every label, annotation and API group of the product.
const Domain = "podidentity.dev"

// Labels.
const (
	// LabelInject, on a namespace, enables injection; its values are InjectEnabled and InjectAssociated.
	LabelInject = Domain + "/inject"
	// LabelInjected is "true" on every injected pod.
	LabelInjected = Domain + "/injected"

	// InjectEnabled injects every pod of the namespace.
	InjectEnabled = "enabled"
	// InjectAssociated injects only pods whose service account has an identity at admission.
	InjectAssociated = "associated"
)

// Annotations that the author of a pod may set.
const (
	// AnnotationInject, with the value "false", opts a pod out.
	AnnotationInject = Domain + "/inject"
	// AnnotationWait bounds how long the start of the application waits for the first credentials, such as "10s".
	AnnotationWait = Domain + "/wait"
	// AnnotationReadiness chooses the probes of the sidecar: "true" by HTTP, "exec" by a process, "false" none.
	AnnotationReadiness = Domain + "/readiness"
	// AnnotationPort is the port of the sidecar on 127.0.0.1.
	AnnotationPort = Domain + "/port"
	// AnnotationMetricsPort is the port of the pod on which the sidecar serves metrics.
	AnnotationMetricsPort = Domain + "/metrics-port"
	// AnnotationAuthorization, with the value AuthorizationEnv, puts the authorization token into the environment as well, for AWS
	// SDKs from before 2023-11, which do not read the file. Whoever may read the pod's spec then sees it. With AuthorizationWebIdentity
	// the pod has no sidecar, and its applications exchange the service account token themselves, as with IRSA.
	AnnotationAuthorization = Domain + "/authorization"
	// AnnotationSkipContainers lists, separated by commas, containers that get no credentials.
	AnnotationSkipContainers = Domain + "/skip-containers"
	// AnnotationInjectContainers lists, separated by commas, containers that get credentials although they have some of their own, such
	// as a profile with credential_source = EcsContainer.
	AnnotationInjectContainers = Domain + "/inject-containers"
)

// Values of AnnotationAuthorization.
const (
	AuthorizationEnv         = "env"
	AuthorizationFileOnly    = "file"
	AuthorizationWebIdentity = "web-identity"
)

// Annotations that the product writes. What a user writes there is overwritten at admission.
const (
	// AnnotationStatus is StatusInjected, or "skipped: <a sentence>".
	AnnotationStatus = Domain + "/status"
	// AnnotationIdentity is the identity document; see Identity.
	AnnotationIdentity = Domain + "/identity"
	// AnnotationAuthCA is the CA bundle of the auth service, in PEM, in an installation whose pods use it.
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
	// AuthorizationVolumeName is the memory-backed emptyDir by which the application gets the authorization token.
	AuthorizationVolumeName = "pod-identity-authorization"
	// WebIdentityVolumeName is the projected volume of a pod with AuthorizationWebIdentity: the service account token, for its applications.
	WebIdentityVolumeName = "pod-identity-token"
)

// AnnotationRoleARN on a ServiceAccount names its role for IRSA (Amazon EKS User Guide, "Assign IAM roles to Kubernetes
// service accounts").
const AnnotationRoleARN = "eks.amazonaws.com/role-arn"

const (
	// AnnotationAllowedRoles on a Namespace has the patterns of the roles that its ServiceAccounts may choose, by AnnotationRole or
	// AnnotationRoleARN. It belongs to whoever may change the Namespace.
	AnnotationAllowedRoles = Domain + "/allowed-roles"
	// AnnotationRole on a ServiceAccount chooses a role that its Namespace allows. Without AnnotationAllowedRoles it counts for nothing.
	AnnotationRole = Domain + "/role-arn"
)

// Namespace is the default namespace of the product.
const Namespace = "pod-identity"

const (
	// AuthCAConfigMap is the ConfigMap, in the namespace of the product, in which the auth service publishes its CA bundle.
	AuthCAConfigMap = "pod-identity-auth-ca"
	// CABundleKey is the key of the CA bundle, in PEM, in every ConfigMap and Secret.
	CABundleKey = "ca.crt"
)

// Environment of the sidecar that names its pod.
const (
	EnvPodName           = "POD_NAME"
	EnvPodNamespace      = "POD_NAMESPACE"
	EnvPodUID            = "POD_UID"
	EnvPodServiceAccount = "POD_SERVICE_ACCOUNT"
)

// EnvCriticalFields lists, on the sidecar, the critical fields of the identity document that it knows, separated by commas. Whoever
// writes the document reads it, because nobody can change it; the sidecar does not.
const EnvCriticalFields = "CRITICAL_FIELDS"

// Environment of the sidecar that names containers, separated by commas. They are no arguments, since older webhooks, which may lead while a
// release is rolled out or back, take a sidecar with arguments that they do not know for somebody else's.
const (
	// EnvContainers are those that have an authorization token of their own; see AuthorizationFolder.
	EnvContainers = "CONTAINERS"
	// EnvSkippedContainers are those that get no credentials. Where there are any, the sidecar replaces at its start the tokens that an earlier
	// process of it wrote.
	EnvSkippedContainers = "SKIPPED_CONTAINERS"
)

// Environment of the sidecar that names its cluster, for the session tags. It is optional.
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

// Sources of credentials: the values of --source, of the sidecar and of the webhook.
const (
	// SourceWebIdentity is AWS STS, which trusts the tokens of the cluster by an OIDC provider.
	SourceWebIdentity = "web-identity"
	// SourceEKSAuth is a service that implements the EKS Auth API.
	SourceEKSAuth = "eks-auth"
)

// The command line of the sidecar, which the webhook writes into pods.
const (
	CommandWait  = "wait"
	CommandProbe = "probe"
	// CommandExchange prints credentials and ends.
	CommandExchange = "exchange"

	FlagIdentity = "identity"
	FlagToken    = "token"
	FlagListen   = "listen"
	FlagMetrics  = "metrics"
	// FlagProbe is the address of ReadyzPath and LivezPath, on the pod's address.
	FlagProbe = "probe"
	// FlagLive makes CommandProbe answer as LivezPath does.
	FlagLive    = "live"
	FlagSource  = "source"
	FlagTimeout = "timeout"
)

// FieldManager is the field manager of the product in server-side apply.
const FieldManager = "pod-identity"
