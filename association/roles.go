package association

import (
	"context"
	"fmt"

	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podidentity/podidentity/contract"
)

// maxRoleARN is the longest ARN of a role that STS accepts, in characters. Whatever else is wrong with
// one, STS says in a message that reaches the pod.
const maxRoleARN = 2048

// serviceAccount is the type under which the cache holds ServiceAccounts: their metadata alone.
func serviceAccount() *metav1.PartialObjectMetadata {
	var object metav1.PartialObjectMetadata
	object.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("ServiceAccount"))
	return &object
}

// WatchedRoles narrows a cache of ServiceAccounts to what WatchRoles reads: every namespace has some.
func WatchedRoles() map[client.Object]cache.ByObject {
	return map[client.Object]cache.ByObject{serviceAccount(): {Transform: stripServiceAccount}}
}

func stripServiceAccount(object any) (any, error) {
	account, ok := object.(*metav1.PartialObjectMetadata)
	if !ok {
		return nil, fmt.Errorf("strip a ServiceAccount: it is a %T", object)
	}
	stripped := &metav1.PartialObjectMetadata{TypeMeta: account.TypeMeta}
	stripped.Namespace, stripped.Name, stripped.ResourceVersion = account.Namespace, account.Name, account.ResourceVersion
	if role := account.Annotations[contract.AnnotationRoleARN]; role != "" {
		stripped.Annotations = map[string]string{contract.AnnotationRoleARN: role}
	}
	return stripped, nil
}

// WatchRoles has the index follow the roles that ServiceAccounts name by contract.AnnotationRoleARN, and returns a function that
// reports whether it has all that exist. The rest is as with Watch.
//
// It is for servers that exchange the pod's own token, since whoever may write a ServiceAccount chooses the role: there the
// role's trust policy still decides. A server that assumes roles with an identity of its own must not use it.
func WatchRoles(ctx context.Context, informers cache.Informers, index *Index, changes *Changes, log logrus.FieldLogger) (synced func() bool, err error) {
	informer, err := informers.GetInformer(ctx, serviceAccount(), cache.BlockUntilSynced(false))
	if err != nil {
		return nil, fmt.Errorf("watch ServiceAccounts: %w", err)
	}
	set := func(account *metav1.PartialObjectMetadata, role string) {
		if len(role) > maxRoleARN {
			log.WithField("namespace", account.Namespace).WithField("serviceAccount", account.Name).
				Errorf("the annotation %s has %d characters and is not used: set it to the ARN of an IAM role", contract.AnnotationRoleARN, len(role))
			role = ""
		}
		if index.SetRole(ServiceAccount{Namespace: account.Namespace, Name: account.Name}, role) {
			changes.Notify(Pattern(account.Namespace))
		}
	}
	follow := func(object any) {
		account := object.(*metav1.PartialObjectMetadata)
		set(account, account.Annotations[contract.AnnotationRoleARN])
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    follow,
		UpdateFunc: func(_, object any) { follow(object) },
		DeleteFunc: func(object any) { set(finalState(object).(*metav1.PartialObjectMetadata), "") },
	})
	if err != nil {
		return nil, fmt.Errorf("watch ServiceAccounts: %w", err)
	}
	return registration.HasSynced, nil
}
