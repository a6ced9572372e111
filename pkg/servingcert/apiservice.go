package servingcert

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// fieldManager is who the managed fields of an APIService say that caBundle is from.
const fieldManager = "external-secrets-apiserver-serving-cert"

var apiServices = schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}

// registration is one APIService by its name, and what kube-apiserver trusts for it. It touches spec.caBundle, and that
// only where the APIService leads to our Service: one of that name may be of a CRD, or of another installation.
type registration struct {
	name      string
	service   types.NamespacedName
	client    dynamic.ResourceInterface
	informer  cache.SharedIndexInformer
	lifetimes Lifetimes
}

func newRegistration(client dynamic.Interface, name string, service types.NamespacedName, lifetimes Lifetimes) *registration {
	informer := dynamicinformer.NewFilteredDynamicInformer(client, apiServices, metav1.NamespaceAll, 0, cache.Indexers{}, byName(name))
	return &registration{
		name: name, service: service, client: client.Resource(apiServices), informer: informer.Informer(), lifetimes: lifetimes,
	}
}

func byName(name string) func(*metav1.ListOptions) {
	return func(o *metav1.ListOptions) {
		o.FieldSelector = fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()
	}
}

// current returns the APIService as it was last seen, nil where there is none that leads to us.
func (r *registration) current() *unstructured.Unstructured {
	found, exists, err := r.informer.GetStore().GetByKey(r.name)
	if err != nil || !exists {
		return nil
	}
	object, ok := found.(*unstructured.Unstructured)
	if !ok {
		return nil
	}
	namespace, _, _ := unstructured.NestedString(object.Object, "spec", "service", "namespace")
	name, _, _ := unstructured.NestedString(object.Object, "spec", "service", "name")
	if namespace != r.service.Namespace || name != r.service.Name {
		return nil
	}
	return object
}

// trusts tells whether no client of the APIService refuses leaves of an authority. An APIService that is not there has no
// clients; one that has not been read yet may have.
func (r *registration) trusts(authority *x509.Certificate) bool {
	if !r.informer.HasSynced() {
		return false
	}
	object := r.current()
	return object == nil || caBundle(object).has(authority)
}

// publish has the APIService trust the authorities. One that is not among them is taken out when it has ended, or is known
// to be of no use: an installation whose certificate came another way may still run for a while after our first authority
// was made, and one that was made just now may be of another replica that knows more.
func (r *registration) publish(ctx context.Context, trusted bundle, now time.Time) error {
	object := r.current()
	// Before there is an authority, what somebody else had trusted is left alone.
	if object == nil || len(trusted) == 0 {
		return nil
	}
	held, clean := parseBundle(bundleText(object))
	want := trusted
	young := now.Add(-r.lifetimes.handover())
	for _, other := range held.trusted(now) {
		if firstMade(trusted).After(young) || madeAt(other).After(young) {
			want = want.with(other)
		}
	}
	want = want.bounded()
	if clean && held.sameAs(want) {
		return nil
	}
	if err := r.patch(ctx, object, want); err != nil {
		return err
	}
	klog.FromContext(ctx).Info("Published the authorities of the serving certificate", "apiService", r.name, "authorities", len(want))
	return nil
}

// patch sets caBundle of the APIService as it was seen: of one that has changed since, it fails.
func (r *registration) patch(ctx context.Context, seen *unstructured.Unstructured, want bundle) error {
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": seen.GetUID(), "resourceVersion": seen.GetResourceVersion()},
		"spec":     map[string]any{"caBundle": want.encode()},
	})
	if err != nil {
		return fmt.Errorf("encode a patch: %w", err)
	}
	_, err = r.client.Patch(ctx, r.name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: fieldManager})
	if err != nil {
		return fmt.Errorf("set caBundle of the APIService %s: %w", r.name, err)
	}
	return nil
}

// firstMade is when the oldest of the authorities was made; there is at least one.
func firstMade(authorities bundle) time.Time {
	first := madeAt(authorities[0])
	for _, cert := range authorities {
		first = earlier(first, madeAt(cert))
	}
	return first
}

// madeAt is when an authority was made, if it was made here.
func madeAt(cert *x509.Certificate) time.Time { return cert.NotBefore.Add(backdate) }

func caBundle(object *unstructured.Unstructured) bundle {
	certs, _ := parseBundle(bundleText(object))
	return certs
}

func bundleText(object *unstructured.Unstructured) []byte {
	encoded, _, _ := unstructured.NestedString(object.Object, "spec", "caBundle")
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return []byte(encoded)
	}
	return text
}

// publishAll goes on where one fails: the others' clients need not suffer.
func publishAll(ctx context.Context, registrations []*registration, trusted bundle, now time.Time) error {
	var errs []error
	for _, r := range registrations {
		errs = append(errs, r.publish(ctx, trusted, now))
	}
	return errors.Join(errs...)
}
