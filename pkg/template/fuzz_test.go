package template

import (
	"context"
	"strings"
	"testing"

	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// FuzzRender renders any template: it ends, without a panic, and no error shows the value.
func FuzzRender(f *testing.F) {
	for _, text := range []string{
		"", "plain", "{{ .a }}", "{{ .a | b64enc | quote }}", "{{ range $k, $v := . }}{{ $k }}: {{ $v }}\n{{ end }}",
		"{{ range 300000000 }}{{ end }}", `{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}`,
		"{{ fail .a }}", "{{ index . \"a\" | upper }}", "{{ with .a }}{{ . }}{{ else }}{{ end }}", "{{ (.a | fromJson).x }}",
		"{{ $x := list .a }}{{ $x = append $x $x }}{{ toYaml $x }}", "{{ printf \"%[1]*[2]d\" 3 4 }}", "{{ regexReplaceAll .a .a .a }}",
		"{{ pkcs12key .a }}{{ jwkPublicKeyPem .a }}", "a: {{ .a }}\nb: [", "{{- /* */ -}}", "{{ break }}", "{{ untilStep 1 -5 -2 }}",
		"{{ set (dict) .a .a | merge (dict \"b\" 1) | deepCopy | toPrettyJson }}", "{{ join .a (until 9) | splitn .a 2 }}",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		es := externalSecret(&v1.ExternalSecretTemplate{
			Data:         map[string]string{"k": text},
			TemplateFrom: []v1.TemplateFrom{{Literal: ptr.To(text), ValuesDecodingStrategy: ptr.To(v1.DecodeAuto)}},
			Metadata:     &v1.TemplateMetadata{Labels: map[string]string{"l": text}, Annotations: map[string]string{"a": text}},
		})
		_, err := Render(context.Background(), es, values(map[string]string{"a": canary}), nil)
		if err != nil && strings.Contains(err.Error(), canary) && !strings.Contains(text, canary) {
			t.Fatalf("the error shows the value: %v", err)
		}
		// What admission passes must at least parse when it is rendered.
		if len(Validate(es.Spec.Target.Template, templatePath())) == 0 && err != nil && strings.Contains(err.Error(), string(ParseFailed)) {
			t.Fatalf("admission took a template that does not parse: %v", err)
		}
	})
}

// FuzzArchive reads any PKCS #12 archive: it ends, without a panic.
func FuzzArchive(f *testing.F) {
	for _, name := range []string{"modern.p12", "legacy.p12", "java.p12", "clear.p12", "iterations.p12"} {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(_ *testing.T, in string) {
		_, _ = pkcs12KeyPass("test-password", in)
	})
}
