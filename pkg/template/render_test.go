package template

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

func configMap(name string, items ...v1.TemplateRefItem) v1.TemplateFrom {
	return v1.TemplateFrom{ConfigMap: &v1.TemplateRef{Name: name, Items: items}}
}

func TestRenderData(t *testing.T) {
	keysAndValues := ptr.To(v1.TemplateScopeKeysAndValues)
	sources := Sources{
		{ConfigMap, "cm", "value"}: value.FromString("cm {{ .a }}"),
		{ConfigMap, "cm", "pairs"}: value.FromString("one: cm {{ .a }}\ntwo: 2\nthree: true\nfour: null\n"),
		{Secret, "cm", "value"}:    value.FromString("secret {{ .b }}"),
	}
	for name, tc := range map[string]struct {
		t    *v1.ExternalSecretTemplate
		want map[string]string
	}{
		"no template":    {nil, map[string]string{"a": "1", "b": "2"}},
		"empty template": {&v1.ExternalSecretTemplate{}, map[string]string{"a": "1", "b": "2"}},
		"metadata alone": {
			&v1.ExternalSecretTemplate{Metadata: &v1.TemplateMetadata{Labels: map[string]string{"x": "y"}}},
			map[string]string{"a": "1", "b": "2"},
		},
		"data replaces": {
			&v1.ExternalSecretTemplate{Data: map[string]string{"c": "{{ .a }}{{ .b }}"}},
			map[string]string{"c": "12"},
		},
		"data merges": {
			&v1.ExternalSecretTemplate{Data: map[string]string{"a": "x", "c": "{{ .a }}"}, MergePolicy: ptr.To(v1.TemplateMerge)},
			map[string]string{"a": "x", "b": "2", "c": "1"},
		},
		"an empty templateFrom replaces": {
			&v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{{}}},
			map[string]string{},
		},
		"configMap value": {
			&v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{configMap("cm", v1.TemplateRefItem{Key: "value"})}},
			map[string]string{"value": "cm 1"},
		},
		"configMap pairs": {
			&v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{configMap("cm", v1.TemplateRefItem{Key: "pairs", TemplateAs: keysAndValues})}},
			map[string]string{"one": "cm 1", "two": "2", "three": "true", "four": ""},
		},
		"later templateFrom wins": {
			&v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{
				configMap("cm", v1.TemplateRefItem{Key: "value"}),
				{Secret: &v1.TemplateRef{Name: "cm", Items: []v1.TemplateRefItem{{Key: "value"}}}, Target: ptr.To("DATA")},
			}},
			map[string]string{"value": "secret 2"},
		},
		"data wins over templateFrom": {
			&v1.ExternalSecretTemplate{
				TemplateFrom: []v1.TemplateFrom{{Literal: ptr.To("k: from\nl: from"), Target: ptr.To("")}},
				Data:         map[string]string{"k": "data"},
			},
			map[string]string{"k": "data", "l": "from"},
		},
		"decoding is of templateFrom": {
			&v1.ExternalSecretTemplate{
				TemplateFrom: []v1.TemplateFrom{{Literal: ptr.To("k: '{{ b64enc .a }}'"), ValuesDecodingStrategy: ptr.To(v1.DecodeBase64)}},
				Data:         map[string]string{"l": "{{ b64enc .a }}"},
			},
			map[string]string{"k": "1", "l": "MQ=="},
		},
		"empty literal": {
			&v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{{Literal: ptr.To("{{ if false }}a: b{{ end }}")}}},
			map[string]string{},
		},
		"index and range": {
			&v1.ExternalSecretTemplate{Data: map[string]string{"k": `{{ index . "a" }}{{ range $k, $v := . }}{{ $k }}{{ $v }}{{ end }}{{ toJson . }}`}},
			map[string]string{"k": `1a1b2{"a":"1","b":"2"}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Render(context.Background(), externalSecret(tc.t), values(map[string]string{"a": "1", "b": "2"}), sources)
			require.NoError(t, err)
			require.Equal(t, tc.want, texts(got.Data))
			require.True(t, got.Deterministic)
		})
	}
}

func TestRenderMetadata(t *testing.T) {
	es := externalSecret(&v1.ExternalSecretTemplate{
		Type: ptr.To(corev1.SecretTypeTLS),
		Metadata: &v1.TemplateMetadata{
			Labels: map[string]string{"team": "{{ .a }}"}, Annotations: map[string]string{"note": "{{ .a | upper }}\n"},
			Finalizers: []string{"example.com/keep"},
		},
		TemplateFrom: []v1.TemplateFrom{
			{Literal: ptr.To("team: lost\nfrom: '{{ .a }}'"), Target: ptr.To("labels")},
			{Literal: ptr.To("Mixed.Case/Key: v"), Target: ptr.To("Annotations")},
		},
	})
	es.Labels = map[string]string{"not": "copied"}
	es.Spec.Target.Immutable = ptr.To(true)
	got, err := Render(context.Background(), es, values(map[string]string{"a": "red"}), nil)
	require.NoError(t, err)
	require.Equal(t, &Rendered{
		Type: corev1.SecretTypeTLS, Labels: map[string]string{"team": "red", "from": "red"},
		Annotations: map[string]string{"note": "RED\n", "Mixed.Case/Key": "v"}, Finalizers: []string{"example.com/keep"},
		Data: map[string]value.Value{}, Immutable: ptr.To(true), Deterministic: true,
	}, got)
}

func TestRenderCopiesMetadata(t *testing.T) {
	es := externalSecret(nil)
	es.Labels = map[string]string{"app.kubernetes.io/instance": "x", "argocd.argoproj.io/instance": "x", "kustomize.toolkit.fluxcd.io/name": "x"}
	es.Annotations = map[string]string{
		"kubectl.kubernetes.io/last-applied-configuration": "{}", "argocd.argoproj.io/tracking-id": "x", "note": "y",
		"force-sync": "1", "external-secrets.io/force-sync": "1", "meta.helm.sh/release-name": "x",
		"reconcile.external-secrets.io/data-hash": "x",
	}
	got, err := Render(context.Background(), es, nil, nil)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"app.kubernetes.io/instance": "x"}, got.Labels)
	require.Equal(t, map[string]string{"note": "y"}, got.Annotations)
	require.Equal(t, []string{
		"argocd.argoproj.io/instance", "argocd.argoproj.io/tracking-id", "external-secrets.io/force-sync", "force-sync",
		"kubectl.kubernetes.io/last-applied-configuration", "kustomize.toolkit.fluxcd.io/name", "meta.helm.sh/release-name",
	}, got.Uncopied)

	es.Spec.Target = nil
	again, err := Render(context.Background(), es, nil, nil)
	require.NoError(t, err)
	require.Equal(t, got, again)
}

func TestRenderMarksRandomness(t *testing.T) {
	es := externalSecret(&v1.ExternalSecretTemplate{Data: map[string]string{"a": "x", "b": "{{ uuidv4 }}"}})
	got, err := Render(context.Background(), es, nil, nil)
	require.NoError(t, err)
	require.False(t, got.Deterministic)
}

func TestRenderRefuses(t *testing.T) {
	for name, es := range map[string]*v1.ExternalSecret{
		"bootstrap token":       externalSecret(&v1.ExternalSecretTemplate{Type: ptr.To(corev1.SecretTypeBootstrapToken)}),
		"service account token": externalSecret(&v1.ExternalSecretTemplate{Type: ptr.To(corev1.SecretTypeServiceAccountToken)}),
		"Helm release":          externalSecret(&v1.ExternalSecretTemplate{Type: ptr.To(corev1.SecretType("helm.sh/release.v1"))}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(context.Background(), es, nil, nil)
			var failure *Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, NotAllowed, failure.Class)
			require.Equal(t, "spec.target.template.type", failure.Place)
			require.NotEmpty(t, Validate(es.Spec.Target, field.NewPath("spec", "target")))
		})
	}
}

func TestSourceKeys(t *testing.T) {
	require.Empty(t, SourceKeys(externalSecret(nil)))
	require.Empty(t, SourceKeys(&v1.ExternalSecret{}))
	es := externalSecret(&v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{
		configMap("b", v1.TemplateRefItem{Key: "z"}, v1.TemplateRefItem{Key: "a"}),
		{Secret: &v1.TemplateRef{Name: "b", Items: []v1.TemplateRefItem{{Key: "z"}}}},
		{Literal: ptr.To("x")},
		configMap("b", v1.TemplateRefItem{Key: "z"}),
	}})
	require.Equal(t, []SourceKey{{ConfigMap, "b", "z"}, {ConfigMap, "b", "a"}, {Secret, "b", "z"}}, SourceKeys(es))
}

func TestKeys(t *testing.T) {
	render := func(text, key string) (string, error) {
		k, err := NewKeys("transform.template", text, NewBudget(context.Background()))
		if err != nil {
			return "", err
		}
		return k.Render(key)
	}
	for text, want := range map[string]string{
		`{{ .value | upper | replace "-" "_" }}`: "DB_USER",
		`{{ .other }}`:                           "<no value>",
		`{{ if .other }}x{{ else }}y{{ end }}`:   "y",
		``:                                       "",
	} {
		got, err := render(text, "db-user")
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		`{{ .value`:                        "transform.template, line 1: the template does not parse: unclosed action",
		`{{ fail .value }}`:                `transform.template, line 1: function "fail": the function failed`,
		`{{ uuidv4 }}`:                     `transform.template: function "uuidv4": the function gives another result each time, which a key may not`,
		`{{ range 300000000 }}{{ end }}`:   "transform.template, line 1: the template takes too many steps",
		`{{ .value | repeat 1000000000 }}`: `transform.template, line 1: function "repeat": the result is too large`,
	} {
		_, err := render(text, canary)
		require.EqualError(t, err, want, text)
	}
}
