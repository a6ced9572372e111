package ref

import (
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/host"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
)

// templated is an ExternalSecret of the namespace team that takes templates from one ConfigMap and one Secret.
func templated(configMap, secret string) *v1.ExternalSecret {
	return &v1.ExternalSecret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "team", Name: "orders"},
		Spec: v1.ExternalSecretSpec{Target: &v1.ExternalSecretTarget{Template: &v1.ExternalSecretTemplate{
			TemplateFrom: []v1.TemplateFrom{
				{ConfigMap: &v1.TemplateRef{Name: configMap, Items: []v1.TemplateRefItem{{Key: "a"}, {Key: "b"}}}},
				{Secret: &v1.TemplateRef{Name: secret, Items: []v1.TemplateRefItem{{Key: "a"}}}},
			},
		}}},
	}
}

func TestTemplateSources(t *testing.T) {
	f := newFakeHost()
	configMap := host.Object{Kind: host.KindConfigMap, Namespace: "team", Name: "tpl"}
	secret := host.Object{Kind: host.KindSecret, Namespace: "team", Name: "tpl"}
	for _, namespace := range []string{"other", "team"} {
		f.put(host.Object{Kind: host.KindConfigMap, Namespace: namespace, Name: "tpl"}, "a", namespace+"-a", "b", namespace+"-b")
		f.put(host.Object{Kind: host.KindSecret, Namespace: namespace, Name: "tpl"}, "a", namespace+"-s")
	}
	r, _ := newReader(f)
	es := templated("tpl", "tpl")
	for range 3 {
		sources, err := r.TemplateSources(t.Context(), es)
		require.NoError(t, err)
		got := map[template.SourceKey]string{}
		for key, v := range sources {
			got[key] = string(v.Bytes())
		}
		require.Equal(t, map[template.SourceKey]string{
			{Kind: template.ConfigMap, Name: "tpl", Key: "a"}: "team-a",
			{Kind: template.ConfigMap, Name: "tpl", Key: "b"}: "team-b",
			{Kind: template.Secret, Name: "tpl", Key: "a"}:    "team-s",
		}, got)
	}
	require.Equal(t, map[host.Object]int{configMap: 1, secret: 1}, f.reads)
	require.Equal(t, []host.Object{configMap, secret}, TemplateDependencies(es))
}

func TestTemplateSourcesThatAreNotThere(t *testing.T) {
	for _, test := range []struct {
		name, configMap, want string
		put                   []string
	}{
		{"no object", "tpl", "ConfigMap team/tpl does not exist", nil},
		{"no key", "tpl", "ConfigMap team/tpl has no key b", []string{"a", "canary"}},
		{"another namespace", "../../other/configmaps/tpl", "is not the name of a ConfigMap", nil},
		{"no name", "", `"" is not the name of a ConfigMap`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFakeHost()
			if test.put != nil {
				f.put(host.Object{Kind: host.KindConfigMap, Namespace: "team", Name: test.configMap}, test.put...)
			}
			r, _ := newReader(f)
			_, err := r.TemplateSources(t.Context(), templated(test.configMap, "tpl"))
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "canary")
			require.Equal(t, provider.Invalid, provider.ReasonOf(err))
		})
	}
	_, err := (&Reader{}).TemplateSources(t.Context(), &v1.ExternalSecret{})
	require.NoError(t, err, "an ExternalSecret without templates reads nothing")
}

func TestTemplateSourcesNeedANamespace(t *testing.T) {
	es := templated("tpl", "tpl")
	es.Namespace = ""
	f := newFakeHost()
	f.unsynced = true
	r, _ := newReader(f)
	_, err := r.TemplateSources(t.Context(), es)
	require.Error(t, err)
	require.Empty(t, f.reads)
}
