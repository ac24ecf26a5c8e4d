package tokens_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	"k8s.io/client-go/rest"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/auth/tokens"
)

const jwt = "head.body.signature"

// reviewer uses an API server that answers with the status code and the verdict. The real one is used in e2e; this one has answers
// that are rare there.
func reviewer(t *testing.T, code int, verdict authenticationv1.TokenReviewStatus) tokens.Reviewer {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review authenticationv1.TokenReview
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil || r.URL.Path != "/apis/authentication.k8s.io/v1/tokenreviews" ||
			review.Spec.Token != jwt || len(review.Spec.Audiences) != 1 || review.Spec.Audiences[0] != "pods.eks.amazonaws.com" {
			t.Errorf("asked %s %+v: %v", r.URL, review.Spec, err)
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		var answer any = authenticationv1.TokenReview{TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenReview"}, Status: verdict}
		if code >= 400 {
			answer = metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Code: int32(code), Reason: metav1.StatusReason(verdict.Error), Message: "no, not " + jwt}
		}
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	client, err := authenticationclient.NewForConfig(&rest.Config{Host: server.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}})
	if err != nil {
		t.Fatal(err)
	}
	return tokens.Reviewer{Reviews: client.TokenReviews()}
}

// genuine is the verdict on a good token.
func genuine() authenticationv1.TokenReviewStatus {
	return authenticationv1.TokenReviewStatus{
		Authenticated: true,
		Audiences:     []string{"pods.eks.amazonaws.com"},
		User: authenticationv1.UserInfo{Username: "system:serviceaccount:shop:front", Extra: map[string]authenticationv1.ExtraValue{
			"authentication.kubernetes.io/pod-name": {"web-0"}, "authentication.kubernetes.io/pod-uid": {"0a1b"},
		}},
	}
}

func TestThePodIsTheOneThatTheAPIServerNames(t *testing.T) {
	pod, err := reviewer(t, http.StatusCreated, genuine()).Review(t.Context(), jwt)
	if want := (tokens.Pod{Namespace: "shop", ServiceAccount: "front", Name: "web-0", UID: "0a1b"}); err != nil || pod != want {
		t.Errorf("got %+v, %v", pod, err)
	}
}

func TestATokenIsRefusedByTheVerdictOfTheAPIServer(t *testing.T) {
	refused := func(words string) func(*authenticationv1.TokenReviewStatus) {
		return func(v *authenticationv1.TokenReviewStatus) { *v = authenticationv1.TokenReviewStatus{Error: words} }
	}
	for name, test := range map[string]struct {
		verdict func(*authenticationv1.TokenReviewStatus)
		kind    exception.Kind
		says    string
	}{
		"an expired one":                       {refused("[invalid bearer token, service account token has expired]"), exception.ExpiredToken, "read the token file before each request"},
		"one of a deleted pod":                 {refused("[invalid bearer token, service account token has been invalidated]"), exception.InvalidToken, "was deleted"},
		"one of a pod that was made anew":      {refused("pod UID (b) does not match service account pod ref claim (a)"), exception.InvalidToken, "was deleted"},
		"one for another audience":             {refused(`[invalid bearer token, token audiences ["x"] is invalid for the target audiences ["pods.eks.amazonaws.com"]]`), exception.InvalidToken, "project one for the audience pods.eks.amazonaws.com"},
		"a forged one":                         {refused("[invalid bearer token, square/go-jose: error in cryptographic primitive]"), exception.InvalidToken, "that this cluster has issued"},
		"one of another cluster":               {refused(""), exception.InvalidToken, "that this cluster has issued"},
		"one that could not be looked up":      {refused("etcdserver: request timed out"), exception.ServiceUnavailable, "retry"},
		"one whose words repeat it":            {refused("no " + jwt), exception.InvalidToken, "no [secret]"},
		"one whose audience nobody looked at":  {func(v *authenticationv1.TokenReviewStatus) { v.Audiences = nil }, exception.InvalidToken, "another audience"},
		"one that is for another audience too": {func(v *authenticationv1.TokenReviewStatus) { v.Audiences = []string{"x"} }, exception.InvalidToken, "another audience"},
		"one of a user":                        {func(v *authenticationv1.TokenReviewStatus) { v.User.Username = "admin" }, exception.InvalidToken, "does not belong to a service account"},
		"one of no namespace":                  {func(v *authenticationv1.TokenReviewStatus) { v.User.Username = "system:serviceaccount:front" }, exception.InvalidToken, "does not belong to a service account"},
		"one that is bound to no pod":          {func(v *authenticationv1.TokenReviewStatus) { v.User.Extra = nil }, exception.InvalidToken, "not bound to a pod"},
		"one that is bound to two": {func(v *authenticationv1.TokenReviewStatus) {
			v.User.Extra["authentication.kubernetes.io/pod-uid"] = authenticationv1.ExtraValue{"a", "b"}
		}, exception.InvalidToken, "not bound to a pod"},
	} {
		t.Run(name, func(t *testing.T) {
			verdict := genuine()
			test.verdict(&verdict)
			assertRefused(t, reviewer(t, http.StatusCreated, verdict), test.kind, test.says)
		})
	}
}

func TestAnAPIServerThatDoesNotJudgeMakesNoTokenInvalid(t *testing.T) {
	for name, test := range map[string]struct {
		code   int
		reason string
		kind   exception.Kind
		says   string
	}{
		"it forbids us to ask": {http.StatusForbidden, string(metav1.StatusReasonForbidden), exception.InternalServer, "apply its manifests again"},
		"it has failed":        {http.StatusInternalServerError, string(metav1.StatusReasonInternalError), exception.ServiceUnavailable, "retry"},
	} {
		t.Run(name, func(t *testing.T) {
			assertRefused(t, reviewer(t, test.code, authenticationv1.TokenReviewStatus{Error: test.reason}), test.kind, test.says)
		})
	}
}

func assertRefused(t *testing.T, r tokens.Reviewer, kind exception.Kind, says string) {
	t.Helper()
	pod, err := r.Review(t.Context(), jwt)
	refused, ok := errors.AsType[*exception.Exception](err)
	if !ok || refused.Kind != kind || !strings.Contains(refused.Message, says) || pod != (tokens.Pod{}) {
		t.Fatalf("got %+v, %v; want %s: %s", pod, err, kind, says)
	}
	if strings.Contains(refused.Message, jwt) {
		t.Errorf("the token is told: %s", refused.Message)
	}
}
