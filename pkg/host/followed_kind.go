package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/cache"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/object"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/quiet"
)

const (
	shortestRetry = time.Second
	longestRetry  = 30 * time.Second
)

// errGone ends a watch of a kind that the host does not serve any more.
var errGone = errors.New("the kind is not served any more")

// followedKind is one kind that is watched.
type followedKind struct {
	followed *followed
	kind     schema.GroupVersionKind
	name     Kind
	// users and stop are guarded by the lock of followed.
	users map[types.UID]bool
	stop  context.CancelFunc

	mu sync.Mutex
	// ready is the view once it has seen all there is, resource where it looks.
	ready    *view
	resource object.Resource
	// err is why nothing has been seen; nil where that is not known yet. moved is closed when ready or err change.
	err   error
	moved chan struct{}
}

func newFollowedKind(f *followed, kind schema.GroupVersionKind) *followedKind {
	return &followedKind{
		followed: f, kind: kind, name: KindOf(kind), users: map[types.UID]bool{}, stop: func() {}, moved: make(chan struct{}),
	}
}

// run watches until ctx is done. Where the host does not serve the kind, or no longer, it asks again from time to time.
func (k *followedKind) run(ctx context.Context) {
	retry := shortestRetry
	for ctx.Err() == nil {
		began := time.Now()
		k.set(nil, object.Resource{}, k.watch(ctx))
		if time.Since(began) > longestRetry {
			retry = shortestRetry
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
		retry = min(2*retry, longestRetry)
	}
}

// watch finds where the kind is served and watches it. It returns nil when it was seen and is gone.
func (k *followedKind) watch(ctx context.Context) error {
	resource, err := object.Find(ctx, k.followed.client, k.kind)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	v := newView(k.followed.client, resource.GroupVersionResource, k.followed.scope, trimTarget, targetIndexers())
	for _, p := range v.parts {
		err = errors.Join(err, p.onError(func(err error) (done bool) {
			if apierrors.IsNotFound(err) {
				cancel(errGone)
				return true
			}
			if !p.isSettled() {
				k.set(nil, object.Resource{}, plain(err))
			}
			return false
		}))
	}
	err = errors.Join(err, v.onChange(func(namespace, name string) { k.followed.changed(Object{k.name, namespace, name}) }))
	if err != nil {
		return fmt.Errorf("watching objects of %s: %w", k.name, err)
	}
	var running sync.WaitGroup
	running.Go(func() { v.run(ctx) })
	defer running.Wait()
	if cache.WaitForCacheSync(ctx.Done(), v.isSettled) {
		k.set(v, resource, nil)
		k.followed.seen(k.name)
	}
	<-ctx.Done()
	return nil
}

// plain is the client's own error, whose words are for users, without what the informer put around it.
func plain(err error) error {
	var status *apierrors.StatusError
	var quietly *quiet.Error
	switch {
	case errors.As(err, &status):
		return status
	case errors.As(err, &quietly):
		return quietly
	}
	return errors.New("the objects of the kind cannot be watched")
}

func (k *followedKind) set(ready *view, resource object.Resource, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ready, k.resource, k.err = ready, resource, err
	close(k.moved)
	k.moved = make(chan struct{})
}

func (k *followedKind) view() (*view, object.Resource) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ready, k.resource
}

func (k *followedKind) await(ctx context.Context) (object.Resource, error) {
	for {
		k.mu.Lock()
		ready, resource, err, moved := k.ready, k.resource, k.err, k.moved
		k.mu.Unlock()
		if ready != nil || err != nil {
			return resource, err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return object.Resource{}, fmt.Errorf("the objects of %s have not been seen yet: %w", k.name, ctx.Err())
		}
	}
}
