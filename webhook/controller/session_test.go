package controller

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podidentity/podidentity/api/v1alpha1"
	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/webhook/inject"
)

const targetRole = "arn:aws:iam::444455556666:role/target"

func withTarget(a *v1alpha1.PodIdentityAssociation) { a.Spec.TargetRoleARN = targetRole }

func withoutTags(a *v1alpha1.PodIdentityAssociation) { a.Spec.DisableSessionTags = true }

func withPolicy(a *v1alpha1.PodIdentityAssociation) {
	a.Spec.Policy, a.Spec.DisableSessionTags = "{}", true
}

func withLabels(a *v1alpha1.PodIdentityAssociation) { a.Spec.TagLabels = []string{"team", "tier"} }

func withSourceIdentity(a *v1alpha1.PodIdentityAssociation) {
	a.Spec.SourceIdentity = contract.SourceIdentityPodName
}

func ofManyNamespaces(a *v1alpha1.PodIdentityAssociation) { a.Spec.Namespace = "team-*" }

func ofManyAccounts(a *v1alpha1.PodIdentityAssociation) { a.Spec.ServiceAccount = "*" }

func TestAnAssociationSaysWhatIsThePodsOwnWord(t *testing.T) {
	type changes []func(*v1alpha1.PodIdentityAssociation)
	for name, test := range map[string]struct {
		source  string
		changes changes
		says    string
		event   bool
	}{
		"a single role has no tags":                                    {contract.SourceWebIdentity, nil, "True NothingToVerify", false},
		"the tags for a target role are":                               {contract.SourceWebIdentity, changes{withTarget}, "False TagsUnverified", false},
		"a target role without tags has none":                          {contract.SourceWebIdentity, changes{withTarget, withoutTags}, "True NothingToVerify", false},
		"a policy is":                                                  {contract.SourceWebIdentity, changes{withPolicy}, "False PolicyUnverified", false},
		"a policy for a target role is":                                {contract.SourceWebIdentity, changes{withTarget, withPolicy}, "False PolicyUnverified", false},
		"labels without a target role are not sent":                    {contract.SourceWebIdentity, changes{withLabels}, "False NotSent", false},
		"nor is a source identity":                                     {contract.SourceWebIdentity, changes{withSourceIdentity}, "False NotSent", false},
		"labels for a target role are":                                 {contract.SourceWebIdentity, changes{withTarget, withLabels}, "False TagsUnverified", false},
		"a source identity for a target role without tags is":          {contract.SourceWebIdentity, changes{withTarget, withoutTags, withSourceIdentity}, "False SourceIdentityUnverified", false},
		"the auth service reads labels itself":                         {contract.SourceEKSAuth, changes{withLabels, withSourceIdentity}, "True VerifiedByService", false},
		"namespaces that share a target role are warned of each other": {contract.SourceWebIdentity, changes{withTarget, ofManyNamespaces}, "False TagsUnverified", true},
		"so are service accounts":                                      {contract.SourceWebIdentity, changes{withTarget, ofManyAccounts}, "False TagsUnverified", true},
		"without tags there is nothing to warn of":                     {contract.SourceWebIdentity, changes{withTarget, ofManyNamespaces, withoutTags}, "True NothingToVerify", false},
		"the auth service vouches for tags":                            {contract.SourceEKSAuth, changes{withTarget, ofManyNamespaces}, "True VerifiedByService", false},
		"the auth service vouches for a policy":                        {contract.SourceEKSAuth, changes{withPolicy}, "True VerifiedByService", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, a := newFakeCluster(t), newAssociation("reader")
				for _, change := range test.changes {
					change(a)
				}
				c.create(a)
				lead := func() (stop func()) {
					controller := c.newController()
					controller.options.Injection.Source = test.source
					return c.run(controller)
				}
				stop := lead()
				time.Sleep(time.Minute)
				condition := meta.FindStatusCondition(c.association("reader").Status.Conditions, "SessionVerified")
				if got := string(condition.Status) + " " + condition.Reason; got != test.says {
					t.Errorf("it says %s", got)
				}
				stop()
				defer lead()() // a new leader repeats nothing
				time.Sleep(time.Minute)
				if events := c.events(); slices.Equal(events, []string{"TargetRoleShared"}) != test.event || len(events) > 1 {
					t.Errorf("events %q", events)
				}
			})
		})
	}
}

func TestEachChangeOfAnAssociationThatSharesATargetRoleIsWarnedOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCluster(t)
		c.create(changed(newAssociation("reader"), withTarget))
		c.associate("reader")
		defer c.lead()()
		time.Sleep(time.Minute)
		for i, step := range []struct {
			change func(*v1alpha1.PodIdentityAssociation)
			events int
		}{
			{ofManyAccounts, 1},
			{func(a *v1alpha1.PodIdentityAssociation) { a.Spec.TargetRoleARN += "-of-others" }, 2},
			{func(a *v1alpha1.PodIdentityAssociation) { a.Spec.ServiceAccount = "reader" }, 2},
		} {
			c.update(changed(c.association("reader"), func(a *v1alpha1.PodIdentityAssociation) {
				step.change(a)
				a.Generation++
			}))
			c.changes.Notify("team")
			time.Sleep(time.Minute)
			if events := c.events(); len(events) != step.events {
				t.Errorf("after change %d there are the events %q", i, events)
			}
		}
	})
}

func TestAStatusThatIsWrittenIsNotWrittenAgain(t *testing.T) {
	all := []func(*v1alpha1.PodIdentityAssociation){withTarget, withoutTags, withPolicy, withLabels, withSourceIdentity, ofManyNamespaces, ofManyAccounts}
	for chosen := range 1 << len(all) {
		for _, source := range []string{contract.SourceWebIdentity, contract.SourceEKSAuth} {
			settings := inject.Settings{Source: source}
			a := newAssociation("reader")
			for i, change := range all {
				if chosen&(1<<i) != 0 {
					change(a)
				}
			}
			for _, outcome := range []outcome{{settings: settings}, {settings: settings, winner: "older"}, {settings: settings, usage: usage{pods: 3}}} {
				a.Status = outcome.status(a)
				for i := range a.Status.Conditions {
					a.Status.Conditions[i].LastTransitionTime = metav1.NewTime(time.Unix(0, 0))
				}
				again := outcome.status(a)
				if _, announce := sharedTarget(a, again); announce || !equality.Semantic.DeepEqual(a.Status, again) {
					t.Errorf("%+v: got %+v after %+v", a.Spec, again, a.Status)
				}
			}
		}
	}
}

func TestWhatNobodySendsIsToldWithWhatToDo(t *testing.T) {
	const amazons = "https://eks-auth.eu-central-1.api.aws"
	for name, test := range map[string]struct {
		settings inject.Settings
		changes  []func(*v1alpha1.PodIdentityAssociation)
		says     string
	}{
		"labels, by web identity": {inject.Settings{Source: contract.SourceWebIdentity}, []func(*v1alpha1.PodIdentityAssociation){withLabels},
			"nothing sends tagLabels, because AssumeRoleWithWebIdentity takes neither: set targetRoleARN, use --source=eks-auth, or remove them"},
		"both, by Amazon's own service": {inject.Settings{Source: contract.SourceEKSAuth, EKSAuthEndpoint: amazons}, []func(*v1alpha1.PodIdentityAssociation){withLabels, withSourceIdentity},
			"nothing sends sourceIdentity and tagLabels, because Amazon's own EKS Auth knows neither: remove them"},
		"a source identity, beside a policy that binds nobody": {inject.Settings{Source: contract.SourceWebIdentity}, []func(*v1alpha1.PodIdentityAssociation){withPolicy, withSourceIdentity},
			"narrow the role, or use --source=eks-auth; nothing sends sourceIdentity, because"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAssociation("reader")
			for _, change := range test.changes {
				change(a)
			}
			if got := sessionVerified(a.Spec, test.settings); got.Status != metav1.ConditionFalse || !strings.Contains(got.Message, test.says) {
				t.Errorf("it says %s: %s", got.Status, got.Message)
			}
		})
	}
}
