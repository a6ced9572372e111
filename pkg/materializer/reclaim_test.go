package materializer

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host/secret"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// leftBehind is the Secret "db" as another ExternalSecret of the name, of another UID, has left it.
func leftBehind(uid types.UID) *corev1.Secret {
	data := map[string][]byte{"user": []byte("alice"), "password": []byte("hunter2")}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "team", Name: "db",
			Labels: map[string]string{
				secret.LabelManaged: secret.LabelManagedValue, secret.LabelCreatedBy: secret.CreatedBy("team", "db"),
			},
			Annotations: map[string]string{secret.AnnotationDataHash: secret.DataHash(data)},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1.SchemeGroupVersion.String(), Kind: v1.ExternalSecretKind, Name: "db", UID: uid,
				Controller: ptr.To(true), BlockOwnerDeletion: ptr.To(true),
			}},
		},
		Type: corev1.SecretTypeOpaque, Data: data,
	}
}

func TestReclaimsBeforeTheProviderAnswers(t *testing.T) {
	for policy, owned := range map[v1.CreationPolicy]bool{v1.CreationOwner: true, v1.CreationOrphan: false} {
		t.Run(string(policy), func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.vault.fail(provider.Errorf(provider.Unavailable, "a failure"))
				f.host.put(leftBehind("before"))
				f.host.do(func() { f.host.collide = 1 })
				f.add(creates(policy))
				after(2 * time.Second)
				require.Contains(t, f.ready(), "False SecretSyncedError")
				controller := metav1.GetControllerOf(f.host.stored("db"))
				require.Equal(t, owned, controller != nil)
				if owned {
					require.Equal(t, f.get("db").UID, controller.UID)
				}
				require.Equal(t, 1, f.host.count("update"))

				f.vault.fail(nil)
				after(time.Hour)
				require.Equal(t, synced, f.ready())
				require.Equal(t, both, f.host.data("db"))
				require.Equal(t, 1, f.host.count("update"), "nothing else differs")
			})
		})
	}
}

// TestImmutable follows the Secret of an ExternalSecret that asks for an immutable one: what stands stays, and that is no
// failure.
func TestImmutable(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.add(func(es *v1.ExternalSecret) { es.Spec.Target.Immutable = ptr.To(true) }, every("1m"))
		after(time.Second)
		require.True(t, *f.host.stored("db").Immutable)
		f.vault.set("password", "changed")
		after(time.Minute)
		require.Equal(t, both, f.host.data("db"))
		require.Equal(t, synced, f.ready())
		entry, _ := f.ledger.Entry(f.get("db").UID)
		require.True(t, entry.Frozen)
		gets, writes := f.host.count("get"), f.statusWrites("db")
		after(time.Hour)
		require.Equal(t, gets, f.host.count("get"), "it is read once per change")
		require.Equal(t, writes, f.statusWrites("db"))

		f.host.drop("db")
		after(time.Second)
		require.Equal(t, "changed", f.host.data("db")["password"], "one that is gone is made anew")
	})
}

// TestDoesNotTakeUpWhatItIsLeaving has the garbage collector release a Secret (--cascade=orphan) before the informer shows that
// the ExternalSecret is being deleted.
func TestDoesNotTakeUpWhatItIsLeaving(t *testing.T) {
	release := func(s *corev1.Secret) { s.OwnerReferences = nil }
	for name, answer := range map[string]func(*v1.ExternalSecret) (*v1.ExternalSecret, error){
		"going": func(es *v1.ExternalSecret) (*v1.ExternalSecret, error) {
			es.DeletionTimestamp = ptr.To(metav1.Now())
			return es, nil
		},
		"gone": func(*v1.ExternalSecret) (*v1.ExternalSecret, error) {
			return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "externalsecrets"}, "db")
		},
		"another": func(es *v1.ExternalSecret) (*v1.ExternalSecret, error) {
			es.UID = "another"
			return es, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, f *fixture) {
				f.add()
				after(time.Second)
				f.host.edit("db", release)
				after(time.Second)
				require.NotEmpty(t, f.host.stored("db").OwnerReferences, "while it is there it is put right")

				es := f.get("db")
				f.api.PrependReactor("get", "externalsecrets", func(clienttesting.Action) (bool, runtime.Object, error) {
					shown, err := answer(es.DeepCopy())
					return true, shown, err
				})
				f.host.edit("db", release)
				after(time.Minute)
				require.Empty(t, f.host.stored("db").OwnerReferences)
			})
		})
	}
}
