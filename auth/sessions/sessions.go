// Package sessions assumes the roles of pods with the AWS identity of the auth service.
package sessions

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"
	"k8s.io/apimachinery/pkg/util/cache"

	"github.com/podidentity/podidentity/auth/exception"
	"github.com/podidentity/podidentity/auth/tokens"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/upstream"
)

const (
	// issueTimeout bounds a session: the wait for the rate limiter, and both calls of STS.
	issueTimeout = 15 * time.Second
	// maxCached bounds the cache. A session has about 2 KB.
	maxCached = 10_000
	// cachedPart, as a divisor, is the part of its lifetime for which a session is cached. It is less than half, so that a client
	// that refreshes halfway through gets a new one.
	cachedPart = 4
)

// Session is a session of an assumed role.
type Session struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expiration                                 time.Time
	// UserARN and UserID are those of the assumed role, as in CloudTrail.
	UserARN, UserID string
	// RequestIDs are those of STS, one for each role that was assumed.
	RequestIDs []string
}

// Settings are what an installation decides.
type Settings struct {
	// Endpoint is the URL of STS; empty is that of the region.
	Endpoint string
	// Rate is how many calls of STS are made in a second, at most.
	Rate int
	// ClusterName and ClusterARN become session tags.
	ClusterName, ClusterARN string
}

// Issuer issues sessions, and caches them for a while.
type Issuer struct {
	aws      aws.Config
	settings Settings
	throttle *throttle
	metrics  *metrics
	cache    *cache.LRUExpireCache
	calls    singleflight.Group
}

// New returns an issuer that assumes roles with the identity of config, and registers its metrics.
func New(config aws.Config, settings Settings, registry prometheus.Registerer) (*Issuer, error) {
	config.HTTPClient = newLimitedClient(config.HTTPClient)
	i := &Issuer{aws: config, settings: settings, throttle: newThrottle(settings.Rate), cache: cache.NewLRUExpireCache(maxCached)}
	err := checkEndpoint(sts.NewFromConfig(config, i.options).Options())
	if err != nil {
		return nil, err
	}
	i.metrics, err = newMetrics(registry, func() float64 { return float64(len(i.cache.Keys())) })
	return i, err
}

// Session returns a session of the identity for the pod, and whether it comes from the cache. Its errors are
// *exception.Exception.
func (i *Issuer) Session(ctx context.Context, pod tokens.Pod, id contract.Identity) (s Session, cached bool, err error) {
	// Neither two pods nor two identities of a pod share a session.
	key := strings.Join([]string{pod.UID, pod.Namespace, pod.ServiceAccount, pod.Name, id.String()}, "\n")
	if known, ok := i.cache.Get(key); ok {
		return known.(Session), true, nil
	}
	result, err, _ := i.calls.Do(key, func() (any, error) {
		// Other requests may wait for the result when the first one has gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), issueTimeout)
		defer cancel()
		s, err := i.issue(ctx, pod, id)
		if err == nil {
			i.cache.Add(key, s, time.Until(s.Expiration)/cachedPart)
		}
		return s, err
	})
	return result.(Session), false, err
}

// issue assumes the role, and with that the target, if there is one.
func (i *Issuer) issue(ctx context.Context, pod tokens.Pod, id contract.Identity) (Session, error) {
	own, err := i.aws.Credentials.Retrieve(ctx)
	if err != nil {
		return Session{}, exception.New(exception.InternalServer, "the auth service has no AWS credentials: give them to its ServiceAccount, its Deployment or its node (%s)", upstream.Line(err.Error()))
	}
	first, err := i.assume(ctx, hop{role: id.RoleARN, caller: "the AWS identity of the auth service", actions: id.Actions()}, own, i.firstHop(pod, id))
	if err != nil || id.TargetRoleARN == "" {
		return first, err
	}
	second, err := i.assume(ctx, hop{role: id.TargetRoleARN, caller: id.RoleARN, actions: id.Actions()}, aws.Credentials{
		AccessKeyID: first.AccessKeyID, SecretAccessKey: first.SecretAccessKey, SessionToken: first.SessionToken,
	}, i.secondHop(pod, id))
	if err != nil {
		return Session{}, err
	}
	second.RequestIDs = append(first.RequestIDs, second.RequestIDs...)
	return second, nil
}
