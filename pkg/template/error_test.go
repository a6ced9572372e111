package template

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

// TestErrorsHoldNoValue makes templates fail over a value in every way that the engine and the functions know.
func TestErrorsHoldNoValue(t *testing.T) {
	for _, text := range []string{
		`{{ fail .a }}`, `{{ .a | fail }}`, `{{ .a.b }}`, `{{ index .a .a }}`, `{{ index . .a .a }}`, `{{ slice .a 100 }}`,
		`{{ call .a }}`, `{{ len 3 }}{{ .a }}`, `{{ range .a }}{{ end }}`, `{{ template "x" .a }}{{ define "x" }}{{ .b }}{{ end }}`,
		`{{ mustToDate "2006" .a }}`, `{{ mustFromJson .a }}`, `{{ regexFind (print .a "(") "x" }}`,
		`{{ mustRegexMatch (print .a "(") "x" }}`, `{{ semver .a }}`, `{{ semverCompare .a .a }}`, `{{ hexdec .a }}`,
		`{{ decryptAES .a .a }}`, `{{ rsaDecrypt .a .a .a .a }}`, `{{ rsaDecrypt "RSA-OAEP" "" .a .a }}`, `{{ pkcs12key .a }}`,
		`{{ jwkPublicKeyPem .a }}`, `{{ jwkPrivateKeyPem .a }}`, `{{ certSANs .a }}`, `{{ filterPEM "X" .a }}`,
		`{{ filterCertChain "leaf" .a }}`, `{{ buildCustomCert .a .a }}`, `{{ genSelfSignedCertWithKey .a nil nil 1 .a }}`,
		`{{ pemToPkcs12 .a .a }}`, `{{ urlParse (print ":" .a) }}`, `{{ dig .a .a .a }}`, `{{ dig "x" "y" (dict "x" .a) | upper | len | first }}`,
		`{{ set .a .a .a }}`, `{{ get .a .a }}`, `{{ repeat .a .a }}`, `{{ add (dict .a .a).missing }}{{ fail "x" }}`, `{{ first .a }}`, `{{ substr 5 1 .a }}`,
		`{{ eq .a 1 }}`, `{{ lt (list .a) (list .a) }}`, `{{ ge .a nil }}`, `{{ mod 1 0 }}{{ .a }}`, `{{ (list .a).foo }}`, `{{ ((dict "x" .a).x).y }}`,
		`{{ $x := .a }}{{ $x.y }}`, `{{ .a | printf "%d" | hexdec }}`, `{{ uniq .a }}`, `{{ fromJson .a | first }}`, `{{ toDate .a .a | fail }}`,
		`{{ break }}{{ .a }}`, `{{ mustMerge .a .a }}`, `{{ deepCopy .a | fail }}`, `{{ randInt 5 5 }}{{ .a }}`, `{{ mustChunk 1 .a }}`,
	} {
		t.Run(text, func(t *testing.T) {
			_, err := execute(t, text, map[string]string{"a": canary})
			require.Error(t, err)
			var failure *Error
			require.ErrorAs(t, err, &failure)
			encoded, jsonErr := json.Marshal(failure)
			require.NoError(t, jsonErr)
			for _, shown := range []string{err.Error(), fmt.Sprintf("%+v %#v", err, err), string(encoded), slog.AnyValue(err).String()} {
				require.NotContains(t, shown, canary)
			}
		})
	}
}

func TestErrorsTellWhere(t *testing.T) {
	for name, tc := range map[string]struct {
		t    v1.ExternalSecretTemplate
		want string
	}{
		"parse": {
			v1.ExternalSecretTemplate{Data: map[string]string{"config.yaml": "a\nb: {{ .x"}},
			`spec.target.template.data[config.yaml], line 2: the template does not parse: unclosed action`,
		},
		"unknown function": {
			v1.ExternalSecretTemplate{Data: map[string]string{"k": `{{ env "X" }}`}},
			`spec.target.template.data[k], line 1: function "env": there is no such function`,
		},
		"missing key": {
			v1.ExternalSecretTemplate{Data: map[string]string{"k": "\n\n{{ .absent }}"}},
			`spec.target.template.data[k], line 3: a key that the template names was not fetched: "absent"`,
		},
		"function": {
			v1.ExternalSecretTemplate{Metadata: &v1.TemplateMetadata{Labels: map[string]string{"app": `{{ fail .a }}`}}},
			`spec.target.template.metadata.labels[app], line 1: function "fail": the function failed`,
		},
		"literal": {
			v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{{Literal: ptr.To("{{ .a }}")}}},
			`spec.target.template.templateFrom[0].literal: the result is not a YAML map of strings`,
		},
		"no source": {
			v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{{}, {Secret: &v1.TemplateRef{Name: "s", Items: []v1.TemplateRefItem{{Key: "k"}, {Key: "l"}}}}}},
			`spec.target.template.templateFrom[1].secret.items[1]: the object or key that holds the template was not found`,
		},
		"target": {
			v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{{Target: ptr.To("metadata.ownerReferences"), Literal: ptr.To("")}}},
			`spec.target.template.templateFrom[0].target: it is not allowed: Unsupported value: "metadata.ownerReferences": supported values: "Data", "Labels", "Annotations"`,
		},
		"label value": {
			v1.ExternalSecretTemplate{Metadata: &v1.TemplateMetadata{Labels: map[string]string{"app": `{{ .a }} {{ .a }}`}}},
			`spec.target: a rendered label or annotation is not valid`,
		},
		"key": {
			v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{{Literal: ptr.To(`"{{ .a }}/{{ .a }}": x`)}}},
			`spec.target: a rendered key is not valid`,
		},
		"too large": {
			v1.ExternalSecretTemplate{Data: map[string]string{"a": `{{ repeat 800000 "x" }}`, "b": `{{ repeat 800000 "x" }}`}},
			`spec.target: the result is too large: a Secret holds 1 MiB at most`,
		},
		"decoding": {
			v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{{Literal: ptr.To("k: '{{ .a }}'"), ValuesDecodingStrategy: ptr.To(v1.DecodeBase64)}}},
			`spec.target.template.templateFrom[0].literal: a rendered value is not in the encoding of valuesDecodingStrategy`,
		},
		"engine": {
			v1.ExternalSecretTemplate{EngineVersion: ptr.To(v1.TemplateEngineVersion("v1"))},
			`spec.target.template.engineVersion: it is not allowed: v2 is the only version`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			es := externalSecret(&tc.t)
			sources := Sources{{Secret, "s", "k"}: value.FromString("x")}
			_, err := Render(context.Background(), es, values(map[string]string{"a": canary}), sources)
			require.EqualError(t, err, tc.want)
		})
	}
}

// TestErrorsHoldNoForeignTemplate shows nothing of a template that a Secret holds.
func TestErrorsHoldNoForeignTemplate(t *testing.T) {
	ident := strings.ReplaceAll(canary, "-", "_")
	for text, want := range map[string]Class{
		"{{ ." + ident + " }}":          MissingKey,
		"{{ " + ident + " }}":           UnknownFunction,
		"{{ \"" + canary + "\" 1":       ParseFailed,
		"{{ fail \"" + canary + "\" }}": FunctionFailed,
		canary:                          NotYAML,
	} {
		es := externalSecret(&v1.ExternalSecretTemplate{TemplateFrom: []v1.TemplateFrom{{Secret: &v1.TemplateRef{
			Name: "s", Items: []v1.TemplateRefItem{{Key: "k", TemplateAs: ptr.To(v1.TemplateScopeKeysAndValues)}},
		}}}})
		_, err := Render(context.Background(), es, nil, Sources{{Secret, "s", "k"}: value.FromString(text)})
		var failure *Error
		require.ErrorAs(t, err, &failure, text)
		require.Equal(t, want, failure.Class, text)
		require.NotContains(t, err.Error(), canary)
		require.NotContains(t, err.Error(), ident)
	}
}
