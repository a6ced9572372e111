package template

import (
	"context"
	"fmt"
	"testing"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
)

func BenchmarkRender(b *testing.B) {
	data := map[string]string{}
	for i := range 10 {
		data[fmt.Sprintf("key%d", i)] = "a value of the usual length"
	}
	fetched := values(data)
	for name, t := range map[string]*v1.ExternalSecretTemplate{
		"none":   nil,
		"simple": {Data: map[string]string{"url": "postgres://{{ .key0 }}:{{ .key1 }}@host/db"}},
		"functions": {Data: map[string]string{
			"config.json": `{{ dict "user" .key0 "password" (.key1 | b64enc) | toJson }}`,
			"all.env":     `{{ range $k, $v := . }}{{ $k | upper }}={{ $v | quote }}{{ "\n" }}{{ end }}`,
		}},
	} {
		es := externalSecret(t)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Render(context.Background(), es, fetched, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
