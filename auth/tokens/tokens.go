// Package tokens finds the pod that a service account token belongs to, by a TokenReview: the content of a token is never trusted
// without one.
package tokens

import (
	"context"
	"slices"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/upstream"
)

// reviewTimeout bounds a TokenReview.
const reviewTimeout = 10 * time.Second

// Keys of the extra fields with the pod of a token (k8s.io/apiserver, pkg/authentication/serviceaccount).
const (
	podNameKey = "authentication.kubernetes.io/pod-name"
	podUIDKey  = "authentication.kubernetes.io/pod-uid"
)

// Pod is the pod that a token belongs to, with its service account.
type Pod struct {
	Namespace, ServiceAccount, Name, UID string
}

// Reviewer creates TokenReviews. It caches none: the API server already caches them for ten seconds, and a deleted pod must not be
// served for longer.
type Reviewer struct {
	Reviews authenticationclient.TokenReviewInterface
}

// Review returns the pod of a token. Its errors are *exception.Exception.
func (r Reviewer) Review(ctx context.Context, token string) (Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
	defer cancel()
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: []string{contract.AuthAudience}}}
	review, err := r.Reviews.Create(ctx, review, metav1.CreateOptions{})
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		return Pod{}, exception.New(exception.InternalServer, "the auth service is not allowed to create TokenReviews (%s): apply its manifests again", upstream.Line(err.Error(), token))
	}
	if err != nil {
		return Pod{}, exception.New(exception.ServiceUnavailable, "the API server did not review the token (%s): retry", upstream.Line(err.Error(), token))
	}
	if !review.Status.Authenticated {
		return Pod{}, reject(upstream.Line(review.Status.Error, token))
	}
	return podOf(review.Status)
}

// podOf reads the pod from the status of an authenticated token.
func podOf(status authenticationv1.TokenReviewStatus) (Pod, error) {
	// An authenticator that does not support audiences returns none.
	if !slices.Contains(status.Audiences, contract.AuthAudience) {
		return Pod{}, exception.New(exception.InvalidToken, "the token is for another audience: project one for the audience %s", contract.AuthAudience)
	}
	account, isAccount := strings.CutPrefix(status.User.Username, "system:serviceaccount:")
	namespace, name, isPair := strings.Cut(account, ":")
	if !isAccount || !isPair {
		return Pod{}, exception.New(exception.InvalidToken, "the token does not belong to a service account: project one into the pod")
	}
	pod := Pod{
		Namespace: namespace, ServiceAccount: name,
		Name: onlyValue(status.User.Extra[podNameKey]), UID: onlyValue(status.User.Extra[podUIDKey]),
	}
	if pod.Name == "" || pod.UID == "" {
		return Pod{}, exception.New(exception.InvalidToken, "the token is not bound to a pod: project one into the pod, since those of `kubectl create token` and of Secrets are not")
	}
	return pod, nil
}

func onlyValue(values authenticationv1.ExtraValue) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}
