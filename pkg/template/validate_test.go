package template

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

func TestValidate(t *testing.T) {
	ref := func(as v1.TemplateScope) *v1.TemplateRef {
		return &v1.TemplateRef{Name: "x", Items: []v1.TemplateRefItem{{Key: "k", TemplateAs: &as}}}
	}
	for name, tc := range map[string]struct {
		t    *v1.ExternalSecretTemplate
		want []string
	}{
		"none": {nil, nil},
		"good": {&v1.ExternalSecretTemplate{
			Data: map[string]string{"k": "{{ .a | b64enc }}"}, Type: ptr.To(corev1.SecretTypeTLS),
			TemplateFrom: []v1.TemplateFrom{{Literal: ptr.To("{{ range . }}{{ end }}"), Target: ptr.To("LABELS")}, {ConfigMap: ref("")}},
			Metadata:     &v1.TemplateMetadata{Labels: map[string]string{"x": "{{ .y }}"}},
		}, nil},
		"bad": {
			&v1.ExternalSecretTemplate{
				EngineVersion: ptr.To(v1.TemplateEngineVersion("v1")),
				Data:          map[string]string{"k": "\n{{ .a", "a key": "x"},
				TemplateFrom: []v1.TemplateFrom{
					{Literal: ptr.To("{{ nope }}")}, {Target: ptr.To("spec"), Literal: ptr.To("{{")}, {Secret: ref("Lines")},
				},
				Metadata: &v1.TemplateMetadata{Annotations: map[string]string{"x": "{{ end }}"}},
			},
			[]string{
				`spec.target.template.templateFrom[1].target: Unsupported value: "spec": supported values: "Data", "Labels", "Annotations"`,
				`spec.target.template.templateFrom[2].secret.items[0].templateAs: Unsupported value: "Lines": supported values: "Values", "KeysAndValues"`,
				`spec.target.template.engineVersion: Unsupported value: "v1": supported values: "v2"`,
				`spec.target.template.templateFrom[0].literal: Invalid value: line 1: function "nope": there is no such function`,
				`spec.target.template.data[a key]: Invalid value: "a key": a key of a Secret has 1 to 253 ASCII letters, digits, '-', '_' and '.'`,
				`spec.target.template.data[k]: Invalid value: line 2: the template does not parse: unclosed action`,
				`spec.target.template.metadata.annotations[x]: Invalid value: line 1: the template does not parse: unexpected {{end}}`,
			},
		},
		"a token of a service account": {
			&v1.ExternalSecretTemplate{Type: ptr.To(corev1.SecretTypeServiceAccountToken)},
			[]string{`spec.target.template.type: Forbidden: a Secret of type kubernetes.io/service-account-token ` +
				`is given a token of a ServiceAccount and is never written`},
		},
		"a bootstrap token": {
			&v1.ExternalSecretTemplate{Type: ptr.To(corev1.SecretTypeBootstrapToken)},
			[]string{`spec.target.template.type: Forbidden: a Secret of type bootstrap.kubernetes.io/token ` +
				`lets its reader join the cluster and is never written`},
		},
		"a Helm release": {
			&v1.ExternalSecretTemplate{Type: ptr.To(corev1.SecretType("helm.sh/release.v1"))},
			[]string{`spec.target.template.type: Forbidden: a Secret of type helm.sh/release.v1 ` +
				`is Helm's record of what it installed and is never written`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, err := range Validate(&v1.ExternalSecretTarget{Template: tc.t}, field.NewPath("spec", "target")) {
				got = append(got, err.Error())
			}
			require.Equal(t, tc.want, got)
		})
	}
}

func TestValidateKeys(t *testing.T) {
	path := field.NewPath("template")
	require.Empty(t, ValidateKeys("{{ .value | upper }}", path))
	require.EqualError(t, ValidateKeys("{{ .value", path).ToAggregate(), "template: Invalid value: line 1: the template does not parse: unclosed action")
	require.EqualError(t, ValidateKeys("{{ now }}", path).ToAggregate(),
		`template: Invalid value: function "now": the function gives another result each time, which a key may not`)
}
