// Package sessions gives pods sessions of their roles, with the service's own AWS identity.
package sessions

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/sync/singleflight"
	"k8s.io/apimachinery/pkg/util/cache"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/auth/tokens"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/upstream"
)

const (
	// patience is how long a session may take, both hops and the wait for a turn.
	patience = 15 * time.Second
	// maxCached bounds the cache; a session has about 2 KB.
	maxCached = 10_000
	// share of its life, as a divisor, in which a session is given again. A client that renews at half life gets a new one.
	share = 4
)

// Session is what STS gave.
type Session struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expiration                                 time.Time
	// UserARN and UserID are the assumed role's, as CloudTrail shows them.
	UserARN, UserID string
	// RequestIDs are STS's, one for each role assumed on the way.
	RequestIDs []string
}

// Settings say who assumes roles for whom.
type Settings struct {
	// AWS has the service's own identity, the region and the HTTP client.
	AWS aws.Config
	// Endpoint is the URL of STS; empty leaves it to AWS.
	Endpoint string
	// Rate is how many calls of STS are made at most in a second.
	Rate int
	// ClusterName and ClusterARN become session tags.
	ClusterName, ClusterARN string
}

// Issuer issues sessions, and gives one again while it is new.
type Issuer struct {
	settings Settings
	pace     *pace
	metrics  *metrics
	cache    *cache.LRUExpireCache
	flights  singleflight.Group
}

// Session returns a session of the identity for the pod; again tells whether it was given before. Its errors are
// *exception.Exception.
func (i *Issuer) Session(ctx context.Context, pod tokens.Pod, id contract.Identity) (s Session, again bool, err error) {
	// No two pods share a session, and no two identities of a pod.
	key := strings.Join([]string{pod.UID, pod.Namespace, pod.ServiceAccount, pod.Name, id.String()}, "\n")
	if cached, ok := i.cache.Get(key); ok {
		return cached.(Session), true, nil
	}
	result, err, _ := i.flights.Do(key, func() (any, error) {
		// Others wait for it who are still there when the first has gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		s, err := i.issue(ctx, pod, id)
		if err == nil {
			i.cache.Add(key, s, time.Until(s.Expiration)/share)
		}
		return s, err
	})
	return result.(Session), false, err
}

// issue asks STS: for the role, and with that for the target.
func (i *Issuer) issue(ctx context.Context, pod tokens.Pod, id contract.Identity) (Session, error) {
	own, err := i.settings.AWS.Credentials.Retrieve(ctx)
	if err != nil {
		return Session{}, exception.New(exception.InternalServer, "the auth service has no AWS credentials of its own: give its ServiceAccount, its Deployment or its node some (%s)", upstream.Line(err.Error()))
	}
	first, err := i.assume(ctx, hop{role: id.RoleARN, by: "the AWS identity of the auth service"}, own, i.firstHop(pod, id))
	if err != nil || id.TargetRoleARN == "" {
		return first, err
	}
	second, err := i.assume(ctx, hop{role: id.TargetRoleARN, by: id.RoleARN}, aws.Credentials{
		AccessKeyID: first.AccessKeyID, SecretAccessKey: first.SecretAccessKey, SessionToken: first.SessionToken,
	}, i.secondHop(pod, id))
	if err != nil {
		return Session{}, err
	}
	second.RequestIDs = append(first.RequestIDs, second.RequestIDs...)
	return second, nil
}
