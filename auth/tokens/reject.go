package tokens

import (
	"slices"
	"strings"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/contract"
)

// reject turns the API server's message about a token that it does not accept (k8s.io/kubernetes, pkg/serviceaccount) into an
// exception. A message about a failure of its own must not look like a bad token, for which clients drop their credentials.
func reject(message string) *exception.Exception {
	if containsAny(message, "token has expired") {
		return exception.New(exception.ExpiredToken, "the API server rejects the token (%s): read the token file before each request, since the kubelet renews it", message)
	}
	if containsAny(message, "etcdserver", "timed out", "timeout", "deadline exceeded", "canceled", "connection refused", "too many requests") {
		return exception.New(exception.ServiceUnavailable, "the API server failed to review the token (%s): retry", message)
	}
	if containsAny(message, "token audiences") {
		return exception.New(exception.InvalidToken, "the API server rejects the token (%s): project one for the audience %s", message, contract.AuthAudience)
	}
	if containsAny(message, "has been invalidated", "has been deleted", "does not match") {
		return exception.New(exception.InvalidToken, "the API server rejects the token (%s): its pod or service account was deleted", message)
	}
	if message == "" {
		message = "no reason given"
	}
	return exception.New(exception.InvalidToken, "the API server rejects the token (%s): send one that this cluster has issued", message)
}

func containsAny(text string, substrings ...string) bool {
	return slices.ContainsFunc(substrings, func(substring string) bool { return strings.Contains(text, substring) })
}
