package ref

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func TestNothingIsReadOutOfScope(t *testing.T) {
	f := newFakeHost()
	f.outside = "vault"
	elsewhere := host.Object{Kind: host.KindSecret, Namespace: "vault", Name: "connect-token"}
	f.put(elsewhere, "token", "t-1")
	f.put(token, "token", "t-2")
	r, _ := newReader(f)

	reference := tokenRef
	reference.Namespace = "vault"
	_, err := r.Material(t.Context(), "", []provider.Reference{reference})
	require.Equal(t, provider.Invalid, provider.ReasonOf(err))
	require.EqualError(t, err, "Secret vault/connect-token is not read: namespace vault is not one of --watch-namespaces of this server, "+
		"which has no rights to what is in it")
	require.Zero(t, f.count(elsewhere))

	reference.Namespace = "team"
	material, err := r.Material(t.Context(), "", []provider.Reference{reference})
	require.NoError(t, err)
	require.Equal(t, "t-2", string(material["token"].Bytes()))

	es := templated("tpl", "tpl")
	es.Namespace = "vault"
	_, err = r.TemplateSources(t.Context(), es)
	require.ErrorContains(t, err, "is not read: namespace vault")
}
