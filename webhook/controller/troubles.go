package controller

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/podidentity/podidentity/contract"
	"github.com/podidentity/podidentity/internal/kubelet"
)

const (
	// quietAfter is how long after its last warning a sidecar is taken to be well: the kubelet sends no event of a probe that succeeds. Of
	// one pod it sends 25 warnings, and from then on one in five minutes (defaultSpamBurst and defaultSpamQPS of client-go/tools/record),
	// which other warnings of the pod can take.
	quietAfter = 11 * time.Minute
	// troublesWait bounds how long a new leader waits for the warnings. Without the right to read them, it works without.
	troublesWait = 10 * time.Second
	// maxMessage bounds what is kept of a message, which the API server does not.
	maxMessage = 2 * kubelet.MaxWarning
)

// trouble is what a sidecar last warned of, by the kubelet.
type trouble struct {
	sentence string
	at       time.Time
}

// podKey names a pod by its namespace too: whoever may create events in one namespace says nothing of the pods of another.
type podKey struct {
	namespace string
	uid       types.UID
}

func keyOf(pod *corev1.Pod) podKey { return podKey{pod.Namespace, pod.UID} }

// watchedTroubles narrows a cache to the warnings about containers of the sidecar's name, and each of them to what this package needs.
func watchedTroubles() cache.ByObject {
	return cache.ByObject{
		Field: fields.SelectorFromSet(fields.Set{
			"type": corev1.EventTypeWarning, "involvedObject.fieldPath": "spec.initContainers{" + contract.ContainerName + "}",
		}),
		Transform: trimEvent,
	}
}

// trimEvent is a toolscache.TransformFunc.
func trimEvent(object any) (any, error) {
	e, ok := object.(*corev1.Event)
	if !ok {
		return nil, fmt.Errorf("trim an event: it is a %T", object)
	}
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: e.Namespace, Name: e.Name, UID: e.UID, ResourceVersion: e.ResourceVersion},
		InvolvedObject: corev1.ObjectReference{UID: e.InvolvedObject.UID},
		Message:        strings.Clone(e.Message[:min(len(e.Message), maxMessage)]),
		LastTimestamp:  e.LastTimestamp,
	}, nil
}

// troubleStore has the warnings, as the cache last saw them.
type troubleStore struct {
	indexer  toolscache.Indexer
	synced   func() bool
	deadline time.Time
}

func newTroubleStore(ctx context.Context, informers cache.Informers) (troubleStore, error) {
	informer, err := informers.GetInformer(ctx, &corev1.Event{}, cache.BlockUntilSynced(false))
	if err != nil {
		return troubleStore{}, fmt.Errorf("watch events: %w", err)
	}
	indexed, ok := informer.(toolscache.SharedIndexInformer)
	if !ok {
		return troubleStore{}, fmt.Errorf("watch events: the informer is a %T, without an index", informer)
	}
	return troubleStore{indexed.GetIndexer(), indexed.HasSynced, time.Now().Add(troublesWait)}, nil
}

// read reports whether the store has what there is, or need not be waited for any longer.
func (s troubleStore) read() bool { return s.synced() || time.Now().After(s.deadline) }

// byPod has the last trouble of each pod that is no longer ago than quietAfter. No clock is that far ahead, so that a warning from later is
// not of a kubelet; one from before that counts as of now.
func (s troubleStore) byPod(now time.Time) map[podKey]trouble {
	all := map[podKey]trouble{}
	for _, object := range s.indexer.List() {
		e, ok := object.(*corev1.Event)
		if !ok || now.Sub(e.LastTimestamp.Time).Abs() > quietAfter {
			continue
		}
		at := e.LastTimestamp.Time
		if at.After(now) {
			at = now
		}
		sentence, ok := kubelet.Warning(e.Message)
		pod := podKey{e.Namespace, e.InvolvedObject.UID}
		if ok && at.After(all[pod].at) {
			all[pod] = trouble{sentence, at}
		}
	}
	return all
}
