package ref

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

const (
	// readTimeout bounds one read of an object.
	readTimeout = 5 * time.Second
	// holdOff is how long a failed read is not tried again: what waits for the host does not hammer it.
	holdOff = time.Second
	// defaultMaxBytes bounds what is kept in memory. A Secret holds 1 MiB at most, a credential some hundred bytes.
	defaultMaxBytes = 64 << 20
)

// Objects reads content from the host and requests tokens: the quiet client.
type Objects interface {
	GetSecret(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	GetConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
	GetServiceAccount(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error)
	RequestToken(ctx context.Context, namespace, name string, uid types.UID, audiences []string) (value.Value, error)
	Accepts(ctx context.Context, namespace, name string, token value.Value) (bool, error)
}

// Metrics hears of what the Reader asks of the host. It must not block.
type Metrics interface {
	// TokenRequested is called after each request of a token, with the reason of its failure, empty for none.
	TokenRequested(reason provider.Reason)
}

// Index is what the host's watches show: *host.Host.
type Index interface {
	// Version is at which resourceVersion an object was last seen, empty for none. known is false while nothing can be said.
	Version(host.Object) (resourceVersion string, known bool)
	// Covers returns an error for a namespace that nothing is to be read in.
	Covers(namespace string) error
}

// Config is what a Reader needs. Objects and Index are required.
type Config struct {
	Objects Objects
	Index   Index
	// Metrics may be nil.
	Metrics Metrics
	// MaxBytes bounds the content that is kept; 64 MiB when zero.
	MaxBytes int
	// Clock is the system's when nil.
	Clock clock.PassiveClock
}

// Reader reads what specs refer to. It is safe for concurrent use, starts no goroutine, and reads one object once at a time
// however many ask for it. Its errors are *provider.Error and name objects and keys, never content.
type Reader struct {
	objects Objects
	index   Index
	clock   clock.PassiveClock
	cache   *cache
	metrics Metrics
	// requests holds a place for each token that is being requested.
	requests chan struct{}
}

// New makes a Reader.
func New(config Config) *Reader {
	r := &Reader{
		objects: config.Objects, index: config.Index, clock: config.Clock, metrics: config.Metrics,
		requests: make(chan struct{}, maxTokenRequests),
	}
	if r.clock == nil {
		r.clock = clock.RealClock{}
	}
	maxBytes := config.MaxBytes
	if maxBytes == 0 {
		maxBytes = defaultMaxBytes
	}
	r.cache = newCache(maxBytes)
	return r
}

// Material reads what a store's references lead to. storeNamespace is that of a SecretStore, and empty for a
// ClusterSecretStore alone.
func (r *Reader) Material(ctx context.Context, storeNamespace string, refs []provider.Reference) (provider.Material, error) {
	material := make(provider.Material, len(refs))
	for _, reference := range refs {
		object, err := objectOf(storeNamespace, reference)
		if err != nil {
			return nil, err
		}
		material[reference.Purpose], err = r.lead(ctx, object, reference)
		if err != nil {
			return nil, err
		}
	}
	return material, nil
}

// lead is what a reference leads to.
func (r *Reader) lead(ctx context.Context, object host.Object, reference provider.Reference) (value.Value, error) {
	if !reference.ServiceAccount {
		return r.key(ctx, object, reference.Key)
	}
	uid, err := r.key(ctx, object, keyUID)
	if err != nil {
		return value.Value{}, err
	}
	return account{object.Namespace, object.Name, types.UID(uid.Bytes()), reference.Audiences}.material(), nil
}

// key is one key of an object.
func (r *Reader) key(ctx context.Context, object host.Object, key string) (value.Value, error) {
	content, err := r.read(ctx, object)
	if err != nil {
		return value.Value{}, err
	}
	v, ok := content[key]
	if !ok {
		return value.Value{}, provider.Errorf(provider.Invalid, "%s has no key %s", object, key)
	}
	return v, nil
}

// fetch reads an object from the host, whatever is kept of it.
func (r *Reader) fetch(ctx context.Context, object host.Object) (content, string, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	switch object.Kind {
	case host.KindSecret:
		s, err := r.objects.GetSecret(ctx, object.Namespace, object.Name)
		if err != nil {
			return nil, "", err
		}
		return contentOfSecret(s), s.ResourceVersion, nil
	case host.KindConfigMap:
		c, err := r.objects.GetConfigMap(ctx, object.Namespace, object.Name)
		if err != nil {
			return nil, "", err
		}
		return contentOfConfigMap(c), c.ResourceVersion, nil
	case host.KindServiceAccount:
		a, err := r.objects.GetServiceAccount(ctx, object.Namespace, object.Name)
		if err != nil {
			return nil, "", err
		}
		return contentOfServiceAccount(a), a.ResourceVersion, nil
	}
	return nil, "", fmt.Errorf("no objects of kind %s are read", object.Kind)
}
