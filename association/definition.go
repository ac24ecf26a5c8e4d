package association

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

const (
	// DefinitionName is the name of the CustomResourceDefinition of associations.
	DefinitionName = "podidentityassociations.podidentity.dev"
	// retryInterval is the time between two looks at a definition that is missing: associations that are back take effect within two
	// seconds.
	retryInterval = 500 * time.Millisecond
	// readTimeout bounds one look: the next ones wait for it.
	readTimeout = 10 * time.Second
	// readsPerSecond bounds what the deletion of many associations, one by one, asks of the API server, and delays none of them by more than 50 ms.
	readsPerSecond = 20
)

// Definition is the CustomResourceDefinition of associations. Who deletes it deletes every association with it, which is hardly
// what was meant; so deletions count only while it is there. It is safe for concurrent use.
type Definition struct {
	client  metadata.Getter
	missing prometheus.Gauge
	log     logrus.FieldLogger
	// reading has one read at a time, so that a later answer is never taken for an earlier one.
	reading sync.Mutex

	mu         sync.Mutex
	state      DefinitionState
	unreadable bool
	returned   func()
}

// DefinitionState is what was last seen of the definition.
type DefinitionState struct {
	// UID is that of the one that was last there, "" before any was seen.
	UID types.UID
	// Missing is whether it is deleted, or is being deleted.
	Missing bool
}

// NewDefinition returns the definition, of which nothing is known before it is read.
func NewDefinition(kubernetes *rest.Config, metrics prometheus.Registerer, log logrus.FieldLogger) (*Definition, error) {
	limited := rest.CopyConfig(kubernetes)
	limited.QPS, limited.Burst = readsPerSecond, readsPerSecond
	client, err := metadata.NewForConfig(limited)
	if err != nil {
		return nil, fmt.Errorf("reach the API server at %s: %w", kubernetes.Host, err)
	}
	d := &Definition{
		client: client.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}),
		missing: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "podidentity_definition_missing",
			Help: "1 while the CustomResourceDefinition of associations is deleted or being deleted, and this replica goes by those that it knew; else 0.",
		}),
		log: log, returned: func() {},
	}
	if err := metrics.Register(d.missing); err != nil {
		return nil, fmt.Errorf("register the metric of the definition: %w", err)
	}
	return d, nil
}

// State is what was last seen of the definition.
func (d *Definition) State() DefinitionState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state
}

// onReturn has f called whenever another definition is seen than before, with none of the associations of that.
func (d *Definition) onReturn(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.returned = f
}

// served reads the definition, and reports whether it is there to stay. The read is a consistent one: it sees every deletion of
// the definition that came before the deletion of an association. Without the right to read, it is taken to be there: that nobody's
// access could be taken away any more would be worse.
func (d *Definition) served(ctx context.Context) (bool, error) {
	d.reading.Lock()
	defer d.reading.Unlock()
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	found, err := d.client.Get(ctx, DefinitionName, metav1.GetOptions{})
	if apierrors.IsForbidden(err) {
		d.cannotRead(ctx, err, "the right to read the CustomResourceDefinition of associations is missing: should it be deleted, every pod would lose its identity")
		return true, nil
	}
	if err != nil && !apierrors.IsNotFound(err) {
		d.cannotRead(ctx, err, "the CustomResourceDefinition of associations cannot be read: until it can, no deletion of an association takes effect")
		return false, fmt.Errorf("read CustomResourceDefinition %s: %w", DefinitionName, err)
	}
	if err != nil || found.DeletionTimestamp != nil {
		d.gone()
		return false, nil
	}
	d.there(found.UID)
	return true, nil
}

// cannotRead logs the first of several errors.
func (d *Definition) cannotRead(ctx context.Context, err error, consequence string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.unreadable && ctx.Err() == nil {
		d.log.WithError(err).WithField("definition", DefinitionName).Error(consequence)
	}
	d.unreadable = true
}

func (d *Definition) gone() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unreadable = false
	if d.state.Missing {
		return
	}
	d.state.Missing = true
	d.missing.Set(1)
	d.log.WithField("definition", DefinitionName).
		Error("the CustomResourceDefinition of associations is deleted: pods keep the identities that were known; apply it again, and then the associations")
}

func (d *Definition) there(uid types.UID) {
	d.mu.Lock()
	before := d.state
	d.unreadable, d.state = false, DefinitionState{UID: uid}
	d.missing.Set(0)
	returned := d.returned
	d.mu.Unlock()
	if before.UID == "" || before.UID == uid {
		return
	}
	d.log.WithField("definition", DefinitionName).
		Warnf("the CustomResourceDefinition of associations is another than before: associations that are not applied again within %s are dropped", grace)
	returned()
}
