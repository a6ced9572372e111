package materializer

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// cluster is a host in memory. Its watch is never late, unless it is blind.
type cluster struct {
	// outside is why no namespace is in scope; nil where all are.
	outside error
	// blind has the watch show no Secret.
	blind bool

	objects *objects

	mu       sync.Mutex
	version  int
	secrets  map[string]*corev1.Secret
	handlers []func(host.Object)
	// token is what stores authenticate with; empty for none.
	token     string
	templates template.Sources
	// counts of what was asked, by "get", "create", "update", "delete".
	counts map[string]int
	// stuck, where it is set, keeps writes waiting until it is closed.
	stuck chan struct{}
	// collide has the next writes meet somebody else's.
	collide int
}

func newCluster() *cluster {
	return &cluster{objects: newObjects(), secrets: map[string]*corev1.Secret{}, counts: map[string]int{}, token: "token"}
}

// do changes how the cluster behaves.
func (c *cluster) do(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func (c *cluster) count(call string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts[call]
}

func (c *cluster) stored(name string) *corev1.Secret {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.secrets["team/"+name].DeepCopy()
}

// data is the Secret's values as text, nil where there is none.
func (c *cluster) data(name string) map[string]string {
	s := c.stored(name)
	if s == nil {
		return nil
	}
	texts := map[string]string{}
	for k, v := range s.Data {
		texts[k] = string(v)
	}
	return texts
}

// put writes as somebody else.
func (c *cluster) put(s *corev1.Secret) {
	c.mu.Lock()
	c.storeLocked(s.DeepCopy())
	c.mu.Unlock()
	c.tell(s.Namespace, s.Name)
}

func (c *cluster) edit(name string, change func(*corev1.Secret)) {
	s := c.stored(name)
	change(s)
	c.put(s)
}

func (c *cluster) drop(name string) {
	c.mu.Lock()
	delete(c.secrets, "team/"+name)
	c.mu.Unlock()
	c.tell("team", name)
}

func (c *cluster) storeLocked(s *corev1.Secret) *corev1.Secret {
	c.version++
	s.ResourceVersion = strconv.Itoa(c.version)
	if s.UID == "" {
		s.UID = types.UID(fmt.Sprintf("secret-%d", c.version))
	}
	c.secrets[s.Namespace+"/"+s.Name] = s
	return s.DeepCopy()
}

func (c *cluster) tell(namespace, name string) {
	for _, changed := range c.handlers {
		changed(host.Object{Kind: host.KindSecret, Namespace: namespace, Name: name})
	}
}

func (c *cluster) HasSynced() bool                     { return true }
func (c *cluster) Covers(string) error                 { return c.outside }
func (c *cluster) OnNamespace(func(name string)) error { return nil }
func (c *cluster) OnObject(changed func(host.Object)) error {
	c.handlers = append(c.handlers, changed)
	c.objects.handlers = append(c.objects.handlers, changed)
	return nil
}

func (c *cluster) Object(o host.Object) (meta host.Metadata, exists, known bool) {
	if c.outside != nil {
		return host.Metadata{}, false, false
	}
	if o.Kind != host.KindSecret {
		return c.objects.Object(o)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.secrets[o.Namespace+"/"+o.Name]
	if !ok || c.blind {
		return host.Metadata{}, false, true
	}
	return metadataOf(s), true, true
}

func metadataOf(s metav1.Object) host.Metadata {
	return host.Metadata{
		Namespace: s.GetNamespace(), Name: s.GetName(), UID: s.GetUID(), ResourceVersion: s.GetResourceVersion(), Revision: host.Revision(s),
		Managed: s.GetLabels()[secret.LabelManaged] == secret.LabelManagedValue, CreatedBy: s.GetLabels()[secret.LabelCreatedBy],
		DataHash: s.GetAnnotations()[secret.AnnotationDataHash], Controller: metav1.GetControllerOf(s),
	}
}

func (c *cluster) Orphans(owner secret.Owner, target host.Object) []host.Orphan {
	c.mu.Lock()
	defer c.mu.Unlock()
	var orphaned []host.Orphan
	for _, s := range c.secrets {
		o := host.Object{Kind: host.KindSecret, Namespace: s.Namespace, Name: s.Name}
		if s.Namespace == owner.Namespace && o != target && owner.Controls(metav1.GetControllerOf(s)) {
			orphaned = append(orphaned, host.Orphan{Metadata: metadataOf(s), Kind: host.KindSecret})
		}
	}
	return append(orphaned, c.objects.orphans(owner, target)...)
}

func (c *cluster) Follow(types.UID, schema.GroupVersionKind) {}
func (c *cluster) Unfollow(types.UID, ...host.Kind)          {}
func (c *cluster) OnKind(func(host.Kind))                    {}

func (c *cluster) Await(_ context.Context, kind schema.GroupVersionKind) (object.Resource, error) {
	return c.objects.find(kind)
}

func (c *cluster) Get(_ context.Context, namespace, name string) (*corev1.Secret, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts["get"]++
	return c.secrets[namespace+"/"+name].DeepCopy(), nil
}

var secretsResource = schema.GroupResource{Resource: "secrets"}

func (c *cluster) CarryOut(_ context.Context, _ secret.Owner, p secret.Plan) (*corev1.Secret, error) {
	if c.stuck != nil {
		<-c.stuck
	}
	c.mu.Lock()
	planned := p.Secret().DeepCopy()
	if c.collide > 0 && (p.Action == secret.Create || p.Action == secret.Update) {
		c.collide--
		c.mu.Unlock()
		return nil, apierrors.NewConflict(secretsResource, planned.Name, nil)
	}
	standing := c.secrets[planned.Namespace+"/"+planned.Name]
	var written *corev1.Secret
	var err error
	switch p.Action {
	case secret.Create:
		c.counts["create"]++
		if err = apierrors.NewAlreadyExists(secretsResource, planned.Name); standing == nil {
			written, err = c.storeLocked(planned), nil
		}
	case secret.Update:
		c.counts["update"]++
		if err = apierrors.NewConflict(secretsResource, planned.Name, nil); standing != nil && standing.ResourceVersion == planned.ResourceVersion {
			written, err = c.storeLocked(planned), nil
		}
	case secret.Keep:
		written = planned
	}
	c.mu.Unlock()
	c.tell(planned.Namespace, planned.Name)
	return written, err
}

func (c *cluster) Delete(_ context.Context, namespace, name string, uid types.UID, version string) error {
	c.mu.Lock()
	c.counts["delete"]++
	standing := c.secrets[namespace+"/"+name]
	if standing == nil || standing.UID != uid || standing.ResourceVersion != version {
		c.mu.Unlock()
		return apierrors.NewConflict(secretsResource, name, nil)
	}
	delete(c.secrets, namespace+"/"+name)
	c.mu.Unlock()
	c.tell(namespace, name)
	return nil
}

func (c *cluster) NamespaceLabels(string) (labels.Set, bool) { return nil, true }

func (c *cluster) Material(context.Context, string, []provider.Reference) (provider.Material, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token == "" {
		return nil, provider.Errorf(provider.Invalid, "Secret team/token does not exist")
	}
	return provider.Material{"token": value.FromString(c.token)}, nil
}

func (c *cluster) TemplateSources(context.Context, *v1.ExternalSecret) (template.Sources, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.templates, nil
}
