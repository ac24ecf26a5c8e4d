package webidentity

import (
	"strings"

	"github.com/podidentity/podidentity/sidecar/credentials"
)

// judge tells what a refusal of STS means for the next attempt, by the code, because STS sends throttling
// with the status of a bad request as well (README, Refusals of STS).
func judge(code, message string, status int) credentials.Verdict {
	switch strings.TrimSuffix(strings.ToLower(code), "exception") {
	case "throttling", "throttled", "requestlimitexceeded", "toomanyrequests", "slowdown", "requestthrottled":
		return credentials.Throttled
	// The kubelet is about to renew the token, or STS to reach the cluster's keys.
	case "expiredtoken", "idpcommunicationerror":
		return credentials.Transient
	case "invalididentitytoken":
		if strings.Contains(message, "Couldn't retrieve verification key") {
			return credentials.Transient
		}
		return credentials.Doubtful
	case "idprejectedclaim", "malformedpolicydocument", "packedpolicytoolarge", "regiondisabled", "validationerror":
		return credentials.Refused
	}
	if status == 429 {
		return credentials.Throttled
	}
	if status >= 400 && status < 500 {
		return credentials.Doubtful
	}
	return credentials.Transient
}

// advice is what to do about a refusal, to be appended to it.
func (s Source) advice(code string, h hop) string {
	switch strings.TrimSuffix(strings.ToLower(code), "exception") {
	case "accessdenied":
		if h.from != "" {
			return "; let its trust policy allow sts:AssumeRole and sts:TagSession to " + h.from
		}
		return "; let its trust policy allow sts:AssumeRoleWithWebIdentity to " + s.subject()
	case "invalididentitytoken":
		return "; give the account an IAM OIDC provider with this cluster's issuer and the token's audience"
	case "expiredtoken":
		return "; the kubelet should have renewed the service account token: check it and the clocks"
	case "malformedpolicydocument":
		return "; correct the policy of the association"
	case "packedpolicytoolarge":
		return "; shorten the policy of the association, or set disableSessionTags"
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
