package template

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

// FuzzRender renders any template, as a value and as keys and values: it ends, without a panic, in no more than a Secret
// holds, alike each time where it says so, and no error shows the value.
func FuzzRender(f *testing.F) {
	for _, text := range seedTemplates() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, tpl := range []*v1.ExternalSecretTemplate{
			{Data: map[string]string{"k": text}},
			{TemplateFrom: []v1.TemplateFrom{{Literal: ptr.To(text), ValuesDecodingStrategy: ptr.To(v1.DecodeAuto)}}},
		} {
			first, err := render(t, tpl, text)
			if err != nil && len(Validate(externalSecret(tpl).Spec.Target, field.NewPath("spec", "target"))) == 0 && strings.Contains(err.Error(), string(ParseFailed)) {
				t.Fatalf("admission took a template that does not parse: %v", err)
			}
			p, failure := compile(text)
			if failure != nil {
				continue
			}
			if name, random := p.randomFunction(); random {
				if err == nil && first.Deterministic {
					t.Fatalf("the result is called deterministic in spite of %s", name)
				}
				continue
			}
			again, errAgain := render(t, tpl, text)
			// How far a render gets in its time is not the template's doing.
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(errAgain, context.DeadlineExceeded) {
				continue
			}
			if fmt.Sprint(err) != fmt.Sprint(errAgain) {
				t.Fatalf("%v, then %v", err, errAgain)
			}
			if err == nil && fmt.Sprint(texts(first.Data)) != fmt.Sprint(texts(again.Data)) {
				t.Fatalf("%q, then %q", texts(first.Data), texts(again.Data))
			}
		}
	})
}

// render renders beside a canary and checks what holds of every result.
func render(t *testing.T, tpl *v1.ExternalSecretTemplate, text string) (*Rendered, error) {
	t.Helper()
	out, err := Render(context.Background(), externalSecret(tpl), values(map[string]string{"a": canary, "b": "5"}), nil)
	if err != nil {
		var own *Error
		if !errors.As(err, &own) || own.Class == "" || out != nil {
			t.Fatalf("%#v beside %v", err, out)
		}
		if strings.Contains(err.Error(), canary) && !strings.Contains(text, canary) {
			t.Fatalf("the error shows the value: %v", err)
		}
		return nil, err
	}
	size := 0
	for key, v := range out.Data {
		if size += v.Len(); !validKey(key) || size > corev1.MaxSecretSize {
			t.Fatalf("key %q, %d bytes", key, size)
		}
	}
	return out, nil
}

// seedTemplates are some of each kind, and every function with some arguments.
func seedTemplates() []string {
	seeds := []string{
		"", "plain", "{{ .a }}", "{{ .a | b64enc | quote }}", "{{ range $k, $v := . }}{{ $k }}: {{ $v }}\n{{ end }}",
		"{{ range 3 }}{{ . }}{{ end }}", `{{ define "x" }}{{ . }}{{ end }}{{ template "x" . }}`,
		"{{ fail .a }}", "{{ index . \"a\" | upper }}", "{{ with .a }}{{ . }}{{ else }}{{ end }}", "{{ (.a | fromJson).x }}",
		"{{ $x := list .a }}{{ $x = append $x $x }}{{ toYaml $x }}", "{{ printf \"%[1]*[2]d\" 3 4 }}", "{{ regexReplaceAll .a .a .a }}",
		"{{ pkcs12key .a }}{{ jwkPublicKeyPem .a }}", "a: {{ .a }}\nb: [", "{{- /* */ -}}", "{{ break }}", "{{ untilStep 1 -5 -2 }}",
		"{{ set (dict) .a .a | merge (dict \"b\" 1) | deepCopy | toPrettyJson }}", "{{ join .a (until 9) | splitn .a 2 }}",
		"a: &x [1]\nb: *x", "{{ printf \"%p %#v %d\" . (list (semver \"1.2.3\")) (toDate \"2006\" \"2020\") }}",
		"{{ (toDate \"2006\" \"2020\").Location }}", "{{ (semver \"1.2.3\").Original }}", "{{ slice .a 1 3 | nindent 4 }}",
		"{{ $d := dict }}{{ $_ := set $d \"x\" $d }}{{ toJson $d }}", "{{ dig \"x\" \"y\" 1 (dict \"x\" (dict \"y\" .a)) }}",
		"{{ if and .a (or .b (not .a)) }}{{ eq .a .b }}{{ else if lt 1 2 }}{{ len . }}{{ end }}",
	}
	for _, name := range slices.Sorted(maps.Keys(functions())) {
		seeds = append(seeds, fmt.Sprintf("{{ %[1]s .a }}", name), fmt.Sprintf("{{ %[1]s 2 .b (list 1 .a) }}", name))
	}
	return seeds
}

// FuzzArchive reads any PKCS #12 archive: it ends, without a panic, and what comes out is a key and certificates in PEM.
func FuzzArchive(f *testing.F) {
	for _, name := range []string{"modern.p12", "legacy.p12", "java.p12", "clear.p12", "iterations.p12"} {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(t *testing.T, in string) {
		key, err := pkcs12KeyPass("test-password", in)
		if err != nil {
			return
		}
		if block, rest := pem.Decode([]byte(key)); block == nil || block.Type != privateKeyType || len(rest) > 0 {
			t.Fatalf("not a key: %q", key)
		}
		certificates, err := pkcs12CertPass("test-password", in)
		if err != nil {
			t.Fatalf("a key without certificates: %v", err)
		}
		if parsed, err := parseCertificates([]byte(certificates)); err != nil || len(parsed) == 0 {
			t.Fatalf("not certificates: %v: %q", err, certificates)
		}
	})
}

// FuzzPEM picks from any PEM: the same parts again from what was picked, and of a chain no more than there is.
func FuzzPEM(f *testing.F) {
	for _, name := range []string{"chain.pem", "unordered.pem", "mixed.pem", "ec.key.pem", "root.pem"} {
		f.Add("certificate", fixture(f, name))
	}
	f.Fuzz(func(t *testing.T, kind, in string) {
		if picked, err := filterPEM(kind, in); err == nil {
			again, err := filterPEM(kind, picked)
			if err != nil || again != picked {
				t.Fatalf("%q: %q, then %q (%v)", kind, picked, again, err)
			}
		}
		var parts string
		for _, part := range []string{"leaf", "intermediate", "root"} {
			picked, err := filterCertChain(part, in)
			if err != nil {
				return
			}
			parts += picked
		}
		all, err := parseCertificates(fromFirstBlock(in))
		if err != nil {
			t.Fatalf("a chain of what does not parse: %v", err)
		}
		picked, err := parseCertificates([]byte(parts))
		if err != nil || len(picked) > len(all) {
			t.Fatalf("%d certificates of %d (%v)", len(picked), len(all), err)
		}
		_, _ = certSANs(in)
	})
}
