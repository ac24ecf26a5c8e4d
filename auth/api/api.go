// Package api implements the EKS Auth API: AssumeRoleForPodIdentity (eks-auth 2023-11-26, protocol rest-json), and nothing else.
// Requests may be signed, as SDKs do, but the signature is not verified: the token in the request authenticates the pod.
package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"

	"github.com/gorilla/mux"
	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/auth/sessions"
	"github.com/podidentity/podidentity/auth/tokens"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/upstream"
)

// Tokens finds the pod that a token belongs to.
type Tokens interface {
	Review(ctx context.Context, token string) (tokens.Pod, error)
}

// Labels reads the labels of the pod that a token belongs to.
type Labels interface {
	Labels(ctx context.Context, pod tokens.Pod) (map[string]string, error)
}

// Identities finds the current identity of a service account.
type Identities interface {
	Identity(account association.ServiceAccount) (identity contract.Identity, ok bool)
	// Own is the identity that a container of this name has for itself in the pods of the account.
	Own(account association.ServiceAccount, container string) (own contract.Identity, ok bool)
	// Bounded reports whether the namespace has bounds.
	Bounded(namespace string) bool
	// Refusal says why the role that an annotation of the account names is not given to it, or is "".
	Refusal(account association.ServiceAccount) string
}

// Sessions issues sessions of an identity to a pod.
type Sessions interface {
	Session(ctx context.Context, pod tokens.Pod, id contract.Identity) (s sessions.Session, cached bool, err error)
}

// Settings are what an installation decides.
type Settings struct {
	// ClusterName is the only cluster name that is served, and ClusterARN its ARN.
	ClusterName, ClusterARN string
	// Roles are patterns of the ARNs of roles that may be assumed.
	Roles []association.Pattern
	// ClientRate is how many requests of one address are served in a second.
	ClientRate int
}

// API serves the clients of one cluster. All fields are required.
type API struct {
	Settings
	Tokens     Tokens
	Labels     Labels
	Identities Identities
	// Synced reports whether Identities knows all associations. Until then, a missing one does not mean that there is none.
	Synced   func() bool
	Sessions Sessions
	Metrics  *Metrics
	Log      logrus.FieldLogger
}

// Handler serves the API.
func (a API) Handler() http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/clusters/{clusterName}/assume-role-for-pod-identity", a.handle(a.assumeRole)).Methods(http.MethodPost)
	unknown := a.handle(func(*http.Request, *requestContext) error {
		return exception.New(exception.InvalidRequest, "this service has one operation, POST /clusters/%s/assume-role-for-pod-identity: check the endpoint of the client", a.ClusterName)
	})
	router.NotFoundHandler, router.MethodNotAllowedHandler = unknown, unknown
	return newLimits(a.ClientRate).wrap(router, a.handle(func(*http.Request, *requestContext) error {
		return exception.New(exception.Throttling, "too many requests: retry later").WithRetryAfter(limitedRetryAfter)
	}))
}

// requestContext is what is known about a request.
type requestContext struct {
	id       string
	pod      tokens.Pod
	identity contract.Identity
	session  sessions.Session
	cached   bool
}

func (a API) handle(operation func(*http.Request, *requestContext) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a.Metrics.inProgress.Inc()
		defer a.Metrics.inProgress.Dec()
		rc := &requestContext{id: rand.Text()}
		err := operation(r, rc)
		refused := toException(err)
		a.Metrics.count(refused)
		a.audit(r, rc, refused)
		if refused != nil {
			writeException(w, rc.id, refused)
			return
		}
		a.writeSession(w, rc)
	}
}

func (a API) assumeRole(r *http.Request, rc *requestContext) (err error) {
	token, err := readToken(r)
	if err != nil {
		return err
	}
	if name := mux.Vars(r)["clusterName"]; name != a.ClusterName {
		return exception.New(exception.ResourceNotFound, "No cluster found for name: %s. This service is for the cluster %s: correct the cluster name of the client", upstream.Line(name), a.ClusterName)
	}
	if !a.Synced() {
		return exception.New(exception.ServiceUnavailable, "the auth service has just started and has not read all associations yet: retry")
	}
	if rc.pod, err = a.Tokens.Review(r.Context(), token); err != nil {
		return err
	}
	if rc.identity, err = a.identity(rc.pod, r.Header.Get(contract.HeaderContainer)); err != nil {
		return err
	}
	if rc.identity, err = a.tagged(r.Context(), rc.pod, rc.identity); err != nil {
		return err
	}
	rc.session, rc.cached, err = a.Sessions.Session(r.Context(), rc.pod, rc.identity)
	return err
}

// identity is what an association grants to the pod, or the annotation of its ServiceAccount within the bounds of its namespace. Elsewhere
// no annotation counts, although the webhook may accept it: whoever may write a ServiceAccount in one namespace could choose any role that
// this service can assume. An identity without the name of an association comes from an annotation. That its namespace has bounds is a second
// barrier on purpose: an index that counts the annotation of IRSA, as the webhook's does, opens nothing here.
func (a API) identity(pod tokens.Pod, container string) (contract.Identity, error) {
	account := association.ServiceAccount{Namespace: pod.Namespace, Name: pod.ServiceAccount}
	if container != "" {
		return a.own(account, container)
	}
	id, ok := a.Identities.Identity(account)
	if !ok || id.Association == "" && !a.Identities.Bounded(pod.Namespace) {
		if refusal := a.Identities.Refusal(account); refusal != "" {
			return contract.Identity{}, exception.New(exception.AccessDenied, "%s: choose another role, or ask the owner of the namespace", refusal)
		}
		return contract.Identity{}, exception.New(exception.ResourceNotFound, "no PodIdentityAssociation gives service account %s of namespace %s a role: create one", pod.ServiceAccount, pod.Namespace)
	}
	giver := "PodIdentityAssociation " + id.Association
	if id.Association == "" {
		giver = "service account " + pod.ServiceAccount
	}
	return id, a.checkAllowed(id, giver)
}

// own is what an association grants to a container for itself. The container is the word of the pod's sidecar, and of whoever else has the token
// of the pod; no other client names one.
func (a API) own(account association.ServiceAccount, container string) (contract.Identity, error) {
	own, ok := a.Identities.Own(account, container)
	if !ok {
		return contract.Identity{}, exception.New(exception.ResourceNotFound, "no PodIdentityAssociation gives container %s of service account %s of namespace %s a role: create one", upstream.Line(container), account.Name, account.Namespace)
	}
	return own, a.checkAllowed(own, "PodIdentityAssociation "+own.Association)
}

func (a API) checkAllowed(id contract.Identity, giver string) error {
	for _, role := range []string{id.RoleARN, id.TargetRoleARN} {
		if role != "" && !a.allowed(role) {
			return exception.New(exception.AccessDenied, "role %s of %s is not allowed by --roles of the auth service: choose another role, or extend --roles", role, giver)
		}
	}
	return nil
}

// tagged is the identity with the labels of the pod that it names. Of other identities the pod is not read.
func (a API) tagged(ctx context.Context, pod tokens.Pod, id contract.Identity) (contract.Identity, error) {
	if id.TagLabels == "" {
		return id, nil
	}
	labels, err := a.Labels.Labels(ctx, pod)
	return id.For(labels), err
}

func (a API) allowed(role string) bool {
	return slices.ContainsFunc(a.Roles, func(pattern association.Pattern) bool { return pattern.Matches(role) })
}
