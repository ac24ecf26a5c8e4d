package controller

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/podidentity/podidentity/association"
	"github.com/podidentity/podidentity/internal/issuer"
)

const (
	// issuerInterval is the time between two looks. A key that is published in time is there before the API server signs with it, and pods
	// have credentials for a while after that.
	issuerInterval = 5 * time.Minute
	// issuerJitter spreads the looks of many clusters at one issuer's host.
	issuerJitter = 0.1
	// unreadableLooks is how many looks in a row fail before it is told: one is often a matter of this pod's network.
	unreadableLooks = 3
)

// issuerMetrics say how what is published fits. They have no labels, and are vectors so that they can be absent: where the issuer is not
// watched, and on a replica that does not lead.
type issuerMetrics struct {
	unpublished, unreadable *prometheus.GaugeVec
}

func newIssuerMetrics(registry prometheus.Registerer) (issuerMetrics, error) {
	m := issuerMetrics{
		unpublished: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "podidentity_issuer_unpublished_keys",
			Help: "With --watch-issuer: keys of the API server that are not published at its issuer, so that STS refuses the tokens that they sign.",
		}, nil),
		unreadable: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "podidentity_issuer_unreadable",
			Help: "With --watch-issuer: 1 while what is published at the issuer, or the keys of the API server, cannot be read, else 0.",
		}, nil),
	}
	if err := errors.Join(registry.Register(m.unpublished), registry.Register(m.unreadable)); err != nil {
		return issuerMetrics{}, fmt.Errorf("register the metrics of the issuer: %w", err)
	}
	return m, nil
}

func (m issuerMetrics) reset() {
	m.unpublished.Reset()
	m.unreadable.Reset()
}

// issuerWatcher tells that STS is going to refuse tokens, because what is published at the issuer does not fit the API server's keys.
type issuerWatcher struct {
	compare func(ctx context.Context) (issuer.Comparison, error)
	// definition is what the events are about, as all that concern the whole product.
	definition func() association.DefinitionState
	events     eventCreator
	metrics    issuerMetrics
	log        logrus.FieldLogger
}

// run looks until ctx is done.
func (w issuerWatcher) run(ctx context.Context) {
	failed, told := 0, false
	wait.JitterUntilWithContext(ctx, func(ctx context.Context) {
		c, err := w.compare(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			failed++
			w.metrics.unreadable.WithLabelValues().Set(1)
			w.log.WithError(err).Warn("what is published at the issuer cannot be compared with the keys of the API server")
			if failed >= unreadableLooks {
				w.tell(ctx, unreadableEvent(err))
				told = true
			}
			return
		}
		failed = 0
		w.metrics.unreadable.WithLabelValues().Set(0)
		w.metrics.unpublished.WithLabelValues().Set(float64(len(c.Unpublished)))
		if !c.Fits() {
			w.log.WithField("issuer", c.Issuer).WithField("unpublished", c.Unpublished).Error("STS is going to refuse tokens: " + strings.Join(c.Problems, "; "))
			w.tell(ctx, unfitEvent(c))
			told = true
		} else if told {
			w.tell(ctx, fitEvent(c))
			told = false
		}
	}, issuerInterval, issuerJitter, true)
}

// tell creates the event of this hour: it is repeated while it lasts, and another leader does not repeat it.
func (w issuerWatcher) tell(ctx context.Context, e eventsv1.Event) {
	state := w.definition()
	if _, err := w.events.create(ctx, definition(state), time.Now().Truncate(remindInterval), e); err != nil && ctx.Err() == nil {
		w.log.WithError(err).Warn("what is published at the issuer is told without an event")
	}
}

// maxNote is what an event may have in its note, less than 1 KiB.
const maxNote = 1000

func unfitEvent(c issuer.Comparison) eventsv1.Event {
	note := fmt.Sprintf("STS is going to refuse tokens of this cluster, or does already. At the issuer %s: %s. `kubectl pod-identity issuer write` writes what to publish.", c.Issuer, strings.Join(c.Problems, "; "))
	return eventsv1.Event{Type: corev1.EventTypeWarning, Reason: "IssuerUnfit", Action: "WatchIssuer", Note: cut(note)}
}

func unreadableEvent(err error) eventsv1.Event {
	note := fmt.Sprintf("What is published at the issuer cannot be compared with the keys of the API server: %v. Where STS cannot read it either, it refuses tokens.", err)
	return eventsv1.Event{Type: corev1.EventTypeWarning, Reason: "IssuerUnreadable", Action: "WatchIssuer", Note: cut(note)}
}

func fitEvent(c issuer.Comparison) eventsv1.Event {
	note := fmt.Sprintf("What is published at the issuer %s fits the keys of the API server again.", c.Issuer)
	return eventsv1.Event{Type: corev1.EventTypeNormal, Reason: "IssuerFits", Action: "WatchIssuer", Note: cut(note)}
}

func cut(note string) string { return strings.ToValidUTF8(note[:min(len(note), maxNote)], "") }
