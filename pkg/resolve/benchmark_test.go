package resolve

import (
	"fmt"
	"testing"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func BenchmarkResolve(b *testing.B) {
	results := map[provider.Need]provider.Result{}
	var data []v1.ExternalSecretData
	remote := map[string]string{}
	for i := range 10 {
		key := fmt.Sprintf("key%d", i)
		data = append(data, bind(key, key))
		results[valueNeed(key)] = valueResult("a value of the usual length")
		remote["app/"+key] = "a value of the usual length"
	}
	results[mapNeed("item")] = mapResult(remote)
	in := inputs(results)
	for name, es := range map[string]*v1.ExternalSecret{
		"data":      externalSecret(data),
		"extract":   externalSecret(nil, extract("item")),
		"regexp":    externalSecret(nil, extract("item", byRegexp("^app/", ""))),
		"transform": externalSecret(nil, extract("item", byTransform("{{ base .value | upper }}"))),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				data, err := Resolve(es, in)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := FingerprintOf([]byte("key"), es, data, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
