package quiet

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Resource is where the host serves the objects of a kind.
type Resource struct {
	schema.GroupVersionResource
	Kind string
}

// Resources lists what the host serves of a version of a group. One that it does not serve is NotFound.
func (c *Client) Resources(ctx context.Context, version schema.GroupVersion) (*metav1.APIResourceList, error) {
	what := subject{doing: "reading the kinds of", kind: version.String()}
	path := "/apis/" + version.String()
	if version.Group == "" {
		path = "/api/" + version.Version
	}
	return try(ctx, what, func(ctx context.Context) (*metav1.APIResourceList, error) {
		list := &metav1.APIResourceList{}
		return list, c.core.RESTClient().Get().AbsPath(path).Do(ctx).Into(list)
	})
}

// GetObject reads an object at its most recent.
func (c *Client) GetObject(ctx context.Context, r Resource, namespace, name string) (*unstructured.Unstructured, error) {
	return do(ctx, subject{"reading", r.Kind, namespace, name}, func(ctx context.Context) (*unstructured.Unstructured, error) {
		return c.objects.Resource(r.GroupVersionResource).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	})
}

// CreateObject creates o and returns what stands.
func (c *Client) CreateObject(ctx context.Context, r Resource, o *unstructured.Unstructured, manager string) (*unstructured.Unstructured, error) {
	what := subject{"creating", r.Kind, o.GetNamespace(), o.GetName()}
	return do(ctx, what, func(ctx context.Context) (*unstructured.Unstructured, error) {
		return c.objects.Resource(r.GroupVersionResource).Namespace(o.GetNamespace()).Create(ctx, o, metav1.CreateOptions{FieldManager: manager})
	})
}

// UpdateObject writes o over the object of the resourceVersion that o carries, and returns what stands. An object that has
// moved on since is a Conflict.
func (c *Client) UpdateObject(ctx context.Context, r Resource, o *unstructured.Unstructured, manager string) (*unstructured.Unstructured, error) {
	what := subject{"updating", r.Kind, o.GetNamespace(), o.GetName()}
	if o.GetResourceVersion() == "" {
		return nil, &Error{message: what.String() + ": it carries no resourceVersion"}
	}
	return do(ctx, what, func(ctx context.Context) (*unstructured.Unstructured, error) {
		return c.objects.Resource(r.GroupVersionResource).Namespace(o.GetNamespace()).Update(ctx, o, metav1.UpdateOptions{FieldManager: manager})
	})
}

// DeleteObject deletes the object of exactly this UID and resourceVersion. Another one of the name is a Conflict.
func (c *Client) DeleteObject(ctx context.Context, r Resource, namespace, name string, uid types.UID, resourceVersion string) error {
	return remove(ctx, subject{"deleting", r.Kind, namespace, name}, uid, resourceVersion,
		c.objects.Resource(r.GroupVersionResource).Namespace(namespace).Delete)
}
