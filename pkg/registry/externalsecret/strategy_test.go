package externalsecret

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
)

// stale is an object that was stored before a rule that refuses it.
func stale() *v1.ExternalSecret {
	return &v1.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "db", Generation: 1, Finalizers: []string{"example.com/held"}},
		Spec:       v1.ExternalSecretSpec{RefreshInterval: ptr.To("often")},
	}
}

func TestUpdatesThatARuleHoldsBack(t *testing.T) {
	strategy := newStrategy(install.Scheme(), validation.Rules{})
	for name, c := range map[string]struct {
		change func(*v1.ExternalSecret)
		// refused is the field of the first error, empty for none.
		refused string
		raises  bool
	}{
		"labels":     {func(es *v1.ExternalSecret) { es.Labels = map[string]string{"a": "b"} }, "", false},
		"finalizers": {func(es *v1.ExternalSecret) { es.Finalizers = nil }, "", false},
		"status":     {func(es *v1.ExternalSecret) { es.Status.Binding = &v1.LocalObjectReference{} }, "", false},
		"spec":       {func(es *v1.ExternalSecret) { es.Spec.Data = []v1.ExternalSecretData{{}} }, "spec.refreshInterval", true},
		"spec, terminating": {func(es *v1.ExternalSecret) {
			es.DeletionTimestamp = ptr.To(metav1.Now())
			es.Spec.Data = []v1.ExternalSecretData{{}}
		}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			old, es := stale(), stale()
			c.change(es)
			strategy.PrepareForUpdate(t.Context(), es, old)
			require.Equal(t, c.raises, es.Generation > old.Generation)
			require.Equal(t, old.Status, es.Status)
			errs := strategy.ValidateUpdate(t.Context(), es, old)
			if c.refused == "" {
				require.Empty(t, errs)
				return
			}
			require.NotEmpty(t, errs)
			require.Equal(t, c.refused, errs[0].Field)
		})
	}
}

func TestWarningsAreGivenOnce(t *testing.T) {
	strategy := newStrategy(install.Scheme(), validation.Rules{})
	es := stale()
	es.Spec.SyncWindows = &v1.SyncWindows{Windows: []v1.SyncWindow{{Schedule: "0 0 31 2 *", Duration: "1h"}}}
	require.Len(t, strategy.WarningsOnCreate(t.Context(), es), 1)
	require.Len(t, strategy.WarningsOnUpdate(t.Context(), es, stale()), 1)
	require.Empty(t, strategy.WarningsOnUpdate(t.Context(), es, es.DeepCopy()), "its author was told")
	require.Empty(t, statusStrategy{strategy}.WarningsOnUpdate(t.Context(), es, stale()))
}
