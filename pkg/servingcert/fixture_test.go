package servingcert

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	dynamicfake "k8s.io/client-go/dynamic/fake"
	"k8s.io/client-go/kubernetes/fake"
	clientgotesting "k8s.io/client-go/testing"
)

const (
	day        = 24 * time.Hour
	namespace  = "external-secrets"
	secretName = "serving"
	service    = "apiserver"
	apiService = "v1.external-secrets.io"
)

var (
	lifetimes = Lifetimes{Leaf: 3 * day, Authority: 30 * day}
	names     = Names(service, namespace)
)

// cluster is a host with one APIService, in which time is the fake time of the test's bubble.
type cluster struct {
	t       *testing.T
	client  *fake.Clientset
	dynamic *dynamicfake.FakeDynamicClient
	stop    []func()
}

// inCluster runs a test in a bubble and stops the replicas that it started.
func inCluster(t *testing.T, test func(t *testing.T, c *cluster)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, client: fake.NewClientset()}
		c.dynamic = dynamicfake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(),
			map[schema.GroupVersionResource]string{apiServices: "APIServiceList"}, registered(service, nil))
		c.lockSecrets()
		test(t, c)
		for _, stop := range c.stop {
			stop()
		}
	})
}

func registered(service string, bundle []byte) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
		"metadata": map[string]any{"name": apiService},
		"spec": map[string]any{
			"caBundle": base64.StdEncoding.EncodeToString(bundle),
			"service":  map[string]any{"namespace": namespace, "name": service},
			"group":    "external-secrets.io",
		},
	}}
}

// lockSecrets has updates refused that were made from an old version, as a real server does and the fake one does not.
func (c *cluster) lockSecrets() {
	var mu sync.Mutex
	version := 0
	stamp := func(secret *corev1.Secret) {
		version++
		secret.ResourceVersion = strconv.Itoa(version)
	}
	c.client.PrependReactor("create", "secrets", func(a clientgotesting.Action) (bool, runtime.Object, error) {
		mu.Lock()
		defer mu.Unlock()
		stamp(a.(clientgotesting.CreateAction).GetObject().(*corev1.Secret))
		return false, nil, nil
	})
	c.client.PrependReactor("update", "secrets", func(a clientgotesting.Action) (bool, runtime.Object, error) {
		mu.Lock()
		defer mu.Unlock()
		secret := a.(clientgotesting.UpdateAction).GetObject().(*corev1.Secret)
		stored, err := c.client.Tracker().Get(a.GetResource(), secret.Namespace, secret.Name)
		if err != nil {
			return true, nil, err
		}
		if secret.ResourceVersion != stored.(*corev1.Secret).ResourceVersion {
			return true, nil, apierrors.NewConflict(corev1.Resource("secrets"), secret.Name, errors.New("it changed"))
		}
		stamp(secret)
		return true, secret, c.client.Tracker().Update(a.GetResource(), secret, secret.Namespace)
	})
}

// start runs a replica until the test ends, its clock ahead of the others' by skew.
func (c *cluster) start(skew time.Duration, edit ...func(*Config)) *Manager {
	config := Config{
		Client: c.client, Dynamic: c.dynamic, Namespace: namespace, Secret: secretName, Service: service, Managed: true,
		APIServices: []string{apiService}, Lifetimes: lifetimes, Now: func() time.Time { return time.Now().Add(skew) },
	}
	for _, f := range edit {
		f(&config)
	}
	m := New(config)
	ctx, cancel := context.WithCancel(c.t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Run(ctx) })
	c.stop = append(c.stop, func() { cancel(); running.Wait() })
	c.settle()
	return m
}

// settle lets informers and replicas do what needs no more than a moment.
func (c *cluster) settle() {
	time.Sleep(10 * time.Second)
	synctest.Wait()
}

func (c *cluster) secret() *corev1.Secret {
	c.t.Helper()
	secret, err := c.client.CoreV1().Secrets(namespace).Get(c.t.Context(), secretName, metav1.GetOptions{})
	require.NoError(c.t, err)
	return secret
}

func (c *cluster) editSecret(edit func(*corev1.Secret)) {
	c.t.Helper()
	secret := c.secret()
	edit(secret)
	_, err := c.client.CoreV1().Secrets(namespace).Update(c.t.Context(), secret, metav1.UpdateOptions{})
	require.NoError(c.t, err)
}

func (c *cluster) deleteSecret() {
	c.t.Helper()
	require.NoError(c.t, c.client.CoreV1().Secrets(namespace).Delete(c.t.Context(), secretName, metav1.DeleteOptions{}))
}

// bundle is what kube-apiserver trusts.
func (c *cluster) bundle() bundle {
	c.t.Helper()
	object, err := c.dynamic.Resource(apiServices).Get(c.t.Context(), apiService, metav1.GetOptions{})
	require.NoError(c.t, err)
	return caBundle(object)
}

func (c *cluster) register(object *unstructured.Unstructured) {
	c.t.Helper()
	_, err := c.dynamic.Resource(apiServices).Update(c.t.Context(), object, metav1.UpdateOptions{})
	require.NoError(c.t, err)
}

// shown is the leaf that a replica serves.
func shown(t *testing.T, m *Manager) *x509.Certificate {
	t.Helper()
	p := parsePair(m.CurrentCertKeyContent())
	require.NotNil(t, p)
	return p.cert
}

// requireTrusted checks a replica as kube-apiserver would, at this moment and by its clock.
func (c *cluster) requireTrusted(m *Manager) {
	c.t.Helper()
	roots := x509.NewCertPool()
	for _, cert := range c.bundle() {
		roots.AddCert(cert)
	}
	for _, name := range names {
		_, err := shown(c.t, m).Verify(x509.VerifyOptions{Roots: roots, CurrentTime: time.Now(), DNSName: name})
		require.NoError(c.t, err)
	}
}

// writes counts what was written to Secrets and APIServices.
func (c *cluster) writes() int {
	count := 0
	for _, action := range append(c.client.Actions(), c.dynamic.Actions()...) {
		if verb := action.GetVerb(); verb != "get" && verb != "list" && verb != "watch" {
			count++
		}
	}
	return count
}

// refusePatches has APIServices not be changed until the answer is set to false.
func (c *cluster) refusePatches() *atomic.Bool {
	var refused atomic.Bool
	refused.Store(true)
	c.dynamic.PrependReactor("patch", "apiservices", func(clientgotesting.Action) (bool, runtime.Object, error) {
		if !refused.Load() {
			return false, nil, nil
		}
		return true, nil, apierrors.NewForbidden(apiServices.GroupResource(), apiService, errors.New("no such right"))
	})
	return &refused
}
