// Package fleet makes many ExternalSecrets over a simulated provider, and watches the Secrets that come of them. It needs a
// control plane that serves external-secrets.io/v1, and knows nothing of how that was started.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
)

// SecretKey is the one key of each ExternalSecret's Secret.
const SecretKey = "value"

// readyLimit is how long the stores may take until they are Ready.
const readyLimit = time.Minute

// Size says how many of each there are. ExternalSecrets are spread evenly over namespaces, stores and items.
type Size struct {
	// Secrets is the number of ExternalSecrets.
	Secrets int
	// Stores is the number of ClusterSecretStores, each with a vault or a folder of its own.
	Stores int
	// Items is the number of items in each of these.
	Items int
	// Namespaces is the number of namespaces.
	Namespaces int
}

// Fleet is a number of ExternalSecrets, each of which takes one item of one store.
type Fleet struct {
	Size
	// Name begins the names of all objects.
	Name     string
	Provider Provider
	// RefreshInterval is that of every ExternalSecret, the default where it is empty.
	RefreshInterval string
	Host            kubernetes.Interface
	Client          versioned.Interface
}

// Member is one ExternalSecret.
type Member struct {
	Namespace, Name string
	Store, Item     int
}

// Members are all ExternalSecrets, whether they have been created or not.
func (f *Fleet) Members() []Member {
	all := make([]Member, f.Secrets)
	for i := range all {
		all[i] = Member{
			Namespace: f.namespace(i * f.Namespaces / f.Secrets),
			Name:      fmt.Sprintf("%s-%05d", f.Name, i),
			Store:     i % f.Stores,
			Item:      i / f.Stores % f.Items,
		}
	}
	return all
}

func (f *Fleet) namespace(i int) string { return fmt.Sprintf("%s-%02d", f.Name, i) }

func (f *Fleet) store(i int) string { return fmt.Sprintf("%s-%03d", f.Name, i) }

// Prepare makes the namespaces and the stores, and waits until the stores are Ready.
func (f *Fleet) Prepare(ctx context.Context) error {
	for i := range f.Namespaces {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: f.namespace(i)}}
		if _, err := f.Host.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("making a namespace: %w", err)
		}
	}
	credential := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: f.Name}, StringData: f.Provider.Credential()}
	if _, err := f.Host.CoreV1().Secrets(f.namespace(0)).Create(ctx, credential, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("making the credential of the stores: %w", err)
	}
	for i := range f.Stores {
		store := &v1.ClusterSecretStore{
			ObjectMeta: metav1.ObjectMeta{Name: f.store(i)},
			Spec:       v1.SecretStoreSpec{Provider: f.Provider.Connection(i, f.credential)},
		}
		if _, err := f.Client.ExternalSecretsV1().ClusterSecretStores().Create(ctx, store, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("making a store: %w", err)
		}
	}
	return f.awaitStores(ctx)
}

// credential names a key of the Secret with the stores' credential.
func (f *Fleet) credential(key string) v1.SecretKeySelector {
	return v1.SecretKeySelector{Name: &f.Name, Namespace: ptr.To(f.namespace(0)), Key: &key}
}

func (f *Fleet) awaitStores(ctx context.Context) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, readyLimit, true, func(ctx context.Context) (bool, error) {
		for i := range f.Stores {
			store, err := f.Client.ExternalSecretsV1().ClusterSecretStores().Get(ctx, f.store(i), metav1.GetOptions{ResourceVersion: "0"})
			if err == nil {
				err = unready(store)
			}
			if last = err; err != nil {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the stores: %w: %w", err, last)
	}
	return nil
}

func unready(store *v1.ClusterSecretStore) error {
	i := slices.IndexFunc(store.Status.Conditions, func(c v1.SecretStoreStatusCondition) bool { return c.Type == v1.SecretStoreReady })
	if i < 0 {
		return errors.New(store.Name + " has not been looked at")
	}
	if c := store.Status.Conditions[i]; c.Status != corev1.ConditionTrue {
		return fmt.Errorf("%s: %s", store.Name, ptr.Deref(c.Message, ""))
	}
	return nil
}

// Create creates the ExternalSecrets, so many at a time.
func (f *Fleet) Create(ctx context.Context, workers int) error {
	return Each(ctx, workers, f.Members(), func(ctx context.Context, m Member) error {
		es := f.externalSecret(m)
		_, err := f.Client.ExternalSecretsV1().ExternalSecrets(m.Namespace).Create(ctx, es, metav1.CreateOptions{})
		if err != nil {
			return fmt.Errorf("making an ExternalSecret: %w", err)
		}
		return nil
	})
}

func (f *Fleet) externalSecret(m Member) *v1.ExternalSecret {
	es := &v1.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{Namespace: m.Namespace, Name: m.Name},
		Spec: v1.ExternalSecretSpec{
			SecretStoreRef: &v1.SecretStoreRef{Name: ptr.To(f.store(m.Store)), Kind: ptr.To(v1.ClusterSecretStoreKind)},
			Data:           []v1.ExternalSecretData{{SecretKey: SecretKey, RemoteRef: f.Provider.Ref(m.Item)}},
		},
	}
	if f.RefreshInterval != "" {
		es.Spec.RefreshInterval = &f.RefreshInterval
	}
	return es
}

// Each calls do for all of a list, so many at a time, until one fails.
func Each[T any](ctx context.Context, workers int, all []T, do func(context.Context, T) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, one := range all {
		group.Go(func() error { return do(ctx, one) })
	}
	return group.Wait()
}
