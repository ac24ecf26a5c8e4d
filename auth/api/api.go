// Package api speaks the EKS Auth API: AssumeRoleForPodIdentity (eks-auth 2023-11-26, protocol rest-json), and nothing else.
// Requests may be signed, as SDKs do, but the signature is not looked at: the token in the request says who asks.
package api

import (
	"context"
	"crypto/rand"
	"net/http"

	"github.com/gorilla/mux"
	"github.com/sirupsen/logrus"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/auth/sessions"
	"github.com/podidentity/podidentity/auth/tokens"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/upstream"
)

// Tokens tells to which pod a token belongs.
type Tokens interface {
	Review(ctx context.Context, token string) (tokens.Pod, error)
}

// Identities says which identity a service account has now.
type Identities interface {
	Identity(account association.ServiceAccount) (identity contract.Identity, ok bool)
}

// Sessions gives a pod a session of its identity.
type Sessions interface {
	Session(ctx context.Context, pod tokens.Pod, id contract.Identity) (s sessions.Session, again bool, err error)
}

// API answers the clients of one cluster. All fields are required.
type API struct {
	// ClusterName is the only one that is answered for.
	ClusterName, ClusterARN string
	// Roles are patterns of the roles that may be assumed.
	Roles []association.Pattern
	// ClientRate is how many requests of one address are taken in a second.
	ClientRate int
	Tokens     Tokens
	Identities Identities
	// Synced tells whether Identities knows all that exist: before, who has none yet must not be told that there is none.
	Synced   func() bool
	Sessions Sessions
	Metrics  *Metrics
	Log      logrus.FieldLogger
}

// Handler serves the API.
func (a API) Handler() http.Handler {
	router := mux.NewRouter()
	router.HandleFunc("/clusters/{clusterName}/assume-role-for-pod-identity", a.answer(a.assumeRole)).Methods(http.MethodPost)
	other := a.answer(func(*http.Request, *exchange) error {
		return exception.New(exception.InvalidRequest, "there is one request here, POST /clusters/%s/assume-role-for-pod-identity: check the endpoint of the client", a.ClusterName)
	})
	router.NotFoundHandler, router.MethodNotAllowedHandler = other, other
	return newLimits(a.ClientRate).around(router, a.answer(func(*http.Request, *exchange) error {
		return exception.New(exception.Throttling, "too many requests: ask again later").After(retryAfter)
	}))
}

// exchange is a request and what has been found out about it.
type exchange struct {
	id       string
	pod      tokens.Pod
	identity contract.Identity
	session  sessions.Session
	again    bool
}

func (a API) answer(do func(*http.Request, *exchange) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{id: rand.Text()}
		err := do(r, x)
		refused := refusalOf(err)
		a.Metrics.count(refused)
		a.audit(r, x, refused)
		if refused != nil {
			writeException(w, x.id, refused)
			return
		}
		a.writeSession(w, x)
	}
}

func (a API) assumeRole(r *http.Request, x *exchange) (err error) {
	token, err := readToken(r)
	if err != nil {
		return err
	}
	if name := mux.Vars(r)["clusterName"]; name != a.ClusterName {
		return exception.New(exception.ResourceNotFound, "No cluster found for name: %s. This service is for the cluster %s: correct the cluster name of the client", upstream.Line(name), a.ClusterName)
	}
	if !a.Synced() {
		return exception.New(exception.ServiceUnavailable, "the auth service has only started and has not read the associations yet: ask again")
	}
	if x.pod, err = a.Tokens.Review(r.Context(), token); err != nil {
		return err
	}
	if x.identity, err = a.identity(x.pod); err != nil {
		return err
	}
	x.session, x.again, err = a.Sessions.Session(r.Context(), x.pod, x.identity)
	return err
}

// identity is what an association gives to the pod. The annotation of a ServiceAccount, which names a role as well where the
// webhook takes it, never counts: who may write a ServiceAccount in one namespace would choose among all roles that this
// service can assume. An identity without the name of an association is not of one.
func (a API) identity(pod tokens.Pod) (contract.Identity, error) {
	id, ok := a.Identities.Identity(association.ServiceAccount{Namespace: pod.Namespace, Name: pod.ServiceAccount})
	if !ok || id.Association == "" {
		return contract.Identity{}, exception.New(exception.ResourceNotFound, "no PodIdentityAssociation gives service account %s of namespace %s a role: create one", pod.ServiceAccount, pod.Namespace)
	}
	for _, role := range []string{id.RoleARN, id.TargetRoleARN} {
		if role != "" && !a.allowed(role) {
			return contract.Identity{}, exception.New(exception.AccessDenied, "role %s of PodIdentityAssociation %s is none that this cluster may give: choose one that --roles of the auth service allows", role, id.Association)
		}
	}
	return id, nil
}

func (a API) allowed(role string) bool {
	for _, pattern := range a.Roles {
		if pattern.Matches(role) {
			return true
		}
	}
	return false
}
