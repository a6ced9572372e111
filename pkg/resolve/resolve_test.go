package resolve

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/value"
)

func TestResolveMerges(t *testing.T) {
	es := externalSecret([]v1.ExternalSecretData{bind("user", "one"), bind("user", "two")}, extract("first"), extract("second"))
	data, err := Resolve(es, inputs(map[provider.Need]provider.Result{
		valueNeed("one"): valueResult("data 1"), valueNeed("two"): valueResult("data 2"),
		mapNeed("first"):  mapResult(map[string]string{"user": "f", "host": "f", "port": "f"}),
		mapNeed("second"): mapResult(map[string]string{"user": "s", "port": "s"}),
	}))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"user": "data 2", "host": "f", "port": "s"}, texts(data.Values))
	require.Empty(t, data.Missing)
	require.Zero(t, data.Observed)
}

func TestResolveNothing(t *testing.T) {
	data, err := Resolve(externalSecret(nil, find("x")), inputs(map[provider.Need]provider.Result{
		provider.FindNeed("", "x", nil): mapResult(nil),
	}))
	require.NoError(t, err)
	require.NotNil(t, data.Values)
	require.Empty(t, data.Values)
}

func TestResolveSources(t *testing.T) {
	updated := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	early, late := updated.Add(time.Hour), updated.Add(2*time.Hour)
	user := bind("a", "db")
	user.RemoteRef.Property = ptr.To("user")
	data, err := Resolve(externalSecret([]v1.ExternalSecretData{user, bind("b", "db"), bind("c", "api")}, find("x"), find("y"), find("x")),
		inputs(map[provider.Need]provider.Result{
			{Kind: provider.KindValue, Key: "db", Property: "user"}: {Err: provider.Errorf(provider.Invalid, "no such property"), Late: true, Observed: late},
			valueNeed("db"):                 {Answer: provider.Answer{Version: "4", Updated: updated}, Late: true, Observed: early},
			valueNeed("api"):                {Answer: provider.Answer{Version: "1"}, Observed: updated},
			provider.FindNeed("", "x", nil): mapResult(nil), provider.FindNeed("", "y", nil): mapResult(nil),
		}))
	require.EqualError(t, err, `spec.data[0] (SecretStore "vault", key "db"): no such property`)
	require.Nil(t, data.Values)
	ref := v1.LiveStoreRef{Kind: SecretStore, Name: "vault"}
	require.Equal(t, []v1.LiveSource{
		{StoreRef: ref, Key: "db", Version: "4", UpdatedTime: &metav1.Time{Time: updated}},
		{StoreRef: ref, Key: "api", Version: "1"},
		{StoreRef: ref}, {StoreRef: ref},
	}, data.Sources)
	require.Equal(t, early, data.Observed)
}

func TestResolveDeletionPolicy(t *testing.T) {
	notFound := provider.Errorf(provider.NotFound, "there is no such item")
	results := func(gone bool, err error) map[StoreRef]provider.Inputs {
		return inputs(map[provider.Need]provider.Result{
			valueNeed("gone"): {Err: err, Gone: gone}, valueNeed("there"): valueResult("x"),
		})
	}
	spec := func() *v1.ExternalSecret {
		return externalSecret([]v1.ExternalSecretData{bind("a", "gone"), bind("b", "there")})
	}
	for _, policy := range []v1.DeletionPolicy{v1.DeletionDelete, v1.DeletionMerge} {
		data, err := Resolve(withDeletion(spec(), policy), results(true, notFound))
		require.NoError(t, err)
		require.Equal(t, []Entry{{Path: "spec.data[0]", Store: store, Key: "gone"}}, data.Missing)
		require.Equal(t, map[string]string{"b": "x"}, texts(data.Values))
		require.Len(t, data.Sources, 2)

		// Not found is no evidence that it is gone, and nothing but a NotFound is.
		_, err = Resolve(withDeletion(spec(), policy), results(false, notFound))
		require.Equal(t, provider.NotFound, provider.ReasonOf(err))
		for _, reason := range []provider.Reason{
			provider.ScopeNotFound, provider.Forbidden, provider.Unauthenticated, provider.RateLimited, provider.Unavailable, provider.Invalid,
		} {
			data, err = Resolve(withDeletion(spec(), policy), results(true, provider.Errorf(reason, "no")))
			require.Equal(t, reason, provider.ReasonOf(err))
			require.Empty(t, data.Missing)
		}
	}
	for _, es := range []*v1.ExternalSecret{spec(), withDeletion(spec(), v1.DeletionRetain), withDeletion(spec(), "")} {
		data, err := Resolve(es, results(true, notFound))
		require.Equal(t, provider.NotFound, provider.ReasonOf(err))
		require.Empty(t, data.Missing)
	}
}

func TestResolveDecodes(t *testing.T) {
	ref := func(decoding v1.DecodingStrategy, nulls v1.NullBytePolicy) v1.ExternalSecretData {
		d := bind("k", "db")
		d.RemoteRef.DecodingStrategy, d.RemoteRef.NullBytePolicy = &decoding, &nulls
		return d
	}
	for name, tc := range map[string]struct {
		data     v1.ExternalSecretData
		in, want string
		err      string
	}{
		"as it is":      {bind("k", "db"), "eA==", "eA==", ""},
		"decoded":       {ref(v1.DecodeBase64, ""), "eA==", "x", ""},
		"not decoded":   {ref(v1.DecodeBase64, ""), canary, "", "decodingStrategy: the value is not base64"},
		"not decoded 2": {ref(v1.DecodeBase64URL, ""), canary + "!", "", "decodingStrategy: the value is not URL-safe base64"},
		"unknown":       {ref("Hex", ""), canary, "", "decodingStrategy: the decoding strategy must be one of Auto, Base64, Base64URL, None"},
		"null taken":    {ref(v1.DecodeBase64, v1.NullByteIgnore), "AA==", "\x00", ""},
		"null refused":  {ref(v1.DecodeBase64, v1.NullByteFail), "AA==", "", "a value holds a zero byte, which nullBytePolicy Fail does not allow"},
		"null in code":  {ref("", v1.NullByteFail), "AA==", "AA==", ""},
		"bad key":       {bind("a b", "db"), "x", "", `secretKey "a b": only ASCII letters, digits, '-', '_' and '.' are allowed`},
		"empty key":     {bind("", "db"), "x", "", `secretKey "": it is empty`},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := Resolve(externalSecret([]v1.ExternalSecretData{tc.data}), inputs(map[provider.Need]provider.Result{
				valueNeed("db"): valueResult(tc.in),
			}))
			if tc.err != "" {
				require.EqualError(t, err, `spec.data[0] (SecretStore "vault", key "db"): `+tc.err)
				require.Equal(t, provider.Invalid, provider.ReasonOf(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, map[string]string{"k": tc.want}, texts(data.Values))
		})
	}
	// The same strategies hold for every value of an extract and a find.
	x := extract("item")
	x.Extract.DecodingStrategy = ptr.To(v1.DecodeBase64)
	got, err := resolveMap(t, x, map[string]string{"a": "eA==", "b": "eQ=="})
	require.NoError(t, err)
	require.Equal(t, map[string]string{"a": "x", "b": "y"}, got)
	f := find("x")
	f.Find.NullBytePolicy = ptr.To(v1.NullByteFail)
	_, err = resolveMap(t, f, map[string]string{canary: "\x00"})
	require.ErrorContains(t, err, "zero byte")
}

func TestResolveKeys(t *testing.T) {
	unicode := extract("item")
	unicode.Extract.ConversionStrategy = ptr.To(v1.ConversionUnicode)
	odd := find("x")
	odd.Find.ConversionStrategy = ptr.To(v1.ConversionStrategy("Punycode"))
	same := v1.Rewrite{Regexp: &v1.RewriteRegexp{Source: "^$", Target: "named"}}
	for name, tc := range map[string]struct {
		from   v1.ExternalSecretDataFrom
		remote map[string]string
		want   map[string]string
		err    string
	}{
		"converted":          {find("x"), map[string]string{"a/b c": "1", "é": "2"}, map[string]string{"a_b_c": "1", "_": "2"}, ""},
		"converted unicode":  {unicode, map[string]string{"a/b": "1", "é😀": "2"}, map[string]string{"a_U002f_b": "1", "_U00e9__U1f600_": "2"}, ""},
		"converted together": {find("x"), map[string]string{canary + "/": "1", canary + "_": "2"}, nil, "two remote names come to the same key by conversionStrategy"},
		"unknown conversion": {odd, nil, nil, "conversionStrategy must be Default or Unicode"},
		"no name":            {extract("item"), map[string]string{"": "1", "a": "2"}, map[string]string{"a": "2"}, ""},
		"no name, renamed":   {extract("item", same), map[string]string{"": "1", "a": "2"}, map[string]string{"named": "1", "a": "2"}, ""},
		"not converted":      {extract("item", same), map[string]string{canary + "/": "1"}, nil, "only ASCII letters"},
		"letters of others":  {extract("item", same), map[string]string{"é": "1"}, nil, "only ASCII letters"},
		"too long":           {extract("item"), map[string]string{strings.Repeat("a", 254): "1"}, nil, "longer than 253"},
		"longest":            {extract("item"), map[string]string{strings.Repeat("a", 253): "1"}, map[string]string{strings.Repeat("a", 253): "1"}, ""},
		"dots":               {extract("item"), map[string]string{"..": "1"}, nil, `it may not be "." nor begin with ".."`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := resolveMap(t, tc.from, tc.remote)
			if tc.err != "" {
				require.ErrorContains(t, err, tc.err)
				require.Equal(t, provider.Invalid, provider.ReasonOf(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestResolveErrors(t *testing.T) {
	generator := bind("x", "five")
	generator.SourceRef = &v1.SourceRef{GeneratorRef: &v1.GeneratorRef{}}
	es := externalSecret([]v1.ExternalSecretData{bind("a", "one"), generator, bind("b", "two")}, extract("three"), find("x"))
	_, err := Resolve(es, inputs(map[provider.Need]provider.Result{
		valueNeed("one"):                {Err: provider.Errorf(provider.NotFound, "there is no such item")},
		valueNeed("two"):                {Err: fmt.Errorf("%s: %w", canary, context.DeadlineExceeded)},
		mapNeed("three"):                {Err: fmt.Errorf("%s: %w", canary, &provider.Error{Reason: provider.RateLimited, Message: "slow down", RetryAfter: time.Minute})},
		provider.FindNeed("", "x", nil): mapResult(map[string]string{"a": "1"}),
	}))
	require.EqualError(t, err, strings.Join([]string{
		`spec.data[0] (SecretStore "vault", key "one"): there is no such item`,
		`spec.data[1] (key "five"): sourceRef.generatorRef names a generator, and this server has no generators: name a store`,
		`spec.data[2] (SecretStore "vault", key "two"): the store was not asked to the end`,
		`spec.dataFrom[0].extract (SecretStore "vault", key "three"): slow down`,
	}, "; "))
	// The worst Reason stands for all.
	require.Equal(t, provider.Unavailable, provider.ReasonOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	var failures Errors
	require.ErrorAs(t, err, &failures)
	require.Equal(t, provider.Unavailable, failures.Reason())
	require.Len(t, failures, 4)
	require.Equal(t, provider.NotFound, failures[0].Reason)
	require.Equal(t, time.Minute, provider.RetryAfterOf(failures[3]))
	require.Equal(t, time.Minute, failures[3].RetryAfter)
}

func TestErrorsStayReadable(t *testing.T) {
	var data []v1.ExternalSecretData
	results := map[provider.Need]provider.Result{}
	for i := range 500 {
		key := fmt.Sprintf("key%d", i)
		data = append(data, bind(key, key))
		results[valueNeed(key)] = provider.Result{Err: provider.Errorf(provider.NotFound, "there is no such item")}
	}
	_, err := Resolve(externalSecret(data), inputs(results))
	require.Equal(t, mostErrors+1, strings.Count(err.Error(), "; ")+1)
	require.True(t, strings.HasSuffix(err.Error(), "; and 490 more"))
}

func TestReasonsRank(t *testing.T) {
	worst := func(reasons ...provider.Reason) provider.Reason {
		var e Errors
		for _, r := range reasons {
			e = append(e, (&entry{}).failure(provider.Errorf(r, "x")))
		}
		require.Equal(t, e.Reason(), provider.ReasonOf(errors.Join(e)))
		return e.Reason()
	}
	require.Equal(t, provider.NotFound, worst(provider.NotFound))
	require.Equal(t, provider.Invalid, worst(provider.NotFound, provider.Invalid, provider.NotFound))
	require.Equal(t, provider.Unavailable, worst(provider.NotFound, provider.Invalid, provider.Unavailable, provider.RateLimited))
	require.Equal(t, provider.Unauthenticated, worst(provider.Forbidden, provider.Unauthenticated, provider.ScopeNotFound))
}

func TestResolveIsNotGivenWhatItNeeds(t *testing.T) {
	_, err := Resolve(externalSecret([]v1.ExternalSecretData{bind("a", "one")}), nil)
	require.Equal(t, provider.Invalid, provider.ReasonOf(err))
}

func TestResolveBounds(t *testing.T) {
	many := map[string]string{}
	for i := range MaxKeys + 1 {
		many[fmt.Sprintf("k%d", i)] = ""
	}
	_, err := resolveMap(t, extract("item"), many)
	require.ErrorContains(t, err, "more than 10000 keys")
	_, err = resolveMap(t, extract("item"), map[string]string{"a": strings.Repeat("x", MaxBytes)})
	require.ErrorContains(t, err, "more than 8388608 bytes")

	// The bound is for all entries together.
	results := map[provider.Need]provider.Result{}
	var from []v1.ExternalSecretDataFrom
	for i := range 9 {
		key := fmt.Sprintf("item%d", i)
		from = append(from, extract(key))
		results[mapNeed(key)] = provider.Result{Answer: provider.Answer{Map: map[string]value.Value{"a": value.New(make([]byte, 1<<20))}}}
	}
	_, err = Resolve(externalSecret(nil, from...), inputs(results))
	require.ErrorContains(t, err, `spec.dataFrom[7].extract (SecretStore "vault", key "item7"): the entries come to more than`)
}
