package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	"k8s.io/client-go/rest"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/auth/api"
	"github.com/podidentity/podidentity/auth/sessions"
	"github.com/podidentity/podidentity/auth/tokens"
	"github.com/podidentity/podidentity/internal/ststest"
)

const (
	associations = 10_000
	pods         = 500
)

// apiServer reviews tokens that are head.NUMBER.signature, of pods that have their number in all names. The real one is
// used in e2e; it would take minutes to hold so many pods.
func apiServer(t *testing.T) tokens.Reviewer {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		review := authenticationv1.TokenReview{TypeMeta: metav1.TypeMeta{APIVersion: "authentication.k8s.io/v1", Kind: "TokenReview"}}
		if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
			t.Error(err)
		}
		number := strings.Split(review.Spec.Token, ".")[1]
		review.Status = authenticationv1.TokenReviewStatus{
			Authenticated: true, Audiences: review.Spec.Audiences,
			User: authenticationv1.UserInfo{
				Username: "system:serviceaccount:team-" + number + ":reader",
				Extra: map[string]authenticationv1.ExtraValue{
					"authentication.kubernetes.io/pod-name": {"web-" + number}, "authentication.kubernetes.io/pod-uid": {"uid-" + number},
				},
			},
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(review); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	client, err := authenticationclient.NewForConfig(&rest.Config{Host: server.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json"}})
	if err != nil {
		t.Fatal(err)
	}
	return tokens.Reviewer{Reviews: client.TokenReviews()}
}

func index(t *testing.T) *association.Index {
	t.Helper()
	x := association.NewIndex()
	for n := range associations {
		err := x.Set(&v1alpha1.PodIdentityAssociation{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("a-%d", n)},
			Spec: v1alpha1.PodIdentityAssociationSpec{
				Namespace: fmt.Sprintf("team-%d", n), ServiceAccount: "reader", RoleARN: fmt.Sprintf("arn:aws:iam::111122223333:role/%d", n),
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return x
}

func TestEachOf500PodsAtOnceGetsTheSessionOfItsOwnRole(t *testing.T) {
	sts, registry := ststest.New(t), prometheus.NewRegistry()
	issuer, err := sessions.New(sts.Config(), sessions.Settings{
		Endpoint: sts.URL, Rate: pods, ClusterName: "green", ClusterARN: "arn:aws:eks:eu-central-1:111122223333:cluster/green",
	}, registry)
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := api.NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	var audit bytes.Buffer
	log := logrus.New()
	log.SetOutput(&audit)
	// Without TLS, whose handshakes of this process with itself would take most of the time.
	server := httptest.NewServer(api.API{
		Settings: api.Settings{
			ClusterName: "green", ClusterARN: "arn:aws:eks:eu-central-1:111122223333:cluster/green", Roles: []association.Pattern{"*"},
			// All come from one address here.
			ClientRate: 10 * pods,
		},
		Tokens: apiServer(t), Identities: index(t), Synced: func() bool { return true },
		Sessions: issuer, Metrics: metrics, Log: log,
	}.Handler())
	t.Cleanup(server.Close)

	begin := time.Now()
	var all sync.WaitGroup
	for n := range pods {
		all.Go(func() { ask(t, server, n*associations/pods) })
	}
	all.Wait()
	t.Logf("%d pods at once, %d associations: all answered after %s", pods, associations, time.Since(begin).Round(time.Millisecond))
	if n := len(sts.Requests()); n != pods {
		t.Errorf("%d calls of STS", n)
	}
	if n := metric(t, registry, "podidentity_auth_requests_total"); n != pods {
		t.Errorf("%v sessions are counted", n)
	}
	if n := metric(t, registry, "podidentity_auth_sts_seconds"); n != pods {
		t.Errorf("%v calls of STS are counted", n)
	}
	if n := metric(t, registry, "podidentity_auth_sessions_cached"); n != pods {
		t.Errorf("%v sessions are counted as cached", n)
	}
	if lines := strings.Count(audit.String(), "session issued"); lines != pods {
		t.Errorf("%d sessions are in the log", lines)
	}
}

// metric is the value, or the count, of the metric with the result Issued, or without results.
func metric(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name && (len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() == "Issued") {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

func ask(t *testing.T, server *httptest.Server, number int) {
	for {
		r, err := server.Client().Post(server.URL+"/clusters/green/assume-role-for-pod-identity", "application/json",
			strings.NewReader(fmt.Sprintf(`{"token":"head.%d.signature"}`, number)))
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(r.Body)
		_ = r.Body.Close() // only read from
		if r.StatusCode == http.StatusTooManyRequests || r.StatusCode == http.StatusServiceUnavailable {
			continue // as SDKs do, but for their pause; on a busy machine the review of a token may take too long
		}
		if want := fmt.Sprintf("arn:aws:iam::111122223333:role/%d\"", number); err != nil || r.StatusCode != http.StatusOK || !strings.Contains(string(body), "session of "+want) {
			t.Errorf("pod %d: %d %s %v", number, r.StatusCode, body, err)
		}
		return
	}
}
