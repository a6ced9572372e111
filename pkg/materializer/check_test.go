package materializer

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// storeReady is "status reason: message" of a store's Ready condition, empty for none.
func (f *fixture) storeReady(name string) string {
	s, err := f.api.ExternalSecretsV1().SecretStores("team").Get(f.t.Context(), name, metav1.GetOptions{})
	require.NoError(f.t, err)
	for _, c := range s.Status.Conditions {
		return string(c.Status) + " " + *c.Reason + ": " + *c.Message
	}
	return ""
}

const validated = "True Valid: store validated"

func TestStoreIsValidated(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		after(time.Second)
		require.Equal(t, validated, f.storeReady("vault"))
		require.Equal(t, 1, f.vault.count("check"))
		after(time.Hour)
		require.InDelta(t, 13, f.vault.count("check"), 1, "every five minutes, or a little sooner")
		require.Equal(t, 1, f.statusWrites("vault"))
		require.Equal(t, []string{"Valid: store validated"}, f.events())
	})
}

func TestStoreThatIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		after(time.Minute)
		f.vault.fail(provider.Errorf(provider.Unauthenticated, "the token was refused"))
		after(6 * time.Minute)
		want := "unable to validate store: the token was refused"
		require.Equal(t, "False InvalidProviderConfig: "+want, f.storeReady("vault"))
		require.Equal(t, []string{"InvalidProviderConfig: " + want, "Valid: store validated"}, f.events())
		after(time.Hour)
		require.Equal(t, 2, f.statusWrites("vault"))
		f.vault.fail(nil)
		after(6 * time.Minute)
		require.Equal(t, validated, f.storeReady("vault"))
	})
}

func TestStoreWithoutCredential(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.host.do(func() { f.host.token = "" })
		f.addStore(func(s *v1.SecretStore) { s.Name = "second" })
		after(time.Minute)
		require.Equal(t, "False InvalidProviderConfig: unable to validate store: Secret team/token does not exist", f.storeReady("second"))
		f.host.do(func() { f.host.token = "token" })
		f.host.put(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "token"}})
		after(time.Second)
		require.Equal(t, validated, f.storeReady("second"), "it is looked at when its credential changes")
	})
}

func TestStoreThatIsSilentForAMoment(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.addStore(func(s *v1.SecretStore) { s.Name, s.Spec.RefreshInterval = "often", ptr.To(intstr.FromString("30s")) })
		after(time.Second)
		f.vault.fail(provider.Errorf(provider.Unavailable, "no answer"))
		after(50 * time.Second)
		require.Equal(t, validated, f.storeReady("often"))
		f.vault.fail(nil)
		after(time.Minute)
		require.Equal(t, 1, f.statusWrites("often"))
		f.vault.fail(provider.Errorf(provider.Unavailable, "no answer"))
		after(5 * time.Minute)
		require.Contains(t, f.storeReady("often"), "False InvalidProviderConfig")
		f.vault.fail(nil)
		after(6 * time.Minute)
		require.Equal(t, validated, f.storeReady("often"))
		require.Equal(t, 3, f.statusWrites("often"))
	})
}

func TestStoreOfAnotherClass(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		f.addStore(func(s *v1.SecretStore) { s.Name, s.Spec.Controller = "foreign", ptr.To("another") })
		f.addStore(func(s *v1.SecretStore) { s.Name, s.Spec.Controller = "ours", ptr.To("default") })
		after(time.Hour)
		require.Empty(t, f.storeReady("foreign"))
		require.Equal(t, validated, f.storeReady("ours"))
	})
}

func TestClusterStoreIsValidated(t *testing.T) {
	bubble(t, func(t *testing.T, f *fixture) {
		s := &v1.ClusterSecretStore{ObjectMeta: metav1.ObjectMeta{Name: "shared", Generation: 1},
			Spec: v1.SecretStoreSpec{Provider: &v1.SecretStoreProvider{OnePassword: &v1.OnePasswordProvider{}}}}
		_, err := f.api.ExternalSecretsV1().ClusterSecretStores().Create(t.Context(), s, metav1.CreateOptions{})
		require.NoError(t, err)
		after(time.Second)
		s, err = f.api.ExternalSecretsV1().ClusterSecretStores().Get(t.Context(), "shared", metav1.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, corev1.ConditionTrue, s.Status.Conditions[0].Status)
		require.Equal(t, "ReadOnly", *s.Status.Capabilities)
	})
}

func TestNextStoreStatus(t *testing.T) {
	then, now := time.Unix(1000, 0).UTC(), time.Unix(2000, 0).UTC()
	good := nextStoreStatus(&v1.SecretStoreStatus{}, nil, then)
	require.Equal(t, good, nextStoreStatus(&good, nil, now))
	bad := nextStoreStatus(&good, errors.New("a cause"), now)
	require.Equal(t, now, bad.Conditions[0].LastTransitionTime.Time)
	worse := nextStoreStatus(&bad, errors.New("another"), then)
	require.Equal(t, now, worse.Conditions[0].LastTransitionTime.Time)
	require.Equal(t, "unable to validate store: another", *worse.Conditions[0].Message)
}

func TestStoreInterval(t *testing.T) {
	for want, interval := range map[time.Duration]*intstr.IntOrString{
		30 * time.Second: ptr.To(intstr.FromInt32(30)),
		2 * time.Minute:  ptr.To(intstr.FromString("2m")),
	} {
		require.Equal(t, want, storeInterval(interval))
	}
	for _, none := range []*intstr.IntOrString{nil, ptr.To(intstr.FromInt32(0)), ptr.To(intstr.FromString("0")), ptr.To(intstr.FromString("x"))} {
		require.Equal(t, checkInterval, storeInterval(none))
	}
}
