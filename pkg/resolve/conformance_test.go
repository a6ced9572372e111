package resolve

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

func byMerge(m v1.RewriteMerge) v1.Rewrite { return v1.Rewrite{Merge: &m} }

// TestSequences chains operations as ESO's own tests do.
func TestSequences(t *testing.T) {
	ignore, intoJSON := ptr.To(v1.MergeConflictIgnore), ptr.To(v1.MergeJSON)
	for name, tc := range map[string]struct {
		rewrite []v1.Rewrite
		remote  map[string]string
		want    map[string]string
	}{
		"merged into a key, then all merged": {
			[]v1.Rewrite{
				byMerge(v1.RewriteMerge{Strategy: intoJSON, Into: ptr.To("m"), ConflictPolicy: ignore, Priority: []string{"east"}}),
				byMerge(v1.RewriteMerge{ConflictPolicy: ignore, Priority: []string{"west"}}),
			},
			map[string]string{"east": `{"host":"e","port":5432}`, "west": `{"host":"w","user":"x"}`},
			map[string]string{"host": "w", "port": "5432", "user": "x"},
		},
		"prefix off, then merged into a key": {
			[]v1.Rewrite{
				byRegexp("^db/(.*)$", "$1"),
				byMerge(v1.RewriteMerge{Strategy: intoJSON, Into: ptr.To("m"), ConflictPolicy: ignore, Priority: []string{"east"}}),
			},
			map[string]string{"db/east": `{"host":"e"}`, "db/west": `{"host":"w","user":"x"}`},
			map[string]string{"east": `{"host":"e"}`, "west": `{"host":"w","user":"x"}`, "m": `{"host":"e","user":"x"}`},
		},
		"nothing matches":           {[]v1.Rewrite{byRegexp("absent", "x")}, map[string]string{"user": "u"}, map[string]string{"user": "u"}},
		"greedy group":              {[]v1.Rewrite{byRegexp("b(.*)r", "x-$1")}, map[string]string{"bar": "1", "beer-bar": "2"}, map[string]string{"x-a": "1", "x-eer-ba": "2"}},
		"group by name and number":  {[]v1.Rewrite{byRegexp("b(?P<mid>.*)r", "${mid}.${1}")}, map[string]string{"bar": "1"}, map[string]string{"a.a": "1"}},
		"a group that is not there": {[]v1.Rewrite{byRegexp("a", "$1x")}, map[string]string{"ab": "1"}, map[string]string{"b": "1"}},
		"two groups, then letters": {
			[]v1.Rewrite{byRegexp("^team/(.*?)/prod/(.*)$", "$1-$2"), byRegexp("-", "_"), byRegexp("ss", "55")},
			map[string]string{"team/web/prod/password": "p", "team/web/prod/user": "u"}, map[string]string{"web_pa55word": "p", "web_user": "u"},
		},
		"names of variables": {
			[]v1.Rewrite{byRegexp("^team/(.*?)/prod/(.*)$", "$1-$2"), byTransform(`{{ .value | upper | replace "-" "_" }}`)},
			map[string]string{"team/web/prod/api-key": "k"}, map[string]string{"WEB_API_KEY": "k"},
		},
		"merged by default": {
			[]v1.Rewrite{byMerge(v1.RewriteMerge{})},
			map[string]string{"one": `{"user":"u","password":"p"}`, "two": `{"host":"h","port":"6379"}`},
			map[string]string{"user": "u", "password": "p", "host": "h", "port": "6379"},
		},
		"priority is in its order": {
			[]v1.Rewrite{byMerge(v1.RewriteMerge{ConflictPolicy: ignore, Priority: []string{"b", "a"}})},
			map[string]string{"a": `{"k":"a"}`, "b": `{"k":"b","l":"b"}`, "c": `{"k":"c","l":"c","m":"c"}`},
			map[string]string{"k": "a", "l": "b", "m": "c"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := resolveMap(t, extract("item", tc.rewrite...), tc.remote)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

// TestConversions makes keys of remote names as ESO's own tests do, for an extract and a find alike.
func TestConversions(t *testing.T) {
	for _, tc := range []struct {
		strategy v1.ConversionStrategy
		remote   []string
		want     []string
	}{
		{v1.ConversionDefault, []string{"a$b%c*d"}, []string{"a_b_c_d"}},
		{"", []string{"a$b%c*d"}, []string{"a_b_c_d"}},
		{v1.ConversionDefault, []string{"a$b%c", "a_b$c"}, nil},
		{"", []string{"a$b%c", "a_b$c"}, nil},
		{v1.ConversionUnicode, []string{"a$b%c", "a_b$c"}, []string{"a_U0024_b_U0025_c", "a_b_U0024_c"}},
		{v1.ConversionDefault, []string{"/a/b/c", "a/b/c/"}, []string{"_a_b_c", "a_b_c_"}},
		{v1.ConversionUnicode, []string{"🙈a🙉b🙊"}, []string{"_U1f648_a_U1f649_b_U1f64a_"}},
		{v1.ConversionUnicode, []string{"list[0].name"}, []string{"list_U005b_0_U005d_.name"}},
		{v1.ConversionUnicode, []string{"a/b", "a_U002f_b"}, nil},
		{v1.ConversionDefault, []string{"a-b_c.d9"}, []string{"a-b_c.d9"}},
	} {
		x, f := extract("item"), find("x")
		x.Extract.ConversionStrategy, f.Find.ConversionStrategy = &tc.strategy, &tc.strategy
		remote, want := map[string]string{}, map[string]string{}
		for i, name := range tc.remote {
			remote[name] = fmt.Sprint(i)
			if tc.want != nil {
				want[tc.want[i]] = fmt.Sprint(i)
			}
		}
		for _, from := range []v1.ExternalSecretDataFrom{x, f} {
			got, err := resolveMap(t, from, remote)
			if tc.want == nil {
				require.ErrorContains(t, err, "two remote names come to the same key")
				continue
			}
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	}
}

// TestDecodingOfMaps decodes every value of an extract and of a find.
func TestDecodingOfMaps(t *testing.T) {
	for _, tc := range []struct {
		strategy v1.DecodingStrategy
		nulls    v1.NullBytePolicy
		remote   map[string]string
		want     map[string]string
		err      string
	}{
		{v1.DecodeBase64, "", map[string]string{"a": "YmFy"}, map[string]string{"a": "bar"}, ""},
		{v1.DecodeBase64, "", map[string]string{"a": "YmFy", "b": "foo"}, nil, "the value is not base64"},
		{v1.DecodeBase64URL, "", map[string]string{"a": "Pz8_Pg=="}, map[string]string{"a": "???>"}, ""},
		{v1.DecodeBase64URL, "", map[string]string{"a": "Pz8/Pg=="}, nil, "the value is not URL-safe base64"},
		{v1.DecodeNone, "", map[string]string{"a": "YmFy"}, map[string]string{"a": "YmFy"}, ""},
		{"", "", map[string]string{"a": "YmFy"}, map[string]string{"a": "YmFy"}, ""},
		{v1.DecodeAuto, "", map[string]string{"a": "Pz8/Pg==", "b": "foo", "c": "Pz8_Pg=="}, map[string]string{"a": "???>", "b": "foo", "c": "???>"}, ""},
		{v1.DecodeBase64, v1.NullByteFail, map[string]string{"a": "YQBi"}, nil, "zero byte"},
		{v1.DecodeNone, v1.NullByteFail, map[string]string{"a": "YQBi"}, map[string]string{"a": "YQBi"}, ""},
		{v1.DecodeBase64, v1.NullByteIgnore, map[string]string{"a": "YQBi"}, map[string]string{"a": "a\x00b"}, ""},
		{v1.DecodeNone, "", map[string]string{"a": "a\x00b"}, map[string]string{"a": "a\x00b"}, ""},
		{"Hex", "", map[string]string{"a": "00"}, nil, "the decoding strategy must be one of"},
	} {
		x, f := extract("item"), find("x")
		x.Extract.DecodingStrategy, x.Extract.NullBytePolicy = &tc.strategy, &tc.nulls
		f.Find.DecodingStrategy, f.Find.NullBytePolicy = &tc.strategy, &tc.nulls
		for _, from := range []v1.ExternalSecretDataFrom{x, f} {
			got, err := resolveMap(t, from, tc.remote)
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				continue
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		}
	}
}

// TestSameEveryTime resolves maps that were filled in another order each time, most of them faulty in several ways: of
// several faults it is always the same one that is told.
func TestSameEveryTime(t *testing.T) {
	const runs = 100
	decoded := extract("item")
	decoded.Extract.DecodingStrategy, decoded.Extract.NullBytePolicy = ptr.To(v1.DecodeBase64), ptr.To(v1.NullByteFail)
	ignore := ptr.To(v1.MergeConflictIgnore)
	for name, tc := range map[string]struct {
		from  v1.ExternalSecretDataFrom
		value func(i int) string
	}{
		"bad keys":       {extract("item", byRegexp(`^k(\d)$`, "..$1"), byRegexp("^k", "é")), nil},
		"collisions":     {extract("item", byRegexp(`.$`, "")), nil},
		"dropped":        {extract("item", byRegexp(`^k1.$`, "")), nil},
		"transformed":    {extract("item", byTransform(`{{ if eq .value "k7" "k11" }}{{ fail "x" }}{{ else if eq .value "k3" }}{{ mustFromJson "x" }}{{ end }}{{ .value }}`)), nil},
		"decoded":        {decoded, func(i int) string { return []string{"YQ==", "AA==", "?"}[i%3] }},
		"merged":         {extract("item", byMerge(v1.RewriteMerge{ConflictPolicy: ignore})), func(i int) string { return fmt.Sprintf(`{"a":%d,"b%d":[1e%d]}`, i, i, i) }},
		"merged badly":   {extract("item", byMerge(v1.RewriteMerge{})), func(i int) string { return []string{`{"a":1}`, `x`, `{"b":1e999}`}[i%3] }},
		"merged numbers": {extract("item", byMerge(v1.RewriteMerge{})), func(i int) string { return fmt.Sprintf(`{"a%d":1e%d,"/%d":1}`, i, i*100, i) }},
		"converted":      {find("x"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			for range runs {
				remote := map[string]string{}
				for _, i := range rand.Perm(20) {
					remote[fmt.Sprintf("k%d", i)] = fmt.Sprint(i)
					if tc.value != nil {
						remote[fmt.Sprintf("k%d", i)] = tc.value(i)
					}
				}
				got, err := resolveMap(t, tc.from, remote)
				seen[fmt.Sprint(got, err)] = true
			}
			require.Len(t, seen, 1)
		})
	}
	results := map[provider.Need]provider.Result{}
	for i := range 20 {
		results[mapNeed(fmt.Sprint(i))] = provider.Result{Err: provider.Errorf(provider.NotFound, "no %d", i)}
	}
	seen := map[string]bool{}
	for range runs {
		var from []v1.ExternalSecretDataFrom
		for i := range 20 {
			from = append(from, extract(fmt.Sprint(i)))
		}
		_, err := Resolve(externalSecret(nil, from...), inputs(results))
		seen[err.Error()] = true
	}
	require.Len(t, seen, 1)
}
