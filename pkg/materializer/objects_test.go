package materializer

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// objects are the objects of a host in memory that are no Secrets: ConfigMaps and AppConfigs, whose generation is counted.
type objects struct {
	mu       sync.Mutex
	version  int
	all      map[host.Object]*unstructured.Unstructured
	handlers []func(host.Object)
	// counts of what was asked, by "get", "create", "update", "delete".
	counts map[string]int
}

var (
	configMapKind = schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
	appConfigKind = schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "AppConfig"}
)

func newObjects() *objects {
	return &objects{all: map[host.Object]*unstructured.Unstructured{}, counts: map[string]int{}}
}

func (c *objects) find(kind schema.GroupVersionKind) (object.Resource, error) {
	if kind != configMapKind && kind != appConfigKind {
		return object.Resource{}, &secret.Refusal{Cause: secret.UnfitKind, Message: "the host cluster does not serve " + kind.Kind}
	}
	return object.Resource{GroupVersionResource: kind.GroupVersion().WithResource("any"), Kind: kind.Kind}, nil
}

// nameOf is the host's name of team/name.
func nameOf(kind schema.GroupVersionKind, name string) host.Object {
	return host.Object{Kind: host.KindOf(kind), Namespace: "team", Name: name}
}

func keyIn(r object.Resource, namespace, name string) host.Object {
	return host.Object{Kind: host.KindOf(r.GroupVersion().WithKind(r.Kind)), Namespace: namespace, Name: name}
}

func (c *objects) count(call string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[call]
}

// stored is nil where there is none.
func (c *objects) stored(kind schema.GroupVersionKind, name string) *unstructured.Unstructured {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all[nameOf(kind, name)].DeepCopy()
}

// edit changes an object as somebody else; a change of its status is none of its generation.
func (c *objects) edit(kind schema.GroupVersionKind, name string, change func(map[string]any)) {
	o := c.stored(kind, name)
	change(o.Object)
	c.mu.Lock()
	c.storeLocked(o)
	c.mu.Unlock()
	c.tell(nameOf(kind, name))
}

func (c *objects) drop(kind schema.GroupVersionKind, name string) {
	c.mu.Lock()
	delete(c.all, nameOf(kind, name))
	c.mu.Unlock()
	c.tell(nameOf(kind, name))
}

func (c *objects) storeLocked(o *unstructured.Unstructured) *unstructured.Unstructured {
	key := host.Object{Kind: host.KindOf(o.GroupVersionKind()), Namespace: o.GetNamespace(), Name: o.GetName()}
	c.version++
	o.SetResourceVersion(strconv.Itoa(c.version))
	if o.GetUID() == "" {
		o.SetUID(types.UID(fmt.Sprintf("object-%d", c.version)))
	}
	if before := c.all[key]; o.GetKind() == appConfigKind.Kind &&
		(before == nil || fmt.Sprint(before.Object["spec"]) != fmt.Sprint(o.Object["spec"])) {
		o.SetGeneration(o.GetGeneration() + 1)
	}
	c.all[key] = o
	return o.DeepCopy()
}

func (c *objects) tell(o host.Object) {
	for _, changed := range c.handlers {
		changed(o)
	}
}

func (c *objects) Object(o host.Object) (meta host.Metadata, exists, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := c.all[o]
	if found == nil {
		return host.Metadata{}, false, true
	}
	return metadataOf(found), true, true
}

func (c *objects) orphans(owner secret.Owner, target host.Object) []host.Orphan {
	c.mu.Lock()
	defer c.mu.Unlock()
	var orphaned []host.Orphan
	for name, o := range c.all {
		if name != target && owner.Controls(metav1.GetControllerOf(o)) {
			resource, _ := c.find(o.GroupVersionKind())
			orphaned = append(orphaned, host.Orphan{Metadata: metadataOf(o), Kind: name.Kind, Resource: resource})
		}
	}
	return orphaned
}

func (c *objects) Get(_ context.Context, r object.Resource, namespace, name string) (*unstructured.Unstructured, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts["get"]++
	return c.all[keyIn(r, namespace, name)].DeepCopy(), nil
}

func (c *objects) CarryOut(_ context.Context, r object.Resource, _ secret.Owner, p object.Plan) (*unstructured.Unstructured, error) {
	planned := p.Object().DeepCopy()
	if p.Action != secret.Create && p.Action != secret.Update {
		return planned, nil
	}
	key := keyIn(r, planned.GetNamespace(), planned.GetName())
	c.mu.Lock()
	standing := c.all[key]
	if (standing == nil) != (p.Action == secret.Create) || standing != nil && standing.GetResourceVersion() != planned.GetResourceVersion() {
		c.mu.Unlock()
		return nil, apierrors.NewConflict(r.GroupResource(), planned.GetName(), nil)
	}
	c.counts[map[secret.Action]string{secret.Create: "create", secret.Update: "update"}[p.Action]]++
	written := c.storeLocked(planned)
	c.mu.Unlock()
	c.tell(key)
	return written, nil
}

func (c *objects) Delete(_ context.Context, r object.Resource, namespace, name string, uid types.UID, version string) error {
	key := keyIn(r, namespace, name)
	c.mu.Lock()
	c.counts["delete"]++
	standing := c.all[key]
	if standing == nil || standing.GetUID() != uid || standing.GetResourceVersion() != version {
		c.mu.Unlock()
		return apierrors.NewConflict(r.GroupResource(), name, nil)
	}
	delete(c.all, key)
	c.mu.Unlock()
	c.tell(key)
	return nil
}
