package ref

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
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
	reads    map[host.Object]int
	// block, where it is set, is called by every read before it answers.
	block func(ctx context.Context) error
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

func (f *fakeHost) GetConfigMap(ctx context.Context, namespace, name string) (*corev1.ConfigMap, error) {
	found, err := f.read(ctx, host.Object{Kind: host.KindConfigMap, Namespace: namespace, Name: name})
	if err != nil {
		return nil, err
	}
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{ResourceVersion: found.version}, Data: found.data}, nil
}
