package externalsecret

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
	"github.com/live-secrets/external-secrets-apiserver/test/admission"
)

func FuzzAdmission(f *testing.F) {
	kind := admission.Kind{
		Name: "ExternalSecret", Strategy: newStrategy(install.Scheme(), validation.Rules{GenericTargets: true}),
		Serializer: serializer.NewCodecFactory(install.Scheme()),
	}
	const store = "secretStoreRef: {name: s}\n"
	const data = store + "data: [{secretKey: a, remoteRef: {key: k}}]\n"
	kind.Seed(f,
		"{}", "null", "[]", "a", "{data: null, dataFrom: null}", data,
		data+"refreshInterval: 5m\nrefreshPolicy: OnChange\n",
		data+"syncWindows: {kind: allow, windows: [{schedule: '0 9 * * MON-FRI', duration: 8h}, {schedule: '@every 1h', duration: 1m}]}\n",
		data+"syncWindows: {kind: deny, windows: [{schedule: 'TZ=UTC', duration: 8h}, {schedule: ', * * * *', duration: 1m}]}\n",
		data+"target: {name: t, creationPolicy: Merge, deletionPolicy: Merge, immutable: true}\n",
		data+"target: {manifest: {apiVersion: v1, kind: ConfigMap}}\n",
		data+"target: {template: {type: kubernetes.io/tls, engineVersion: v2, mergePolicy: Merge, data: {a: '{{ .a | b64enc }}'}}}\n",
		data+"target: {template: {metadata: {labels: {a: '{{ .a }}'}, annotations: {b: c}, finalizers: [example.com/a]}}}\n",
		data+"target: {template: {templateFrom: [{literal: '{{ range . }}{{ end }}', target: Labels}, {configMap: {name: c, items: [{key: k, templateAs: KeysAndValues}]}}]}}\n",
		data+"target: {template: {type: helm.sh/release.v1}}\n",
		store+"data: [{secretKey: a, remoteRef: {key: k, property: p, version: '3', conversionStrategy: Unicode, decodingStrategy: Auto, nullBytePolicy: Fail, metadataPolicy: None}}]\n",
		store+"dataFrom: [{extract: {key: k}}, {find: {name: {regexp: '^a(b|c)*$'}, path: p, tags: {a: b}}}]\n",
		store+"dataFrom: [{extract: {key: k}, rewrite: [{regexp: {source: '(?P<x>a+)', target: '${x}'}}, {transform: {template: '{{ .value | upper }}'}}, {merge: {strategy: JSON, into: j, priority: [a]}}]}]\n",
		"dataFrom: [{sourceRef: {generatorRef: {kind: Password, name: p}}}, {extract: {key: k}, sourceRef: {storeRef: {name: s, kind: ClusterSecretStore}}}]\n",
	)
	f.Fuzz(kind.Check)
}
