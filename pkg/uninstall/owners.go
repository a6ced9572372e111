package uninstall

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// disownAll looks at all objects of a resource until it finds none that has an owner of ours: a list that goes over pages need
// not be of one moment.
func (c Config) disownAll(ctx context.Context, resource schema.GroupVersionResource) error {
	namespaces := c.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	for _, namespace := range namespaces {
		for {
			count, err := c.disown(ctx, resource, namespace)
			if err != nil {
				return err
			}
			if count == 0 {
				break
			}
			c.Logger.Info("Took owners off", "resource", resource.GroupResource().String(), "namespace", namespace, "objects", count)
		}
	}
	return nil
}

// disown takes the ExternalSecrets off the owners of objects, and counts these. It reads no content.
func (c Config) disown(ctx context.Context, resource schema.GroupVersionResource, namespace string) (count int, err error) {
	client := c.Metadata.Resource(resource)
	list := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return client.Namespace(namespace).List(ctx, options)
	})
	err = list.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		found, ok := object.(*metav1.PartialObjectMetadata)
		if !ok {
			return fmt.Errorf("the list holds %T", object)
		}
		if _, owned := others(found); !owned {
			return nil
		}
		count++
		return release(ctx, client.Namespace(found.Namespace), found)
	})
	return count, err
}

// release takes the owners of ours off one object.
func release(ctx context.Context, client metadata.ResourceInterface, found *metav1.PartialObjectMetadata) error {
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		rest, owned := others(found)
		if !owned {
			return nil
		}
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
			"uid": found.UID, "resourceVersion": found.ResourceVersion, "ownerReferences": rest,
		}})
		if err != nil {
			return err
		}
		_, err = client.Patch(ctx, found.Name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: "external-secrets-apiserver-uninstall"})
		if !apierrors.IsConflict(err) {
			return err
		}
		again, readErr := client.Get(ctx, found.Name, metav1.GetOptions{})
		if readErr != nil {
			return readErr
		}
		found = again
		return err
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("%s/%s: %w", found.Namespace, found.Name, err)
	}
	return nil
}

// others are the owners of an object that are no ExternalSecrets; owned tells whether there are any that are.
func others(object *metav1.PartialObjectMetadata) (rest []metav1.OwnerReference, owned bool) {
	for _, owner := range object.OwnerReferences {
		group, err := schema.ParseGroupVersion(owner.APIVersion)
		if err == nil && group.Group == v1.GroupName && owner.Kind == v1.ExternalSecretKind {
			owned = true
		} else {
			rest = append(rest, owner)
		}
	}
	return rest, owned
}
