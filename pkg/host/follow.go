package host

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/quiet"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
)

// maxKinds is how many kinds of targets besides Secret and ConfigMap are watched at a time: each is a watch of all objects
// of the kind in the cluster.
const maxKinds = 32

// followed are the kinds of targets that ExternalSecrets name, each watched while one does. What watches them belongs to
// run.
type followed struct {
	client *quiet.Client
	scope  Scope
	// changed hears of objects, seen of a kind whose objects have all been seen. They are set before run.
	changed func(Object)
	seen    func(Kind)

	mu sync.Mutex
	// ctx is that of run; nil before it. ended is set once no watch may begin any more.
	ctx     context.Context
	ended   bool
	running sync.WaitGroup
	kinds   map[Kind]*followedKind
}

func newFollowed(client *quiet.Client, scope Scope) *followed {
	return &followed{client: client, scope: scope, kinds: map[Kind]*followedKind{}, changed: func(Object) {}, seen: func(Kind) {}}
}

// run has the kinds watched until ctx is done, and returns when every watch has ended.
func (f *followed) run(ctx context.Context) {
	f.mu.Lock()
	f.ctx = ctx
	for _, k := range f.kinds {
		f.beginLocked(k)
	}
	f.mu.Unlock()
	<-ctx.Done()
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
	f.running.Wait()
}

func (f *followed) beginLocked(k *followedKind) {
	if f.ctx == nil || f.ended {
		return
	}
	ctx, stop := context.WithCancel(f.ctx)
	k.stop = stop
	f.running.Go(func() {
		defer stop()
		k.run(ctx)
	})
}

// follow has a kind watched for a user as well.
func (f *followed) follow(user types.UID, kind schema.GroupVersionKind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := KindOf(kind)
	k := f.kinds[name]
	if k == nil {
		if len(f.kinds) >= maxKinds {
			return
		}
		k = newFollowedKind(f, kind)
		f.kinds[name] = k
		f.beginLocked(k)
	}
	k.users[user] = true
}

// unfollow drops what is watched for a user, but for the kinds that are kept.
func (f *followed) unfollow(user types.UID, kept ...Kind) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, k := range f.kinds {
		if !k.users[user] || slices.Contains(kept, name) {
			continue
		}
		delete(k.users, user)
		if len(k.users) == 0 {
			k.stop()
			delete(f.kinds, name)
		}
	}
}

func (f *followed) get(kind Kind) *followedKind {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kinds[kind]
}

func (f *followed) all() []*followedKind {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Values(f.kinds))
}

// Follow has the objects of a kind watched for an ExternalSecret until Unfollow. It does not wait.
func (h *Host) Follow(user types.UID, kind schema.GroupVersionKind) {
	if h.views[KindOf(kind)] == nil {
		h.followed.follow(user, kind)
	}
}

// Unfollow ends what Follow began for an ExternalSecret, but for the kinds that are kept.
func (h *Host) Unfollow(user types.UID, kept ...Kind) { h.followed.unfollow(user, kept...) }

// followTimeout is how long Await waits for a kind to be seen for the first time.
const followTimeout = 5 * time.Second

// Await waits until the objects of a kind that is followed have been seen once, and says where the host serves them. The
// error says what keeps them from being seen: a *secret.Refusal, or the host's.
func (h *Host) Await(ctx context.Context, kind schema.GroupVersionKind) (object.Resource, error) {
	name := KindOf(kind)
	if name == KindSecret || name == KindConfigMap {
		return object.Resource{GroupVersionResource: kind.GroupVersion().WithResource(resourceOf[name]), Kind: kind.Kind}, nil
	}
	k := h.followed.get(name)
	if k == nil {
		return object.Resource{}, &secret.Refusal{Cause: secret.UnfitKind, Message: fmt.Sprintf(
			"%s is not watched: ExternalSecrets name %d other kinds already, which is the most that this server watches", name, maxKinds)}
	}
	ctx, cancel := context.WithTimeout(ctx, followTimeout)
	defer cancel()
	return k.await(ctx)
}

// resourceOf are the resources of the kinds that are always watched.
var resourceOf = map[Kind]string{KindSecret: "secrets", KindConfigMap: "configmaps"}
