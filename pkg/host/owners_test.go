package host

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

func TestOwnersAreExternalSecretsOfAnyVersion(t *testing.T) {
	api, config := newFakeAPI(t)
	owned := func(name, apiVersion, kind string, uid types.UID, controls bool) metav1.ObjectMeta {
		object := team(name)
		object.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: apiVersion, Kind: kind, Name: "owner", UID: uid, Controller: ptr.To(controls),
		}}
		return object
	}
	api.put("secrets", team("free"))
	api.put("secrets", owned("second", "external-secrets.io/v1", "ExternalSecret", "one", true))
	api.put("secrets", owned("first", "external-secrets.io/v1", "ExternalSecret", "one", false))
	api.put("secrets", owned("beta", "external-secrets.io/v1beta1", "ExternalSecret", "two", false))
	api.put("secrets", owned("certificate", "cert-manager.io/v1", "Certificate", "three", true))
	api.put("configmaps", owned("generic", "external-secrets.io/v1", "ExternalSecret", "four", true))

	h, err := New(config, Scope{})
	require.NoError(t, err)
	_, known := h.Owners()
	require.False(t, known, "nothing was seen yet")

	owners, known := start(t, config, nil).Owners()
	require.True(t, known)
	require.Equal(t, map[types.UID]Object{
		"one":  {KindSecret, "team", "first"},
		"two":  {KindSecret, "team", "beta"},
		"four": {KindConfigMap, "team", "generic"},
	}, owners)
}
