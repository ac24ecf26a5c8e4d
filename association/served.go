package association

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/watchlist"

	"github.com/podidentity/podidentity/api/v1alpha1"
)

// NewInformer is for cache.Options: an informer of associations waits while their definition is missing.
func (d *Definition) NewInformer(
	source toolscache.ListerWatcher, object runtime.Object, resync time.Duration, indexers toolscache.Indexers,
) toolscache.SharedIndexInformer {
	if _, ok := object.(*v1alpha1.PodIdentityAssociation); ok {
		source = servedSource{ListerWatcherWithContext: toolscache.ToListerWatcherWithContext(source), definition: d,
			listsOnly: watchlist.DoesClientNotSupportWatchListSemantics(source)}
	}
	return toolscache.NewSharedIndexInformer(source, object, resync, indexers)
}

// servedSource begins nothing while the definition is missing. An informer that were told so would ask again after up to a minute, and
// this cannot be set; and it would take the empty list of a definition that is being deleted for the truth.
type servedSource struct {
	toolscache.ListerWatcherWithContext

	definition *Definition
	listsOnly  bool
}

// IsWatchListSemanticsUnSupported reports whether the source can list by a watch, as client-go asks.
func (s servedSource) IsWatchListSemanticsUnSupported() bool { return s.listsOnly }

// List implements toolscache.Lister.
func (s servedSource) List(options metav1.ListOptions) (runtime.Object, error) {
	return s.ListWithContext(context.Background(), options)
}

// Watch implements toolscache.Watcher.
func (s servedSource) Watch(options metav1.ListOptions) (watch.Interface, error) {
	return s.WatchWithContext(context.Background(), options)
}

// ListWithContext implements toolscache.ListerWithContext.
func (s servedSource) ListWithContext(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
	return whenServed(ctx, s.definition, func() (runtime.Object, error) { return s.ListerWatcherWithContext.ListWithContext(ctx, options) })
}

// WatchWithContext implements toolscache.WatcherWithContext. Only a watch that begins with a list waits: another one goes on with what the
// definition had, which is no more. It looks once, so that another definition is seen before the associations of that.
func (s servedSource) WatchWithContext(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
	begin := func() (watch.Interface, error) { return s.ListerWatcherWithContext.WatchWithContext(ctx, options) }
	if options.SendInitialEvents == nil || !*options.SendInitialEvents {
		_, _ = s.definition.served(ctx) // an error is logged
		return begin()
	}
	return whenServed(ctx, s.definition, begin)
}

// whenServed begins as soon as the definition is there and the API server serves it, which takes it a moment. A definition that cannot be read
// delays nothing: what is listed is true, and only deletions wait.
func whenServed[T any](ctx context.Context, d *Definition, begin func() (T, error)) (T, error) {
	for {
		if served, err := d.served(ctx); served || err != nil {
			begun, err := begin()
			if !apierrors.IsNotFound(err) {
				return begun, err
			}
		}
		select {
		case <-ctx.Done():
			var none T
			return none, context.Cause(ctx)
		case <-time.After(retryInterval):
		}
	}
}
