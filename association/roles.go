package association

import (
	"context"
	"fmt"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// maxRoleARN is the longest ARN of a role that STS accepts, in characters. Whatever else is wrong with
// one, STS says in a message that reaches the pod.
const maxRoleARN = 2048

// metadataOf is the type under which the cache holds ServiceAccounts and Namespaces: their metadata alone.
func metadataOf(kind string) *metav1.PartialObjectMetadata {
	var object metav1.PartialObjectMetadata
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind(kind))
	return &object
}

// WatchedRoles narrows a cache of ServiceAccounts and Namespaces to what WatchRoles reads: every namespace has some.
func WatchedRoles() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{
		metadataOf("ServiceAccount"): {Transform: strip("ServiceAccount", contract.AnnotationRole, contract.AnnotationRoleARN)},
		metadataOf("Namespace"):      {Transform: strip("Namespace", contract.AnnotationAllowedRoles)},
	}
}

// strip keeps these annotations, and what names the object.
func strip(kind string, annotations ...string) toolscache.TransformFunc {
	return func(object any) (any, error) {
		full, ok := object.(*metav1.PartialObjectMetadata)
		if !ok {
			return nil, fmt.Errorf("strip a %s: it is a %T", kind, object)
		}
		stripped := &metav1.PartialObjectMetadata{TypeMeta: full.TypeMeta}
		stripped.Namespace, stripped.Name, stripped.UID, stripped.ResourceVersion = full.Namespace, full.Name, full.UID, full.ResourceVersion
		for _, name := range annotations {
			if value, set := full.Annotations[name]; set {
				metav1.SetMetaDataAnnotation(&stripped.ObjectMeta, name, value)
			}
		}
		return stripped, nil
	}
}

// WatchRoles has the index follow the roles that annotations of ServiceAccounts name, and the bounds that Namespaces set to them, and
// returns a function that reports whether it has all that exist. The rest is as with Watch.
func WatchRoles(ctx context.Context, informers cache.Informers, index *Index, counted Annotations, changes *Changes, log logrus.FieldLogger) (synced func() bool, err error) {
	namespaces, err := follow(ctx, informers, "Namespace", func(namespace *metav1.PartialObjectMetadata) {
		if index.SetBounds(namespace.Name, namespace.Annotations, namespace.UID) {
			changes.Notify(Pattern(namespace.Name))
		}
	})
	if err != nil {
		return nil, err
	}
	accounts, err := follow(ctx, informers, "ServiceAccount", func(account *metav1.PartialObjectMetadata) {
		if role := account.Annotations[contract.AnnotationRoleARN]; len(role) > maxRoleARN {
			log.WithField("namespace", account.Namespace).WithField("serviceAccount", account.Name).
				Errorf("the annotation %s has %d characters and is not used: set it to the ARN of an IAM role", contract.AnnotationRoleARN, len(role))
		}
		if index.SetAnnotations(ServiceAccount{Namespace: account.Namespace, Name: account.Name}, account.Annotations, account.UID, counted) {
			changes.Notify(Pattern(account.Namespace))
		}
	})
	if err != nil {
		return nil, err
	}
	return func() bool { return namespaces() && accounts() }, nil
}

// SetAnnotations sets what the annotations of a ServiceAccount name, as far as they count, and reports whether that has changed. A role
// that is too long is not used in a namespace without bounds, and refused in others.
func (x *Index) SetAnnotations(account ServiceAccount, annotations map[string]string, uid types.UID, counted Annotations) (changed bool) {
	role, choice := annotations[contract.AnnotationRoleARN], ChoiceOf(annotations, uid)
	if counted != AllAnnotations || len(role) > maxRoleARN {
		role = ""
	}
	changed = x.SetRole(account, role)
	return x.SetChoice(account, choice) || changed
}

// follow calls set with each object, and without annotations once it is deleted.
func follow(ctx context.Context, informers cache.Informers, kind string, set func(*metav1.PartialObjectMetadata)) (synced func() bool, err error) {
	informer, err := informers.GetInformer(ctx, metadataOf(kind), cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch %ss: %w", kind, err)
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { set(object.(*metav1.PartialObjectMetadata)) },
		UpdateFunc: func(_, object any) { set(object.(*metav1.PartialObjectMetadata)) },
		DeleteFunc: func(object any) {
			deleted := finalState(object).(*metav1.PartialObjectMetadata).DeepCopy()
			deleted.Annotations = nil
			set(deleted)
		},
	})
	if err != nil {
		return nil, fmt.Errorf("watch %ss: %w", kind, err)
	}
	return registration.HasSynced, nil
}
