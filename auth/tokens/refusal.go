package tokens

import (
	"strings"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/contract"
)

// refusal sorts the API server's words about a token that it does not accept (k8s.io/kubernetes, pkg/serviceaccount). Words that
// tell of trouble of its own must not sound like a bad token, for which clients drop their credentials.
func refusal(words string) *exception.Exception {
	if has(words, "token has expired") {
		return exception.New(exception.ExpiredToken, "the API server refuses the token (%s): read the token file again before each request, the kubelet renews it", words)
	}
	if has(words, "etcdserver", "timed out", "timeout", "deadline exceeded", "canceled", "connection refused", "too many requests") {
		return exception.New(exception.ServiceUnavailable, "the API server could not judge the token (%s): ask again", words)
	}
	if has(words, "token audiences") {
		return exception.New(exception.InvalidToken, "the API server refuses the token (%s): project one for the audience %s", words, contract.AuthAudience)
	}
	if has(words, "has been invalidated", "has been deleted", "does not match") {
		return exception.New(exception.InvalidToken, "the API server refuses the token (%s): its pod or service account was deleted", words)
	}
	if words == "" {
		words = "it does not know it"
	}
	return exception.New(exception.InvalidToken, "the API server refuses the token (%s): send one that this cluster has issued", words)
}

func has(text string, any ...string) bool {
	for _, words := range any {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
