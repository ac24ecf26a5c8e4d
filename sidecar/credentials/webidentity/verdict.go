package webidentity

import (
	"strings"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// verdict depends on the code first, because STS may send throttling with the status of a bad request (README, Refusals of STS).
func verdict(code, message string, status int) credentials.Verdict {
	switch strings.TrimSuffix(strings.ToLower(code), "exception") {
	case "throttling", "throttled", "requestlimitexceeded", "toomanyrequests", "slowdown", "requestthrottled":
		return credentials.Throttled
	// The kubelet will renew the token, or STS reach the keys of the cluster.
	case "expiredtoken", "idpcommunicationerror":
		return credentials.Transient
	case "invalididentitytoken":
		if strings.Contains(message, "Couldn't retrieve verification key") {
			return credentials.Transient
		}
		return credentials.Provisional
	case "idprejectedclaim", "malformedpolicydocument", "packedpolicytoolarge", "regiondisabled", "validationerror":
		return credentials.Refused
	}
	if status == 429 {
		return credentials.Throttled
	}
	if status >= 400 && status < 500 {
		return credentials.Provisional
	}
	return credentials.Transient
}

// remedy says what to do about a refusal.
func (s Source) remedy(code string, h hop) string {
	switch strings.TrimSuffix(strings.ToLower(code), "exception") {
	case "accessdenied":
		if h.caller != "" {
			return "; let its trust policy allow " + h.actions + " to " + h.caller
		}
		return "; let its trust policy allow sts:AssumeRoleWithWebIdentity to " + s.subject()
	case "invalididentitytoken":
		return "; create an IAM OIDC provider in the account, with this cluster's issuer and the token's audience"
	case "expiredtoken":
		return "; check why the kubelet has not renewed the service account token, and the clocks"
	case "malformedpolicydocument":
		return "; correct the policy of the association"
	case "packedpolicytoolarge":
		return "; shorten the policy or the tagLabels of the association, or set disableSessionTags"
	case "regiondisabled":
		return "; enable STS for the region in the account, or set AWS_REGION to another"
	case "validationerror":
		return "; correct the association, and compare its sessionDuration with the role's maximum"
	}
	return ""
}

func (s Source) subject() string {
	if s.Pod.Namespace == "" || s.Pod.ServiceAccount == "" {
		return "the subject of the token"
	}
	return "system:serviceaccount:" + s.Pod.Namespace + ":" + s.Pod.ServiceAccount
}
