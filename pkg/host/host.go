package host

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host/quiet"
)

// Host holds the clients and informers of the host cluster. It is safe for concurrent use. Where the host cannot be
// reached, what the informers last saw goes on being shown, and they take up where they were when it is back.
type Host struct {
	client     *quiet.Client
	scope      Scope
	views      map[Kind]*view
	namespaces *part
	// besides are the objects out of scope that are watched one by one.
	besides  map[Object]*part
	followed *followed
}

// New makes a Host. It sends nothing before Run.
func New(config *rest.Config, scope Scope) (*Host, error) {
	client, err := quiet.New(config)
	if err != nil {
		return nil, err
	}
	h := &Host{
		client: client,
		scope:  scope,
		views: map[Kind]*view{
			KindSecret:         newView(client, coreResource("secrets"), scope, trimObject, secretIndexers()),
			KindConfigMap:      newView(client, coreResource("configmaps"), scope, trimObject, targetIndexers()),
			KindServiceAccount: newView(client, coreResource("serviceaccounts"), scope, trimObject, cache.Indexers{}),
		},
		namespaces: newPart(client, coreResource("namespaces"), quiet.Where{}, trimNamespace, cache.Indexers{}),
		besides:    map[Object]*part{},
		followed:   newFollowed(client, scope),
	}
	for _, object := range scope.Besides {
		if h.Covers(object.Namespace) != nil {
			where := quiet.Where{Namespace: object.Namespace, Name: object.Name}
			h.besides[object] = newPart(client, coreResource(strings.ToLower(string(object.Kind))+"s"), where, trimObject, cache.Indexers{})
		}
	}
	return h, h.heedRefusals()
}

func coreResource(name string) schema.GroupVersionResource {
	return corev1.SchemeGroupVersion.WithResource(name)
}

func (h *Host) heedRefusals() error {
	for _, p := range h.parts() {
		if err := p.onError(func(error) bool { return false }); err != nil {
			return fmt.Errorf("watching the host: %w", err)
		}
	}
	return nil
}

// Client is the quiet client of the host.
func (h *Host) Client() *quiet.Client { return h.client }

// Run keeps the informers going until ctx is done, and returns when all they started has ended.
func (h *Host) Run(ctx context.Context) {
	var running sync.WaitGroup
	defer running.Wait()
	for _, p := range h.parts() {
		running.Go(func() { p.RunWithContext(ctx) })
	}
	running.Go(func() { h.followed.run(ctx) })
}

// HasSynced tells whether the host's Secrets, ConfigMaps, service accounts and namespaces have been seen once. Of several
// namespaces in scope, those that the server may not look into are not waited for.
func (h *Host) HasSynced() bool {
	for _, p := range h.parts() {
		if !p.isSettled() {
			return false
		}
	}
	return true
}

func (h *Host) parts() []*part {
	all := []*part{h.namespaces}
	for _, v := range h.views {
		all = slices.AppendSeq(all, maps.Values(v.parts))
	}
	return slices.AppendSeq(all, maps.Values(h.besides))
}

// OnObject has changed called for every Secret, ConfigMap, ServiceAccount and object of a kind that is followed which appears,
// changes or goes, those that are there at the start included. It is to be registered once, before Run. changed must not
// block: calls about one kind in one namespace come one after another.
func (h *Host) OnObject(changed func(Object)) error {
	for kind, v := range h.views {
		err := v.onChange(func(namespace, name string) { changed(Object{kind, namespace, name}) })
		if err != nil {
			return fmt.Errorf("watching the %ss of the host: %w", kind, err)
		}
	}
	h.followed.changed = changed
	return nil
}

// OnKind has seen called when the objects of a kind that is followed have all been seen: at first, and again each time that
// the host serves the kind anew. It is to be registered once, before Run. seen must not block.
func (h *Host) OnKind(seen func(Kind)) { h.followed.seen = seen }

// OnNamespace is OnObject for namespaces.
func (h *Host) OnNamespace(changed func(name string)) error {
	if err := onChange(h.namespaces, func(_, name string) { changed(name) }); err != nil {
		return fmt.Errorf("watching the namespaces of the host: %w", err)
	}
	return nil
}

func (v *view) onChange(changed func(namespace, name string)) error {
	for _, p := range v.parts {
		if err := onChange(p, changed); err != nil {
			return err
		}
	}
	return nil
}

func onChange(informer cache.SharedIndexInformer, changed func(namespace, name string)) error {
	notify := func(object any) {
		// The key of an object that went while no watch was open is all that is known of it.
		key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object)
		if err != nil {
			return
		}
		namespace, name, err := cache.SplitMetaNamespaceKey(key)
		if err != nil {
			return
		}
		changed(namespace, name)
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: notify,
		UpdateFunc: func(before, after any) {
			// A list after a lost watch repeats what has not changed.
			if version(before) != version(after) {
				notify(after)
			}
		},
		DeleteFunc: notify,
	})
	return err
}

// version is an object's resourceVersion, and empty for what is no object.
func version(object any) string {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return ""
	}
	return accessor.GetResourceVersion()
}
