package resolve

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/template"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

func TestFingerprint(t *testing.T) {
	base := func() (*v1.ExternalSecret, *Data, template.Sources) {
		es := externalSecret([]v1.ExternalSecretData{bind("a", "one")})
		es.Spec.Target = &v1.ExternalSecretTarget{Template: &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{
			{ConfigMap: &v1.TemplateRef{Name: "c", Items: []v1.TemplateRefItem{{Key: "k"}}}},
		}}}
		data := &Data{Values: values(map[string]string{"a": "1", "b": "2"})}
		return es, data, template.Sources{{Kind: template.ConfigMap, Name: "c", Key: "k"}: value.FromString("{{ .a }}")}
	}
	of := func(key string, change func(*v1.ExternalSecret, *Data, template.Sources)) Fingerprint {
		es, data, sources := base()
		change(es, data, sources)
		f, err := FingerprintOf([]byte(key), es, data, sources)
		require.NoError(t, err)
		return f
	}
	nothing := func(*v1.ExternalSecret, *Data, template.Sources) {}
	same := of("key", nothing)
	for name, change := range map[string]func(*v1.ExternalSecret, *Data, template.Sources){
		"nothing":         nothing,
		"refreshInterval": func(es *v1.ExternalSecret, _ *Data, _ template.Sources) { es.Spec.RefreshInterval = ptr.To("5m") },
		"refreshPolicy": func(es *v1.ExternalSecret, _ *Data, _ template.Sources) {
			es.Spec.RefreshPolicy = ptr.To(v1.RefreshPolicyOnChange)
		},
		"status": func(es *v1.ExternalSecret, _ *Data, _ template.Sources) {
			es.Status.SyncedResourceVersion = ptr.To("1")
		},
		"generation":        func(es *v1.ExternalSecret, _ *Data, _ template.Sources) { es.Generation, es.ResourceVersion = 7, "8" },
		"labels not copied": func(es *v1.ExternalSecret, _ *Data, _ template.Sources) { es.Labels = map[string]string{"a": "b"} },
		"a code of another time": func(_ *v1.ExternalSecret, d *Data, _ template.Sources) {
			d.Origins = map[string]value.Value{"a": d.Values["a"]}
			d.Values["a"] = value.FromString("123456")
		},
		"versions": func(_ *v1.ExternalSecret, d *Data, _ template.Sources) { d.Sources = []v1.LiveSource{{Version: "2"}} },
	} {
		require.Equal(t, same, of("key", change), name)
	}
	seen := map[Fingerprint]string{same: "nothing"}
	for name, change := range map[string]func(*v1.ExternalSecret, *Data, template.Sources){
		"value": func(_ *v1.ExternalSecret, d *Data, _ template.Sources) { d.Values["a"] = value.FromString("3") },
		"origin": func(_ *v1.ExternalSecret, d *Data, _ template.Sources) {
			d.Origins = map[string]value.Value{"a": value.FromString("another")}
		},
		"key": func(_ *v1.ExternalSecret, d *Data, _ template.Sources) { d.Values["c"] = value.FromString("") },
		"key and value": func(_ *v1.ExternalSecret, d *Data, _ template.Sources) {
			d.Values = values(map[string]string{"a1": "", "b": "2"})
		},
		"missing": func(_ *v1.ExternalSecret, d *Data, _ template.Sources) { d.Missing = []Entry{{Path: "x"}} },
		"template source": func(_ *v1.ExternalSecret, _ *Data, s template.Sources) {
			s[template.SourceKey{Kind: template.ConfigMap, Name: "c", Key: "k"}] = value.FromString("x")
		},
		"no source": func(_ *v1.ExternalSecret, _ *Data, s template.Sources) { clear(s) },
		"template": func(es *v1.ExternalSecret, _ *Data, _ template.Sources) {
			es.Spec.Target.Template.Data = map[string]string{"x": "y"}
		},
		"target": func(es *v1.ExternalSecret, _ *Data, _ template.Sources) { es.Spec.Target.Name = ptr.To("x") },
		"data":   func(es *v1.ExternalSecret, _ *Data, _ template.Sources) { es.Spec.Data[0].RemoteRef.Key = "x" },
		"name":   func(es *v1.ExternalSecret, _ *Data, _ template.Sources) { es.Name = "x" },
		"labels copied": func(es *v1.ExternalSecret, _ *Data, _ template.Sources) {
			es.Labels, es.Spec.Target.Template = map[string]string{"a": "b"}, nil
		},
	} {
		f := of("key", change)
		require.Empty(t, seen[f], name)
		seen[f] = name
	}
	require.NotEqual(t, same, of("other key", nothing))
}
