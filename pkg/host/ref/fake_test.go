package ref

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// fakeHost is a host whose watch shows what it holds, unless it lags, and that counts what is read.
type fakeHost struct {
	mu       sync.Mutex
	version  int
	objects  map[host.Object]fakeObject
	shown    map[host.Object]string
	unsynced bool
	lagging  bool
	down     error
	// outside is a namespace out of scope.
	outside string
	reads   map[host.Object]int
	// block, where it is set, is called by every read before it answers.
	block func(ctx context.Context) error
	// tokens are the requests for tokens, and what they are refused with.
	tokens    []account
	noToken   error
	audiences []string // those of the host itself
	counted   []provider.Reason
}

type fakeObject struct {
	version string
	data    map[string]string
}

func newFakeHost() *fakeHost {
	return &fakeHost{objects: map[host.Object]fakeObject{}, shown: map[host.Object]string{}, reads: map[host.Object]int{}}
}

func (f *fakeHost) put(o host.Object, pairs ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version++
	data := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		data[pairs[i]] = pairs[i+1]
	}
	f.objects[o] = fakeObject{version: fmt.Sprint(f.version), data: data}
	f.show(o)
}

func (f *fakeHost) drop(o host.Object) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.objects, o)
	f.show(o)
}

func (f *fakeHost) show(o host.Object) {
	if !f.lagging {
		f.shown[o] = f.objects[o].version
	}
}

// set changes how the host behaves.
func (f *fakeHost) set(change func(*fakeHost)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
	if !f.lagging {
		for o := range f.objects {
			f.shown[o] = f.objects[o].version
		}
	}
}

func (f *fakeHost) count(o host.Object) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reads[o]
}

func (f *fakeHost) Version(o host.Object) (string, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unsynced {
		return "", false
	}
	return f.shown[o], true
}

func (f *fakeHost) Covers(namespace string) error {
	if namespace == f.outside {
		return &host.Outside{Namespace: namespace}
	}
	return nil
}

func (f *fakeHost) read(ctx context.Context, o host.Object) (fakeObject, error) {
	f.mu.Lock()
	f.reads[o]++
	found, ok := f.objects[o]
	down, block := f.down, f.block
	f.mu.Unlock()
	if block != nil {
		if err := block(ctx); err != nil {
			return fakeObject{}, err
		}
	}
	switch {
	case down != nil:
		return fakeObject{}, down
	case !ok:
		return fakeObject{}, apierrors.NewNotFound(corev1.Resource("secrets"), o.Name)
	}
	return found, nil
}

func (f *fakeHost) GetSecret(ctx context.Context, namespace, name string) (*corev1.Secret, error) {
	found, err := f.read(ctx, host.Object{Kind: host.KindSecret, Namespace: namespace, Name: name})
	if err != nil {
		return nil, err
	}
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{ResourceVersion: found.version}, Data: map[string][]byte{}}
	for key, v := range found.data {
		s.Data[key] = []byte(v)
	}
	return s, nil
}

func (f *fakeHost) GetServiceAccount(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	found, err := f.read(ctx, host.Object{Kind: host.KindServiceAccount, Namespace: namespace, Name: name})
	if err != nil {
		return nil, err
	}
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{ResourceVersion: found.version, UID: types.UID(found.data["uid"])}}, nil
}

func (f *fakeHost) RequestToken(ctx context.Context, namespace, name string, uid types.UID, audiences []string) (value.Value, error) {
	f.mu.Lock()
	f.tokens = append(f.tokens, account{namespace, name, uid, audiences})
	refused, block := f.noToken, f.block
	f.mu.Unlock()
	if block != nil {
		if err := block(ctx); err != nil {
			return value.Value{}, err
		}
	}
	return value.FromString(fmt.Sprint(tokenCanary, audiences)), refused
}

func (f *fakeHost) Accepts(_ context.Context, _, _ string, token value.Value) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	accepted := slices.ContainsFunc(f.audiences, func(own string) bool { return strings.Contains(string(token.Bytes()), own) })
	return accepted, nil
}

// TokenRequested implements Metrics.
func (f *fakeHost) TokenRequested(reason provider.Reason) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counted = append(f.counted, reason)
}

func (f *fakeHost) GetConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	found, err := f.read(ctx, host.Object{Kind: host.KindConfigMap, Namespace: namespace, Name: name})
	if err != nil {
		return nil, err
	}
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{ResourceVersion: found.version}, Data: found.data}, nil
}
