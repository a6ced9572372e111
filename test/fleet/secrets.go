package fleet

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"

	hostsecret "github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Secret is what a watch has last seen of a Secret.
type Secret struct {
	Value           string
	ResourceVersion string
	// At is when it was seen.
	At time.Time
}

// Secrets watches the Secrets of a fleet. It is safe for concurrent use.
type Secrets struct {
	prefix string

	mu   sync.Mutex
	held map[types.NamespacedName]Secret
}

// Watch watches the fleet's Secrets until ctx ends, from when it returns on.
func (f *Fleet) Watch(ctx context.Context) (*Secrets, error) {
	s := &Secrets{prefix: f.Name + "-", held: map[types.NamespacedName]Secret{}}
	factory := informers.NewSharedInformerFactoryWithOptions(f.Host, 0, informers.WithTweakListOptions(func(o *metav1.ListOptions) {
		o.LabelSelector = hostsecret.LabelManaged + "=true"
	}))
	informer := factory.Core().V1().Secrets().Informer()
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    s.see,
		UpdateFunc: func(_, secret any) { s.see(secret) },
	})
	if err != nil {
		return nil, fmt.Errorf("watching Secrets: %w", err)
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return nil, fmt.Errorf("watching Secrets: %w", context.Cause(ctx))
	}
	return s, nil
}

func (s *Secrets) see(object any) {
	secret, ok := object.(*corev1.Secret)
	if !ok || !strings.HasPrefix(secret.Namespace, s.prefix) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[types.NamespacedName{Namespace: secret.Namespace, Name: secret.Name}] = Secret{
		Value: string(secret.Data[SecretKey]), ResourceVersion: secret.ResourceVersion, At: time.Now(),
	}
}

// Held is what has been seen so far.
func (s *Secrets) Held() map[types.NamespacedName]Secret {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.held)
}

// Wait waits until all members have a Secret with the value that want returns for them, and returns when the last one came.
func (s *Secrets) Wait(ctx context.Context, members []Member, want func(Member) string) (time.Time, error) {
	var (
		last time.Time
		left int
	)
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(context.Context) (bool, error) {
		last, left = s.progress(members, want)
		return left == 0, nil
	})
	if err != nil {
		return last, fmt.Errorf("%d of %d Secrets have not arrived: %w", left, len(members), err)
	}
	return last, nil
}

func (s *Secrets) progress(members []Member, want func(Member) string) (last time.Time, left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.held) == 0 {
		return last, len(members)
	}
	for _, m := range members {
		secret := s.held[types.NamespacedName{Namespace: m.Namespace, Name: m.Name}]
		if secret.Value != want(m) {
			left++
			continue
		}
		if secret.At.After(last) {
			last = secret.At
		}
	}
	return last, left
}

// First is what all Secrets hold before anything was changed.
func First(Member) string { return FirstValue }
