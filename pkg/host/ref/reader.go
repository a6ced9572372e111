package ref

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
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

// Objects reads content from the host: the quiet client.
type Objects interface {
	GetSecret(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	GetConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error)
}

// Index tells at which resourceVersion the host's watch last saw an object, empty for none. known is false while nothing
// can be said.
type Index interface {
	Version(host.Object) (resourceVersion string, known bool)
}

// Config is what a Reader needs. Objects and Index are required.
type Config struct {
	Objects Objects
	Index   Index
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
}

// New makes a Reader.
func New(config Config) *Reader {
	r := &Reader{objects: config.Objects, index: config.Index, clock: config.Clock}
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
		content, err := r.key(ctx, object, reference.Key)
		if err != nil {
			return nil, err
		}
		material[reference.Purpose] = content
	}
	return material, nil
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
	}
	return nil, "", fmt.Errorf("no objects of kind %s are read", object.Kind)
}
