// Package tokens finds out to which pod a service account token belongs, by asking the API server. Nothing in a token is
// believed before.
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

// patience is how long the API server may take.
const patience = 10 * time.Second

// Where the API server tells the pod of a token (k8s.io/apiserver, pkg/authentication/serviceaccount).
const (
	podNameKey = "authentication.kubernetes.io/pod-name"
	podUIDKey  = "authentication.kubernetes.io/pod-uid"
)

// Pod is to whom a token belongs.
type Pod struct {
	Namespace, ServiceAccount, Name, UID string
}

// Reviewer asks the API server. Its verdicts are not kept: the API server itself keeps them for ten seconds, and a pod that is
// deleted must not be served any longer than that.
type Reviewer struct {
	Reviews authenticationclient.TokenReviewInterface
}

// Review returns the pod of a token. Its errors are *exception.Exception.
func (r Reviewer) Review(ctx context.Context, token string) (Pod, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	review := &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token, Audiences: []string{contract.AuthAudience}}}
	review, err := r.Reviews.Create(ctx, review, metav1.CreateOptions{})
	if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
		return Pod{}, exception.New(exception.InternalServer, "the auth service may not ask the API server about tokens (%s): apply its manifests again", upstream.Line(err.Error(), token))
	}
	if err != nil {
		return Pod{}, exception.New(exception.ServiceUnavailable, "the API server could not be asked about the token (%s): ask again", upstream.Line(err.Error(), token))
	}
	if !review.Status.Authenticated {
		return Pod{}, refusal(upstream.Line(review.Status.Error, token))
	}
	return podOf(review.Status)
}

// podOf reads the verdict on a genuine token.
func podOf(verdict authenticationv1.TokenReviewStatus) (Pod, error) {
	// An authenticator that knows no audiences says so by naming none.
	if !slices.Contains(verdict.Audiences, contract.AuthAudience) {
		return Pod{}, exception.New(exception.InvalidToken, "the token is for another audience: project one for the audience %s", contract.AuthAudience)
	}
	account, isAccount := strings.CutPrefix(verdict.User.Username, "system:serviceaccount:")
	namespace, name, isPair := strings.Cut(account, ":")
	if !isAccount || !isPair {
		return Pod{}, exception.New(exception.InvalidToken, "the token is not one of a service account: project one into the pod")
	}
	pod := Pod{
		Namespace: namespace, ServiceAccount: name,
		Name: single(verdict.User.Extra[podNameKey]), UID: single(verdict.User.Extra[podUIDKey]),
	}
	if pod.Name == "" || pod.UID == "" {
		return Pod{}, exception.New(exception.InvalidToken, "the token is bound to no pod: project one into the pod, for `kubectl create token` and Secrets give others")
	}
	return pod, nil
}

func single(values authenticationv1.ExtraValue) string {
	if len(values) != 1 {
		return ""
	}
	return values[0]
}
