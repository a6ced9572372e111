package externalsecret

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/embeddedetcd"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
)

// Of an etcd that is full, whatever would be stored is refused with 507, and objects can be read and deleted.
func TestAFullEtcd(t *testing.T) {
	store := newTestStore(t, outcome.NewLedger(), embeddedetcd.Quota(2<<20))
	r := NewREST(store, &Live{}, &Authors{})
	ctx := genericapirequest.WithNamespace(context.Background(), fixtureNamespace)
	large := func(es *v1.ExternalSecret) {
		es.Labels = nil
		es.Spec.Target.Template = &v1.ExternalSecretTemplate{Data: map[string]string{"literal": strings.Repeat("x", 100<<10)}}
	}
	held := func(es *v1.ExternalSecret) { es.Finalizers = []string{"example.com/held"} }
	_, err := store.Create(ctx, externalSecret(t, 0, held), rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	require.NoError(t, err)

	for n := 1; err == nil && n < 100; n++ {
		_, err = r.Store.Create(ctx, externalSecret(t, n, large), rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	}
	require.Error(t, err, "there is a quota")
	requireFull := func(err error) {
		t.Helper()
		var status apierrors.APIStatus
		require.True(t, errors.As(err, &status), "%v", err)
		require.EqualValues(t, http.StatusInsufficientStorage, status.Status().Code)
	}
	_, err = r.Create(ctx, externalSecret(t, 100), rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	requireFull(err)

	found, err := store.Get(ctx, "app-0", &metav1.GetOptions{})
	require.NoError(t, err)
	changed := found.(*v1.ExternalSecret).DeepCopy()
	changed.Labels["changed"] = "yes"
	_, _, err = r.Update(ctx, "app-0", rest.DefaultUpdatedObjectInfo(changed), rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
	requireFull(err)
	_, _, err = r.Delete(ctx, "app-0", rest.ValidateAllObjectFunc, &metav1.DeleteOptions{})
	requireFull(err)
	_, now, err := r.Delete(ctx, "app-1", rest.ValidateAllObjectFunc, &metav1.DeleteOptions{})
	require.NoError(t, err)
	require.True(t, now)
}
