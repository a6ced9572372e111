package template

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// object is an ExternalSecret whose target is no Secret.
func object(apiVersion, kind string, t *v1.ExternalSecretTemplate) *v1.ExternalSecret {
	es := externalSecret(t)
	es.Spec.Target.Manifest = &v1.ManifestReference{APIVersion: apiVersion, Kind: kind}
	return es
}

func at(path, literal string) v1.TemplateFrom {
	return v1.TemplateFrom{Target: ptr.To(path), Literal: ptr.To(literal)}
}

type (
	m = map[string]any
	l = []any
)

func TestRenderObjects(t *testing.T) {
	fetched := map[string]string{"user": "alice", "password": "12345"}
	templates := Sources{
		{ConfigMap, "c", "text"}:   values(map[string]string{"": "is {{ .user }}"})[""],
		{ConfigMap, "c", "digits"}: values(map[string]string{"": "{{ .password }}"})[""],
		{ConfigMap, "c", "yaml"}:   values(map[string]string{"": "user: {{ .user }}\nport: 1"})[""],
		{Secret, "s", "pairs"}:     values(map[string]string{"": "a: {{ .user }}\nb: '{{ .password }}'"})[""],
	}
	from := func(path string, as v1.TemplateScope, keys ...string) v1.TemplateFrom {
		f := v1.TemplateFrom{Target: ptr.To(path), ConfigMap: &v1.TemplateRef{Name: "c"}}
		for _, key := range keys {
			f.ConfigMap.Items = append(f.ConfigMap.Items, v1.TemplateRefItem{Key: key, TemplateAs: &as})
		}
		return f
	}
	pairs := v1.TemplateFrom{Secret: &v1.TemplateRef{Name: "s", Items: []v1.TemplateRefItem{{Key: "pairs", TemplateAs: ptr.To(v1.TemplateScopeKeysAndValues)}}}}
	for name, c := range map[string]struct {
		es   *v1.ExternalSecret
		want m
	}{
		"a ConfigMap without a template": {object("v1", "ConfigMap", nil), m{"data": m{"user": "alice", "password": "12345"}}},
		"another kind without a template": {object("example.com/v1", "AppConfig", nil),
			m{"spec": m{"data": m{"user": "alice", "password": "12345"}}}},
		"an empty template": {object("v1", "ConfigMap", &v1.ExternalSecretTemplate{}), m{"data": m{"user": "alice", "password": "12345"}}},
		"template.data": {object("v1", "ConfigMap", &v1.ExternalSecretTemplate{Data: map[string]string{"a": "{{ .user }}"}}),
			m{"data": m{"a": "alice"}}},
		"mergePolicy Merge": {object("v1", "ConfigMap", &v1.ExternalSecretTemplate{
			MergePolicy: ptr.To(v1.TemplateMerge), Data: map[string]string{"user": "{{ .user | upper }}"}}),
			m{"data": m{"user": "ALICE", "password": "12345"}}},
		"values and pairs in data": {object("v1", "ConfigMap", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{
			from("", v1.TemplateScopeValues, "text", "yaml"), pairs}}),
			m{"data": m{"text": "is alice", "yaml": "user: alice\nport: 1", "a": "alice", "b": "12345"}}},
		"literals are YAML of any shape": {object("example.com/v1", "AppConfig", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{
			at("spec.database", "host: {{ .user }}\nport: {{ .password }}"), at("spec.database", "tls: true"), at("SPEC", "ratio: 1.5"),
			at("spec.quoted", "{{ .password | quote }}"), at("spec.number", "{{ .password }}"), at("spec.none", "")}}),
			m{"spec": m{"database": m{"host": "alice", "port": int64(12345), "tls": true}, "ratio": 1.5, "quoted": "12345", "number": int64(12345)}}},
		"values keep to text unless they are structure": {object("example.com/v1", "AppConfig", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{
			from("spec.digits", v1.TemplateScopeValues, "digits"), from("spec.config", v1.TemplateScopeValues, "yaml"),
			from("spec.text", v1.TemplateScopeValues, "text"), from("spec", v1.TemplateScopeValues, "text")}}),
			m{"spec": m{"digits": "12345", "config": m{"user": "alice", "port": int64(1)}, "text": "is alice"}}},
		"elements of lists": {object("example.com/v1", "AppConfig", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{
			at("spec.items[1].name", "b"), at("spec.items[0].name", "{{ .user }}")}}),
			m{"spec": m{"items": l{m{"name": "alice"}, m{"name": "b"}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, Validate(c.es.Spec.Target, field.NewPath("spec", "target")))
			got, err := Render(context.Background(), c.es, values(fetched), templates)
			require.NoError(t, err)
			require.Equal(t, c.want, got.Content.Sketch())
			require.Empty(t, got.Data)
			require.NotContains(t, fmt.Sprintf("%v %+v", got, *got), "alice")
		})
	}
}

func TestObjectsHaveRenderedMetadata(t *testing.T) {
	es := object("v1", "ConfigMap", &v1.ExternalSecretTemplate{
		Metadata:     &v1.TemplateMetadata{Labels: map[string]string{"user": "{{ .user }}"}, Finalizers: []string{"example.com/hold"}},
		TemplateFrom: []v1.TemplateFrom{at("metadata.annotations", "a: '{{ .user }}'"), at("Labels", "b: c")},
	})
	got, err := Render(context.Background(), es, values(map[string]string{"user": "alice"}), nil)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"user": "alice", "b": "c"}, got.Labels)
	require.Equal(t, map[string]string{"a": "alice"}, got.Annotations)
	require.Equal(t, []string{"example.com/hold"}, got.Finalizers)
}

// Whatever is rendered once is never taken for a template.
func TestObjectsAreRenderedOnce(t *testing.T) {
	const text = `{{ .other }}{{ fail "x" }}`
	es := object("v1", "ConfigMap", &v1.ExternalSecretTemplate{
		TemplateFrom: []v1.TemplateFrom{configMap("c", v1.TemplateRefItem{Key: "k"})},
		Data:         map[string]string{"d": "{{ .value }}"},
	})
	templates := Sources{{ConfigMap, "c", "k"}: values(map[string]string{"": "{{ .value }}"})[""]}
	got, err := Render(context.Background(), es, values(map[string]string{"value": text}), templates)
	require.NoError(t, err)
	require.Equal(t, m{"data": m{"k": text, "d": text}}, got.Content.Sketch())
}

func TestObjectsThatCannotBeRendered(t *testing.T) {
	deep := "a: " + strings.Repeat("[", 200) + strings.Repeat("]", 200)
	bomb := "x: &x \"" + strings.Repeat("y", 100_000) + "\"\nall: [" + strings.Repeat("*x,", 10_000) + "]"
	for name, c := range map[string]struct {
		es      *v1.ExternalSecret
		fetched string
		want    Class
	}{
		"no text":           {object("v1", "ConfigMap", nil), "\xff" + canary, NotText},
		"no text at a path": {object("e/v1", "A", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{at("spec.a", "{{ .v }}")}}), "\xff" + canary, NotText},
		"no YAML":           {object("e/v1", "A", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{at("spec", "a: {{ .v }}")}}), "[" + canary, NotYAMLField},
		"too deep":          {object("e/v1", "A", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{at("spec", "{{ .v }}")}}), deep, TooDeep},
		"aliases of a path": {object("e/v1", "A", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{at("spec", "{{ .v }}")}}), bomb, TooLarge},
		"aliases of pairs":  {externalSecret(&v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{at("Data", "{{ .v }}")}}), bomb, TooLarge},
		"too large": {object("e/v1", "A", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{
			at("spec.a", "{{ .v | quote }}"), at("spec.b", "{{ .v | quote }}")}}), strings.Repeat("x", 600_000), TooLarge},
		"through a text": {object("e/v1", "A", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{
			at("spec.a", "{{ .v | quote }}"), at("spec.a.b", "x")}}), canary, NoPlace},
		"a key of a ConfigMap": {object("v1", "ConfigMap", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{at("Data", "'a {{ .v }}': x")}}), canary, InvalidKey},
		"a label":              {object("v1", "ConfigMap", &v1.ExternalSecretTemplate{Metadata: &v1.TemplateMetadata{Labels: map[string]string{"a": "{{ .v }}!"}}}), canary, InvalidMetadata},
		"a path that admission would refuse": {object("e/v1", "A", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{
			at("metadata.ownerReferences", "[]")}}), canary, NotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(context.Background(), c.es, values(map[string]string{"v": c.fetched}), nil)
			var failure *Error
			require.ErrorAs(t, err, &failure)
			require.Equal(t, c.want, failure.Class)
			require.NotEmpty(t, failure.Place)
			require.NotContains(t, err.Error(), canary)
		})
	}
}

func TestValidateObjects(t *testing.T) {
	const reserved = "apiVersion, kind, status and metadata are not rendered, but for metadata.labels and metadata.annotations"
	for path, want := range map[string]string{
		"spec": "", "spec.values": "", "spec.items[99].name": "", "data": "", "binaryData": "", "Labels": "", "metadata.labels": "",
		"METADATA.Annotations": "", "immutable": "",
		"metadata": reserved, "metadata.ownerReferences": reserved, "metadata.labels.app": reserved, "metadata.finalizers[0]": reserved,
		"apiVersion": reserved, "kind": reserved, "Kind": reserved, "status": reserved, "status.phase": reserved, "metadata[0]": reserved,
		"spec..a": "a path is names with dots", "spec.items[100]": "from 0 to 99", "spec.items[0": "not closed",
	} {
		es := object("example.com/v1", "AppConfig", &v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{at(path, "x")}})
		errs := Validate(es.Spec.Target, field.NewPath("spec", "target"))
		if want == "" {
			require.Empty(t, errs, path)
			continue
		}
		require.Len(t, errs, 1, path)
		require.Equal(t, "spec.target.template.templateFrom[0].target", errs[0].Field)
		require.Contains(t, errs[0].Detail, want, path)
	}
	keys := object("example.com/v1", "AppConfig", &v1.ExternalSecretTemplate{Data: map[string]string{"a key": "x"}})
	require.Empty(t, Validate(keys.Spec.Target, field.NewPath("spec", "target")), "a field may have any name")
	keys.Spec.Target.Manifest = &v1.ManifestReference{APIVersion: "v1", Kind: "ConfigMap"}
	require.ErrorContains(t, Validate(keys.Spec.Target, field.NewPath("spec", "target")).ToAggregate(), "a key of a ConfigMap")

	secret := object("v1", "Secret", &v1.ExternalSecretTemplate{
		Type: ptr.To(corev1.SecretTypeBootstrapToken), TemplateFrom: []v1.TemplateFrom{at("spec", "x")}})
	require.ErrorContains(t, Validate(secret.Spec.Target, field.NewPath("spec", "target")).ToAggregate(), "supported values")
	require.ErrorContains(t, Validate(secret.Spec.Target, field.NewPath("spec", "target")).ToAggregate(), "join the cluster")
}
