package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	esv1 "github.com/external-secrets/external-secrets/apis/externalsecrets/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// step is what one request came to.
type step struct {
	Step string `json:"step"`
	Kind string `json:"kind"`
	Name string `json:"name"`
	// Sent and Received are the bodies on the wire, Object is what the client's types made of the answer.
	Sent     json.RawMessage `json:"sent,omitempty"`
	Received json.RawMessage `json:"received,omitempty"`
	Object   any             `json:"object"`
}

// tour takes objects, one after the other, through all that a client does.
type tour struct {
	client    client.WithWatch
	wire      *wire
	namespace string
	report    *json.Encoder
}

func newTour(config *rest.Config, namespace string, report io.Writer) (*tour, error) {
	scheme := runtime.NewScheme()
	if err := esv1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	w := &wire{}
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		w.next = next
		return w
	})
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, err
	}
	return &tour{client: c, wire: w, namespace: namespace, report: json.NewEncoder(report)}, nil
}

func (t *tour) take(ctx context.Context, object client.Object) error {
	name := object.GetObjectKind().GroupVersionKind().Kind
	kind, err := kindOf(name)
	if err != nil {
		return err
	}
	if name != "ClusterSecretStore" && object.GetNamespace() == "" {
		object.SetNamespace(t.namespace)
	}
	key := client.ObjectKeyFromObject(object)
	read := kind.object()
	for _, s := range []struct {
		step string
		do   func() (any, error)
	}{
		{"create", func() (any, error) { return object, t.client.Create(ctx, object) }},
		{"get", func() (any, error) { return read, t.client.Get(ctx, key, read) }},
		{"update", func() (any, error) { return t.update(ctx, kind, key) }},
		{"patch", func() (any, error) { return t.patch(ctx, kind, key) }},
		{"status", func() (any, error) { return t.status(ctx, kind, key) }},
		{"list", func() (any, error) {
			list := kind.list()
			return list, t.client.List(ctx, list, client.InNamespace(object.GetNamespace()))
		}},
		{"watch", func() (any, error) { return t.watch(ctx, kind, object.GetNamespace()) }},
	} {
		result, err := s.do()
		if err != nil {
			return fmt.Errorf("%s %s %s: %w", s.step, name, key, err)
		}
		done := step{s.step, name, object.GetName(), t.wire.sent, t.wire.received, result}
		if err := t.report.Encode(done); err != nil {
			return err
		}
	}
	return nil
}

// update reads, changes a label and writes back the whole object.
func (t *tour) update(ctx context.Context, kind kind, key client.ObjectKey) (client.Object, error) {
	object := kind.object()
	if err := t.client.Get(ctx, key, object); err != nil {
		return nil, err
	}
	object.SetLabels(map[string]string{"updated": "by-the-types-of-eso"})
	return object, t.client.Update(ctx, object)
}

// patch reads, and sends the difference that an annotation makes.
func (t *tour) patch(ctx context.Context, kind kind, key client.ObjectKey) (client.Object, error) {
	object := kind.object()
	if err := t.client.Get(ctx, key, object); err != nil {
		return nil, err
	}
	before := object.DeepCopyObject().(client.Object)
	object.SetAnnotations(map[string]string{"patched": "by-the-types-of-eso"})
	return object, t.client.Patch(ctx, object, client.MergeFrom(before))
}

// status writes a status as a controller does, and returns what reads then.
func (t *tour) status(ctx context.Context, kind kind, key client.ObjectKey) (client.Object, error) {
	object := kind.object()
	if err := t.client.Get(ctx, key, object); err != nil {
		return nil, err
	}
	now := metav1.Unix(1_700_000_000, 0)
	switch o := object.(type) {
	case *esv1.ExternalSecret:
		o.Status = esv1.ExternalSecretStatus{
			RefreshTime: now, SyncedResourceVersion: "1-abc", Binding: corev1.LocalObjectReference{Name: "target"},
			Conditions: []esv1.ExternalSecretStatusCondition{{
				Type: esv1.ExternalSecretReady, Status: corev1.ConditionTrue, Reason: esv1.ConditionReasonSecretSynced,
				Message: "secret synced", LastTransitionTime: now,
			}},
		}
	case esv1.GenericStore:
		o.SetStatus(esv1.SecretStoreStatus{
			Capabilities: esv1.SecretStoreReadOnly,
			Conditions: []esv1.SecretStoreStatusCondition{{
				Type: esv1.SecretStoreReady, Status: corev1.ConditionTrue, Reason: esv1.ReasonStoreValid,
				Message: "store validated", LastTransitionTime: now,
			}},
		})
	}
	if err := t.client.Status().Update(ctx, object); err != nil {
		return nil, err
	}
	sent, read := t.wire.sent, kind.object()
	err := t.client.Get(ctx, key, read)
	t.wire.sent = sent
	return read, err
}

// watch returns the first object that a watch shows.
func (t *tour) watch(ctx context.Context, kind kind, namespace string) (any, error) {
	watching, err := t.client.Watch(ctx, kind.list(), client.InNamespace(namespace))
	if err != nil {
		return nil, err
	}
	defer watching.Stop()
	select {
	case event, ok := <-watching.ResultChan():
		if !ok {
			return nil, errors.New("the watch has ended")
		}
		return event.Object, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
