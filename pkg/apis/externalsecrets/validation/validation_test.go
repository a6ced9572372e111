package validation_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/validation"
)

// fine is a spec that every case changes in one place.
const fine = `
secretStoreRef: {name: store, kind: ClusterSecretStore}
refreshInterval: 5m
data:
- secretKey: password
  remoteRef: {key: db}
`

func parse(t *testing.T, text string) *v1.ExternalSecret {
	t.Helper()
	es := &v1.ExternalSecret{}
	require.NoError(t, yaml.UnmarshalStrict([]byte(text), &es.Spec))
	return es
}

func TestExternalSecret(t *testing.T) {
	require.Empty(t, validation.ExternalSecret(parse(t, fine)))

	for name, c := range map[string]struct {
		spec string
		// want is a field and what its message holds; empty for no error.
		field, message string
	}{
		"empty":                      {"{}", "spec", "at least one entry"},
		"store by entry":             {"data: [{secretKey: a, remoteRef: {key: k}, sourceRef: {storeRef: {name: s}}}]", "", ""},
		"no store at all":            {"data: [{secretKey: a, remoteRef: {key: k}}]", "spec.secretStoreRef.name", "spec.data[0] has no sourceRef"},
		"store of another kind":      {fine + "target: {}\n", "", ""},
		"kind of store":              {strings.Replace(fine, "ClusterSecretStore", "Store", 1), "spec.secretStoreRef.kind", `"ClusterSecretStore", "SecretStore"`},
		"name of store":              {strings.Replace(fine, "name: store", "name: Store_1", 1), "spec.secretStoreRef.name", "RFC 1123"},
		"interval":                   {strings.Replace(fine, "5m", "often", 1), "spec.refreshInterval", `"5m"`},
		"negative interval":          {strings.Replace(fine, "5m", "-5m", 1), "spec.refreshInterval", "negative"},
		"interval off":               {strings.Replace(fine, "5m", `"0"`, 1), "", ""},
		"policy":                     {fine + "refreshPolicy: Sometimes\n", "spec.refreshPolicy", `"OnChange"`},
		"key of the secret":          {strings.Replace(fine, "secretKey: password", "secretKey: a/b", 1), "spec.data[0].secretKey", "letters, digits"},
		"key too long":               {strings.Replace(fine, "secretKey: password", "secretKey: "+strings.Repeat("k", 254), 1), "spec.data[0].secretKey", "253"},
		"no key of the secret":       {strings.Replace(fine, "secretKey: password", `secretKey: ""`, 1), "spec.data[0].secretKey", "must be a key"},
		"no remote key":              {strings.Replace(fine, "key: db", `key: ""`, 1), "spec.data[0].remoteRef.key", "must name"},
		"a key twice":                {fine + "- secretKey: password\n  remoteRef: {key: other}\n", "spec.data[1].secretKey", "Duplicate"},
		"encoding":                   {strings.Replace(fine, "key: db", "key: db, decodingStrategy: Rot13", 1), "spec.data[0].remoteRef.decodingStrategy", `"Base64URL"`},
		"conversion":                 {strings.Replace(fine, "key: db", "key: db, conversionStrategy: Upper", 1), "spec.data[0].remoteRef.conversionStrategy", `"Unicode"`},
		"zero bytes":                 {strings.Replace(fine, "key: db", "key: db, nullBytePolicy: Keep", 1), "spec.data[0].remoteRef.nullBytePolicy", `"Fail"`},
		"generator":                  {fine + "dataFrom: [{sourceRef: {generatorRef: {kind: UUID, name: u}}}]\n", "spec.dataFrom[0].sourceRef.generatorRef", "no generators"},
		"neither extract nor find":   {fine + "dataFrom: [{}]\n", "spec.dataFrom[0]", "exactly one of extract, find"},
		"both extract and find":      {fine + "dataFrom: [{extract: {key: a}, find: {}}]\n", "spec.dataFrom[0]", "has extract and find"},
		"expression of a find":       {fine + "dataFrom: [{find: {name: {regexp: '('}}}]\n", "spec.dataFrom[0].find.name.regexp", "missing closing )"},
		"expression of a rewrite":    {fine + "dataFrom: [{extract: {key: a}, rewrite: [{regexp: {source: '[', target: ''}}]}]\n", "spec.dataFrom[0].rewrite[0].regexp.source", "missing closing ]"},
		"no rewrite":                 {fine + "dataFrom: [{extract: {key: a}, rewrite: [{}]}]\n", "spec.dataFrom[0].rewrite[0]", "exactly one of merge, regexp, transform"},
		"merge into nothing":         {fine + "dataFrom: [{extract: {key: a}, rewrite: [{merge: {strategy: JSON}}]}]\n", "spec.dataFrom[0].rewrite[0].merge.into", "must name the key"},
		"name of the target":         {fine + "target: {name: No_Name}\n", "spec.target.name", "RFC 1123"},
		"creation":                   {fine + "target: {creationPolicy: Never}\n", "spec.target.creationPolicy", `"CreateOrMerge"`},
		"deletion":                   {fine + "target: {deletionPolicy: Never}\n", "spec.target.deletionPolicy", `"Retain"`},
		"delete what is shared":      {fine + "target: {creationPolicy: Merge, deletionPolicy: Delete}\n", "spec.target.deletionPolicy", "creationPolicy Merge"},
		"prune what is not written":  {fine + "target: {creationPolicy: None, deletionPolicy: Merge}\n", "spec.target.deletionPolicy", "creationPolicy None"},
		"another kind of target":     {fine + "target: {manifest: {apiVersion: v1, kind: ConfigMap}}\n", "spec.target.manifest", "Secrets only"},
		"templates from nowhere":     {fine + "target: {template: {templateFrom: [{}]}}\n", "spec.target.template.templateFrom[0]", "exactly one of configMap, literal, secret"},
		"templates from no key":      {fine + "target: {template: {templateFrom: [{configMap: {name: a, items: []}}]}}\n", "spec.target.template.templateFrom[0].configMap.items", "at least one"},
		"scope of a template":        {fine + "target: {template: {templateFrom: [{configMap: {name: a, items: [{key: k, templateAs: Keys}]}}]}}\n", "spec.target.template.templateFrom[0].configMap.items[0].templateAs", `"KeysAndValues"`},
		"windows of no kind":         {fine + "syncWindows: {kind: maybe, windows: [{schedule: '@daily', duration: 1h}]}\n", "spec.syncWindows.kind", `"allow"`},
		"no windows":                 {fine + "syncWindows: {kind: allow, windows: []}\n", "spec.syncWindows.windows", "at least one"},
		"schedule":                   {fine + "syncWindows: {kind: allow, windows: [{schedule: 'at noon', duration: 1h}]}\n", "spec.syncWindows.windows[0].schedule", "cron"},
		"window without an end":      {fine + "syncWindows: {kind: allow, windows: [{schedule: '@daily', duration: ''}]}\n", "spec.syncWindows.windows[0].duration", "duration"},
		"source without a store":     {"data: [{secretKey: a, remoteRef: {key: k}, sourceRef: {}}]", "spec.data[0].sourceRef.storeRef", "must name a store"},
		"source of a nameless store": {"data: [{secretKey: a, remoteRef: {key: k}, sourceRef: {storeRef: {kind: SecretStore}}}]", "spec.data[0].sourceRef.storeRef.name", "must name a store"},
	} {
		t.Run(name, func(t *testing.T) {
			errs := validation.ExternalSecret(parse(t, c.spec))
			if c.field == "" {
				require.Empty(t, errs)
				return
			}
			require.Len(t, errs, 1)
			require.Equal(t, c.field, errs[0].Field)
			require.Contains(t, errs[0].Error(), c.message)
		})
	}
}

func TestStoreSpec(t *testing.T) {
	for name, c := range map[string]struct{ spec, field, message string }{
		"nothing":                {"{}", "", ""},
		"seconds":                {"refreshInterval: 300", "", ""},
		"duration":               {"refreshInterval: 5m", "", ""},
		"negative seconds":       {"refreshInterval: -1", "spec.refreshInterval", "negative"},
		"no duration":            {"refreshInterval: often", "spec.refreshInterval", `"5m"`},
		"retries":                {"retrySettings: {maxRetries: -1}", "spec.retrySettings.maxRetries", "negative"},
		"retry interval":         {"retrySettings: {retryInterval: soon}", "spec.retrySettings.retryInterval", "duration"},
		"expression":             {"conditions: [{namespaceRegexes: ['(']}]", "spec.conditions[0].namespaceRegexes[0]", "missing closing )"},
		"namespace":              {"conditions: [{namespaces: [No_Name]}]", "spec.conditions[0].namespaces[0]", "RFC 1123"},
		"selector":               {"conditions: [{namespaceSelector: {matchExpressions: [{key: a, operator: Is}]}}]", "spec.conditions[0].namespaceSelector.matchExpressions[0].operator", "not a valid selector operator"},
		"a condition that is ok": {"conditions: [{namespaceSelector: {matchLabels: {a: b}}, namespaces: [a], namespaceRegexes: ['^a$']}]", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			spec := &v1.SecretStoreSpec{}
			require.NoError(t, yaml.UnmarshalStrict([]byte(c.spec), spec))
			errs := validation.StoreSpec(spec)
			if c.field == "" {
				require.Empty(t, errs)
				return
			}
			require.Len(t, errs, 1)
			require.Equal(t, c.field, errs[0].Field)
			require.Contains(t, errs[0].Error(), c.message)
		})
	}
}

func TestObjectName(t *testing.T) {
	for _, name := range []string{"", "a", "db-1.team", strings.Repeat("a", 253)} {
		require.Empty(t, validation.ObjectName(name), name)
	}
	for _, name := range []string{"Upper", "under_score", "-a", "a.", strings.Repeat("a", 254)} {
		require.NotEmpty(t, validation.ObjectName(name), name)
		require.ErrorContains(t, validation.ObjectName(name).ToAggregate(), "metadata.name")
	}
}
