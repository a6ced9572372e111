package validation_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
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
	require.Empty(t, validation.ExternalSecret(parse(t, fine), validation.Rules{}))

	for name, c := range map[string]struct {
		spec string
		// want is a field and what its message holds; empty for no error.
		field, message string
	}{
		"empty":                        {"{}", "spec", "at least one entry"},
		"store by entry":               {"data: [{secretKey: a, remoteRef: {key: k}, sourceRef: {storeRef: {name: s}}}]", "", ""},
		"no store at all":              {"data: [{secretKey: a, remoteRef: {key: k}}]", "spec.secretStoreRef.name", "spec.data[0] has no sourceRef"},
		"store of another kind":        {fine + "target: {}\n", "", ""},
		"kind of store":                {strings.Replace(fine, "ClusterSecretStore", "Store", 1), "spec.secretStoreRef.kind", `"ClusterSecretStore", "SecretStore"`},
		"name of store":                {strings.Replace(fine, "name: store", "name: Store_1", 1), "spec.secretStoreRef.name", "RFC 1123"},
		"interval":                     {strings.Replace(fine, "5m", "often", 1), "spec.refreshInterval", `"5m"`},
		"negative interval":            {strings.Replace(fine, "5m", "-5m", 1), "spec.refreshInterval", "negative"},
		"interval off":                 {strings.Replace(fine, "5m", `"0"`, 1), "", ""},
		"policy":                       {fine + "refreshPolicy: Sometimes\n", "spec.refreshPolicy", `"OnChange"`},
		"key of the secret":            {strings.Replace(fine, "secretKey: password", "secretKey: a/b", 1), "spec.data[0].secretKey", "letters, digits"},
		"key too long":                 {strings.Replace(fine, "secretKey: password", "secretKey: "+strings.Repeat("k", 254), 1), "spec.data[0].secretKey", "253"},
		"no key of the secret":         {strings.Replace(fine, "secretKey: password", `secretKey: ""`, 1), "spec.data[0].secretKey", "must be a key"},
		"no remote key":                {strings.Replace(fine, "key: db", `key: ""`, 1), "spec.data[0].remoteRef.key", "must name"},
		"a key twice":                  {fine + "- secretKey: password\n  remoteRef: {key: other}\n", "spec.data[1].secretKey", "Duplicate"},
		"encoding":                     {strings.Replace(fine, "key: db", "key: db, decodingStrategy: Rot13", 1), "spec.data[0].remoteRef.decodingStrategy", `"Base64URL"`},
		"conversion":                   {strings.Replace(fine, "key: db", "key: db, conversionStrategy: Upper", 1), "spec.data[0].remoteRef.conversionStrategy", `"Unicode"`},
		"zero bytes":                   {strings.Replace(fine, "key: db", "key: db, nullBytePolicy: Keep", 1), "spec.data[0].remoteRef.nullBytePolicy", `"Fail"`},
		"generator":                    {fine + "dataFrom: [{sourceRef: {generatorRef: {kind: UUID, name: u}}}]\n", "spec.dataFrom[0].sourceRef.generatorRef", "no generators"},
		"neither extract nor find":     {fine + "dataFrom: [{}]\n", "spec.dataFrom[0]", "exactly one of extract, find"},
		"both extract and find":        {fine + "dataFrom: [{extract: {key: a}, find: {}}]\n", "spec.dataFrom[0]", "has extract and find"},
		"expression of a find":         {fine + "dataFrom: [{find: {name: {regexp: '('}}}]\n", "spec.dataFrom[0].find.name.regexp", "missing closing )"},
		"expression of a rewrite":      {fine + "dataFrom: [{extract: {key: a}, rewrite: [{regexp: {source: '[', target: ''}}]}]\n", "spec.dataFrom[0].rewrite[0].regexp.source", "missing closing ]"},
		"no rewrite":                   {fine + "dataFrom: [{extract: {key: a}, rewrite: [{}]}]\n", "spec.dataFrom[0].rewrite[0]", "exactly one of merge, regexp, transform"},
		"merge into nothing":           {fine + "dataFrom: [{extract: {key: a}, rewrite: [{merge: {strategy: JSON}}]}]\n", "spec.dataFrom[0].rewrite[0].merge.into", "must name the key"},
		"name of the target":           {fine + "target: {name: No_Name}\n", "spec.target.name", "RFC 1123"},
		"creation":                     {fine + "target: {creationPolicy: Never}\n", "spec.target.creationPolicy", `"CreateOrMerge"`},
		"deletion":                     {fine + "target: {deletionPolicy: Never}\n", "spec.target.deletionPolicy", `"Retain"`},
		"delete what is shared":        {fine + "target: {creationPolicy: Merge, deletionPolicy: Delete}\n", "spec.target.deletionPolicy", "creationPolicy Merge"},
		"prune what is not written":    {fine + "target: {creationPolicy: None, deletionPolicy: Merge}\n", "spec.target.deletionPolicy", "creationPolicy None"},
		"another kind of target":       {fine + "target: {manifest: {apiVersion: v1, kind: ConfigMap}}\n", "spec.target.manifest", "--unsafe-allow-generic-targets"},
		"a Secret by its kind":         {fine + "target: {manifest: {apiVersion: v1, kind: Secret}, immutable: true, template: {type: Opaque}}\n", "", ""},
		"a kind by no version":         {fine + "target: {manifest: {apiVersion: '', kind: Secret}}\n", "spec.target.manifest.apiVersion", "such as"},
		"templates from nowhere":       {fine + "target: {template: {templateFrom: [{}]}}\n", "spec.target.template.templateFrom[0]", "exactly one of configMap, literal, secret"},
		"templates from no key":        {fine + "target: {template: {templateFrom: [{configMap: {name: a, items: []}}]}}\n", "spec.target.template.templateFrom[0].configMap.items", "at least one"},
		"scope of a template":          {fine + "target: {template: {templateFrom: [{configMap: {name: a, items: [{key: k, templateAs: Keys}]}}]}}\n", "spec.target.template.templateFrom[0].configMap.items[0].templateAs", `"KeysAndValues"`},
		"windows of no kind":           {fine + "syncWindows: {kind: maybe, windows: [{schedule: '@daily', duration: 1h}]}\n", "spec.syncWindows.kind", `"allow"`},
		"no windows":                   {fine + "syncWindows: {kind: allow, windows: []}\n", "spec.syncWindows.windows", "at least one"},
		"schedule":                     {fine + "syncWindows: {kind: allow, windows: [{schedule: 'at noon', duration: 1h}]}\n", "spec.syncWindows.windows[0].schedule", "cron"},
		"window without an end":        {fine + "syncWindows: {kind: allow, windows: [{schedule: '@daily', duration: ''}]}\n", "spec.syncWindows.windows[0].duration", "duration"},
		"both a store and a generator": {"data: [{secretKey: a, remoteRef: {key: k}, sourceRef: {storeRef: {name: s}, generatorRef: {kind: UUID, name: u}}}]", "spec.data[0].sourceRef.generatorRef", "no generators"},
		"a generator's extract":        {fine + "dataFrom: [{extract: {key: a}, sourceRef: {generatorRef: {kind: UUID, name: u}}}]\n", "spec.dataFrom[0].sourceRef.generatorRef", "no generators"},
		"an empty storeRef":            {strings.Replace(fine, "remoteRef: {key: db}", "remoteRef: {key: db}\n  sourceRef: {storeRef: {}}", 1), "", ""},
		"an empty storeRef, no store":  {"data: [{secretKey: a, remoteRef: {key: k}, sourceRef: {storeRef: {}}}]", "spec.secretStoreRef.name", "must name a store"},
		"dataFrom's empty source":      {fine + "dataFrom: [{extract: {key: a}, sourceRef: {}}]\n", "spec.dataFrom[0].sourceRef.storeRef", "must name a store"},
		"a key twice, not retained":    {fine + "- secretKey: password\n  remoteRef: {key: other}\ntarget: {deletionPolicy: Delete}\n", "spec.data[1].secretKey", "Duplicate"},
		"delete what others made":      {fine + "target: {creationPolicy: CreateOrMerge, deletionPolicy: Delete}\n", "spec.target.deletionPolicy", "creationPolicy CreateOrMerge"},
		"delete what is not written":   {fine + "target: {creationPolicy: None, deletionPolicy: Delete}\n", "spec.target.deletionPolicy", "creationPolicy None"},
		"delete an orphan":             {fine + "target: {creationPolicy: Orphan, deletionPolicy: Delete}\n", "", ""},
		"prune what is merged":         {fine + "target: {creationPolicy: Merge, deletionPolicy: Merge}\n", "", ""},
		"extract alone":                {fine + "dataFrom: [{extract: {key: a}}]\n", "", ""},
		"find alone":                   {fine + "dataFrom: [{find: {}}]\n", "", ""},
		"find in a store of its own":   {"dataFrom: [{find: {name: {regexp: '^a'}}, sourceRef: {storeRef: {name: s, kind: ClusterSecretStore}}}]", "", ""},
		"kind of an entry's store":     {"dataFrom: [{find: {}, sourceRef: {storeRef: {name: s, kind: Vault}}}]", "spec.dataFrom[0].sourceRef.storeRef.kind", `"SecretStore"`},
		"metadata":                     {strings.Replace(fine, "key: db", "key: db, metadataPolicy: All", 1), "spec.data[0].remoteRef.metadataPolicy", `"Fetch"`},
		"conflict of a merge":          {fine + "dataFrom: [{extract: {key: a}, rewrite: [{merge: {conflictPolicy: Panic}}]}]\n", "spec.dataFrom[0].rewrite[0].merge.conflictPolicy", `"Ignore"`},
		"priority of a merge":          {fine + "dataFrom: [{extract: {key: a}, rewrite: [{merge: {priorityPolicy: Lax}}]}]\n", "spec.dataFrom[0].rewrite[0].merge.priorityPolicy", `"Strict"`},
		"two rewrites in one":          {fine + "dataFrom: [{extract: {key: a}, rewrite: [{merge: {}, transform: {template: x}}]}]\n", "spec.dataFrom[0].rewrite[0]", "has merge and transform"},
		"encoding of templates":        {fine + "target: {template: {templateFrom: [{literal: a, valuesDecodingStrategy: Rot13}]}}\n", "spec.target.template.templateFrom[0].valuesDecodingStrategy", `"Base64"`},
		"key of a template":            {fine + "target: {template: {templateFrom: [{secret: {name: a, items: [{key: a/b}]}}]}}\n", "spec.target.template.templateFrom[0].secret.items[0].key", "letters, digits"},
		"name of a template's source":  {fine + "target: {template: {templateFrom: [{configMap: {name: A_B, items: [{key: k}]}}]}}\n", "spec.target.template.templateFrom[0].configMap.name", "RFC 1123"},
		"name of a label":              {fine + "target: {template: {metadata: {labels: {'a b': x}}}}\n", "spec.target.template.metadata.labels", "name part"},
		"name of an annotation":        {fine + "target: {template: {metadata: {annotations: {'Example.com/A': x, 'a b': x}}}}\n", "spec.target.template.metadata.annotations", "name part"},
		"name of a finalizer":          {fine + "target: {template: {metadata: {finalizers: [example.com/a, a b]}}}\n", "spec.target.template.metadata.finalizers[1]", "name part"},
		"window of no time":            {fine + "syncWindows: {kind: allow, windows: [{schedule: '@daily', duration: 0s}]}\n", "spec.syncWindows.windows[0].duration", "positive duration"},
		"window of negative time":      {fine + "syncWindows: {kind: deny, windows: [{schedule: '@daily', duration: -1h}]}\n", "spec.syncWindows.windows[0].duration", "positive duration"},
		"schedule in a zone":           {fine + "syncWindows: {kind: deny, windows: [{schedule: 'TZ=UTC', duration: 1h}]}\n", "spec.syncWindows.windows[0].schedule", "schedules are in UTC"},
		"schedule out of bounds":       {fine + "syncWindows: {kind: deny, windows: [{schedule: '0 24 * * *', duration: 1h}]}\n", "spec.syncWindows.windows[0].schedule", "above maximum (23)"},
		"schedule of no minute":        {fine + "syncWindows: {kind: deny, windows: [{schedule: ', * * * *', duration: 1h}]}\n", "spec.syncWindows.windows[0].schedule", "each of its five fields"},
		"schedule all the time":        {fine + "syncWindows: {kind: deny, windows: [{schedule: '@every 0s', duration: 1h}]}\n", "spec.syncWindows.windows[0].schedule", "every 1s or less often"},
		"schedule that never comes":    {fine + "syncWindows: {kind: deny, windows: [{schedule: '0 0 31 2 *', duration: 1h}]}\n", "", ""},
		"source without a store":       {"data: [{secretKey: a, remoteRef: {key: k}, sourceRef: {}}]", "spec.data[0].sourceRef.storeRef", "must name a store"},
		"source of a nameless store":   {"data: [{secretKey: a, remoteRef: {key: k}, sourceRef: {storeRef: {kind: SecretStore}}}]", "spec.data[0].sourceRef.storeRef.name", "must name a store"},
	} {
		t.Run(name, func(t *testing.T) {
			errs := validation.ExternalSecret(parse(t, c.spec), validation.Rules{})
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

func TestLimits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	times := func(n int, of string) string { return "[" + strings.Repeat(of+", ", n) + "]" }
	const from = fine + "dataFrom: [{extract: {key: a}, rewrite: "
	for name, c := range map[string]struct{ spec, field, message string }{
		"entries of data":     {"secretStoreRef: {name: s}\ndata: " + times(10_001, "{secretKey: '', remoteRef: {key: k}}"), "spec.data", "at most 10000 items"},
		"entries of dataFrom": {"secretStoreRef: {name: s}\ndataFrom: " + times(10_001, "{}"), "spec.dataFrom", "at most 10000 items"},
		"rewrites":            {from + times(65, "{}") + "}]\n", "spec.dataFrom[0].rewrite", "at most 64 items"},
		"target of a rewrite": {from + "[{regexp: {source: a, target: " + long(1025) + "}}]}]\n", "spec.dataFrom[0].rewrite[0].regexp.target", "1024"},
		"into of a merge":     {from + "[{merge: {into: " + long(1025) + "}}]}]\n", "spec.dataFrom[0].rewrite[0].merge.into", "1024"},
		"priorities":          {from + "[{merge: {priority: " + times(1001, "a") + "}}]}]\n", "spec.dataFrom[0].rewrite[0].merge.priority", "at most 1000 items"},
		"expression":          {from + "[{regexp: {source: " + long(10_001) + ", target: a}}]}]\n", "spec.dataFrom[0].rewrite[0].regexp.source", "10000 bytes"},
		"expression's work":   {fine + "dataFrom: [{find: {name: {regexp: '" + strings.Repeat("a{1000}", 11) + "'}}}]\n", "spec.dataFrom[0].find.name.regexp", "repeats too much"},
		"expressions' work":   {"secretStoreRef: {name: s}\ndataFrom: " + times(1000, "{find: {name: {regexp: 'a{1000}b{1000}c{1000}'}}}"), "spec.dataFrom[66].find.name.regexp", "200000 steps together"},
		"tag":                 {fine + "dataFrom: [{find: {tags: {a: " + long(5000) + "}}}]\n", "spec.dataFrom[0].find.tags[a]", "4096"},
		"path":                {fine + "dataFrom: [{find: {path: " + long(5000) + "}}]\n", "spec.dataFrom[0].find.path", "4096"},
		"remote key":          {strings.Replace(fine, "key: db", "key: "+long(5000), 1), "spec.data[0].remoteRef.key", "4096"},
		"property":            {strings.Replace(fine, "key: db", "key: db, property: "+long(5000), 1), "spec.data[0].remoteRef.property", "4096"},
		"version":             {strings.Replace(fine, "key: db", "key: db, version: "+long(300), 1), "spec.data[0].remoteRef.version", "256"},
		"templates":           {fine + "target: {template: {templateFrom: " + times(1001, "{}") + "}}\n", "spec.target.template.templateFrom", "at most 1000 items"},
		"keys of a template":  {fine + "target: {template: {templateFrom: [{secret: {name: a, items: " + times(1001, "{key: k}") + "}}]}}\n", "spec.target.template.templateFrom[0].secret.items", "at most 1000 items"},
		"windows":             {fine + "syncWindows: {kind: deny, windows: " + times(101, "{schedule: x, duration: x}") + "}\n", "spec.syncWindows.windows", "at most 100 items"},
		"schedule":            {fine + "syncWindows: {kind: deny, windows: [{schedule: '" + long(513) + "', duration: 1h}]}\n", "spec.syncWindows.windows[0].schedule", "512 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			errs := validation.ExternalSecret(parse(t, c.spec), validation.Rules{})
			require.Len(t, errs, 1)
			require.Equal(t, c.field, errs[0].Field)
			require.Contains(t, errs[0].Error(), c.message)
		})
	}
}

// An answer is short, however much is wrong.
func TestBounded(t *testing.T) {
	var many field.ErrorList
	for i := range 1000 {
		many = append(many, field.Invalid(field.NewPath("spec", "data").Index(i), i, "is wrong"))
	}
	bounded := validation.Bounded(many)
	require.Len(t, bounded, 21)
	require.Equal(t, "spec.data[0]", bounded[0].Field)
	require.Contains(t, bounded[20].Error(), "980 more errors")

	long := strings.Repeat("ä", 1<<20)
	kind := corev1.SecretType(long)
	for _, err := range validation.Bounded(field.ErrorList{
		field.Invalid(field.NewPath("a"), long, "is too long"),
		field.NotSupported(field.NewPath("b"), kind, []corev1.SecretType{"x"}),
		field.Invalid(field.NewPath("data").Key(long), field.OmitValueType{}, "is wrong"),
		field.Invalid(field.NewPath("d"), 1, long),
	}) {
		require.Less(t, len(err.Error()), 1500)
		require.True(t, utf8.ValidString(err.Error()))
	}

	twice := field.ErrorList{field.Required(field.NewPath("a"), "x"), field.Required(field.NewPath("a"), "x"), field.Required(field.NewPath("b"), "x")}
	require.Equal(t, field.ErrorList{twice[0], twice[2]}, validation.Bounded(twice))
	require.Empty(t, validation.Bounded(nil))
}

func TestWarnings(t *testing.T) {
	es := parse(t, fine+"syncWindows: {kind: deny, windows: [{schedule: '@daily', duration: 1h}, {schedule: '0 0 31 2 *', duration: 1h}]}\n")
	require.Equal(t, []string{"spec.syncWindows.windows[1].schedule: there is no such day; the window never opens"}, validation.Warnings(es))
	require.Empty(t, validation.Warnings(parse(t, fine)))
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
		"negative duration":      {"refreshInterval: -5m", "spec.refreshInterval", "number of seconds"},
		"negative retries":       {"retrySettings: {retryInterval: -1s}", "spec.retrySettings.retryInterval", "negative"},
		"expressions":            {"conditions: [{namespaceRegexes: [" + strings.Repeat("a, ", 101) + "]}]", "spec.conditions[0].namespaceRegexes", "at most 100 items"},
		"expressions' work":      {"conditions: [" + strings.Repeat("{namespaceRegexes: ['a{1000}b{1000}c{1000}']}, ", 100) + "]", "spec.conditions[66].namespaceRegexes[0]", "200000 steps together"},
		"conditions":             {"conditions: [" + strings.Repeat("{}, ", 1001) + "]", "spec.conditions", "at most 1000 items"},
		"class":                  {"controller: " + strings.Repeat("c", 254), "spec.controller", "253"},
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
