package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PodIdentityAssociation gives one IAM role to the pods of a service account.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,shortName=pia
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Namespace",type=string,JSONPath=`.spec.namespace`
// +kubebuilder:printcolumn:name="ServiceAccount",type=string,JSONPath=`.spec.serviceAccount`
// +kubebuilder:printcolumn:name="Container",type=string,JSONPath=`.spec.container`,priority=1
// +kubebuilder:printcolumn:name="Role",type=string,JSONPath=`.spec.roleARN`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Pods",type=integer,JSONPath=`.status.pods`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type PodIdentityAssociation struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec says which pods get which role.
	// +required
	Spec PodIdentityAssociationSpec `json:"spec"`

	// Status is what the webhook has observed.
	// +optional
	Status PodIdentityAssociationStatus `json:"status,omitzero"`
}

// PodIdentityAssociationSpec has the fields of the EKS API and of its ACK controller, under the same names.
//
// +kubebuilder:validation:XValidation:rule="has(self.container) == has(oldSelf.container)",message="container is immutable: delete this association and create another"
// +kubebuilder:validation:XValidation:rule="!has(self.tagLabels) || !has(self.disableSessionTags) || !self.disableSessionTags",message="tagLabels are sent with the session tags: remove disableSessionTags, or remove tagLabels"
// +kubebuilder:validation:XValidation:rule="!has(self.externalID) || has(self.targetRoleARN)",message="externalID is sent only with the assumption of targetRoleARN: set targetRoleARN, or remove externalID"
// +kubebuilder:validation:XValidation:rule="!has(self.policy) || (has(self.disableSessionTags) && self.disableSessionTags)",message="policy and session tags exclude each other, as in EKS: set disableSessionTags to true, or remove policy"
type PodIdentityAssociationSpec struct {
	// Namespace of the pods, in which * stands for any characters. If several associations match a pod, the most specific one
	// takes precedence: an exact name before a pattern, and a pattern with more characters before its first * before one with
	// fewer. The namespaces are compared first, then the service accounts, then the ages: the oldest takes precedence.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$')",message="namespace must be the name of a Kubernetes namespace, in which * may stand for any characters: lower-case letters, digits and '-', beginning and ending with a letter or digit"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="namespace is immutable: delete this association and create another"
	Namespace string `json:"namespace"`

	// ServiceAccount of the pods, in which * stands for any characters. It need not exist yet.
	// +required
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?([.][a-z0-9*]([-a-z0-9*]*[a-z0-9*])?)*$')",message="serviceAccount must be the name of a Kubernetes service account, in which * may stand for any characters: lower-case letters, digits, '-' and '.', beginning and ending with a letter or digit"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="serviceAccount is immutable: delete this association and create another"
	ServiceAccount string `json:"serviceAccount"`

	// Container, if set, is the name of the only container of the pods that gets the role, in which * stands for any characters: a
	// container of the application or an init container. It takes precedence over every association without a container. Every other
	// container of the pods gets the role of the association without a container, if there is one. Of several that match, the most
	// specific takes precedence: the namespaces are compared first, then the service accounts, then the containers, then the ages.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9*]([-a-z0-9*]*[a-z0-9*])?$')",message="container must be the name of a container, in which * may stand for any characters: lower-case letters, digits and '-', beginning and ending with a letter or digit"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="container is immutable: delete this association and create another"
	Container string `json:"container,omitempty"`

	// RoleARN is the IAM role whose credentials the pods get. Its trust policy must allow the cluster's OIDC provider, or the auth
	// service, to assume it for the service account.
	// +required
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^arn:[a-z0-9-]+:iam:[a-z0-9-]*:([0-9]{12})?:role/[a-zA-Z0-9_+=,.@/-]+$')",message="roleARN must be the ARN of an IAM role, such as arn:aws:iam::111122223333:role/reader"
	RoleARN string `json:"roleARN"`

	// TargetRoleARN is a second role, usually of another account, which is assumed with the credentials of RoleARN. The pods get
	// its credentials, for at most one hour.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^arn:[a-z0-9-]+:iam:[a-z0-9-]*:([0-9]{12})?:role/[a-zA-Z0-9_+=,.@/-]+$')",message="targetRoleARN must be the ARN of an IAM role, such as arn:aws:iam::444455556666:role/target"
	TargetRoleARN string `json:"targetRoleARN,omitempty"`

	// ExternalID is the external ID with which TargetRoleARN is assumed.
	// +optional
	// +kubebuilder:validation:MaxLength=1224
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-zA-Z0-9_+=,.@:/-]{2,}$')",message="externalID must be at least 2 characters out of letters, digits and _+=,.@:/-"
	ExternalID string `json:"externalID,omitempty"`

	// DisableSessionTags omits the session tags. With --source=eks-auth the auth service sends them, and trust policies may rely on
	// them. With --source=web-identity, the default, the pod sends them with the assumption of TargetRoleARN: whoever may create
	// pods with the service account chooses them. The condition SessionVerified says which of the two it is.
	// +optional
	DisableSessionTags bool `json:"disableSessionTags,omitempty"`

	// Policy is a session policy, as JSON text. The pods may do only what both it and the role allow; with TargetRoleARN it
	// applies to the target role. It requires DisableSessionTags. With --source=web-identity, the default, the pod sends it: it
	// binds nobody who may create pods with the service account.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:validation:XValidation:rule="self.matches('^\\\\s*[{](.|\\\\s)*[}]\\\\s*$')",message="policy must be the JSON text of an IAM policy: it begins with { and ends with }"
	Policy string `json:"policy,omitempty"`

	// SessionDuration is how long credentials are valid: from 15m to 12h, and at most the maximum session duration of the role.
	// The default is 1h.
	// ---
	// It is text and not a metav1.Duration, so that one invalid object cannot break the watch of all.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+[hms])+$') && duration(self) >= duration('15m') && duration(self) <= duration('12h')",message="sessionDuration must be a duration with units between 15m and 12h, such as 1h30m"
	SessionDuration string `json:"sessionDuration,omitempty"`

	// SourceIdentity is what CloudTrail shows as the source identity of the sessions, and policies test as aws:SourceIdentity: PodName is
	// the name of the pod, of which one character, or more than 64, are cut and followed by a digest. It is sent with AssumeRole alone:
	// with --source=web-identity, the default, only for TargetRoleARN. The trust policies must then allow sts:SetSourceIdentity.
	// +optional
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:XValidation:rule="self.matches('^PodName$')",message="sourceIdentity must be PodName: set it so, or remove it"
	SourceIdentity string `json:"sourceIdentity,omitempty"`

	// TagLabels are keys of labels. Those that a pod has become session tags, beside the ones of EKS and transitive as these: whoever may
	// create or label pods chooses their values. They are sent with AssumeRole alone: with --source=web-identity, the default, only for
	// TargetRoleARN.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	// +kubebuilder:validation:items:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.all(key, key.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$'))",message="tagLabels must be keys of labels, such as team or shop.example.com/team"
	// +kubebuilder:validation:XValidation:rule="self.all(key, !(key.lowerAscii() in ['eks-cluster-arn', 'eks-cluster-name', 'kubernetes-namespace', 'kubernetes-service-account', 'kubernetes-pod-name', 'kubernetes-pod-uid']))",message="tagLabels must not have the key of a session tag of EKS, such as kubernetes-namespace: choose another label"
	// +kubebuilder:validation:XValidation:rule="self.all(key, self.exists_one(other, other.lowerAscii() == key.lowerAscii()))",message="tagLabels must not have a key twice, and STS knows no case in the keys of tags: remove one of them"
	TagLabels []string `json:"tagLabels,omitempty"`
}

// PodIdentityAssociationStatus is written by the leading replica of the webhook within a few seconds.
type PodIdentityAssociationStatus struct {
	// ObservedGeneration is the generation of the spec that this status is about.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Pods is how many active pods have this identity.
	// +optional
	Pods int32 `json:"pods"`

	// Conditions are of the types Ready, Conflicted and SessionVerified.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Types of conditions.
const (
	// ConditionReady is true if the association is in effect and all of its pods get credentials.
	ConditionReady = "Ready"
	// ConditionConflicted is true if an older association with the same namespace and service account takes precedence.
	ConditionConflicted = "Conflicted"
	// ConditionSessionVerified is false if session tags or the session policy are the pod's own word, so that they bind nobody who
	// may create pods with the service account.
	ConditionSessionVerified = "SessionVerified"
)

// Reasons of conditions.
const (
	// ReasonInEffect: pods get the role.
	ReasonInEffect = "InEffect"
	// ReasonNoCredentials: some of its pods have had no credentials for a while.
	ReasonNoCredentials = "NoCredentials"
	// ReasonNoNewCredentials: some of its pods have had credentials and get no new ones.
	ReasonNoNewCredentials = "NoNewCredentials"
	// ReasonConflicted: another association takes precedence.
	ReasonConflicted = "Conflicted"
	// ReasonUnusable: the spec cannot be used, although the API server accepted it.
	ReasonUnusable = "Unusable"
	// ReasonNoConflict: no other association takes precedence.
	ReasonNoConflict = "NoConflict"
	// ReasonVerifiedByService: the service that gives the credentials chooses session tags and session policy.
	ReasonVerifiedByService = "VerifiedByService"
	// ReasonNothingToVerify: the session has neither session tags nor a session policy.
	ReasonNothingToVerify = "NothingToVerify"
	// ReasonTagsUnverified: the pod sends the session tags.
	ReasonTagsUnverified = "TagsUnverified"
	// ReasonPolicyUnverified: the pod sends the session policy.
	ReasonPolicyUnverified = "PolicyUnverified"
	// ReasonSourceIdentityUnverified: the pod sends the source identity.
	ReasonSourceIdentityUnverified = "SourceIdentityUnverified"
	// ReasonNotSent: nothing sends the source identity and the labels that the association asks for.
	ReasonNotSent = "NotSent"
)

// PodIdentityAssociationList is a list of associations.
//
// +kubebuilder:object:root=true
type PodIdentityAssociationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []PodIdentityAssociation `json:"items"`
}
