package externalsecret

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	metainternalversion "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"

	"github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/install"
	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/outcome"
	"github.com/live-secrets/external-secrets-apiserver/test/simulator/connect"
)

// benchmarkRows is how many ExternalSecrets a LIST has.
const benchmarkRows = 5000

// BenchmarkList is a LIST in the registry: stored, and live with nothing to ask a provider for. What a client waits for
// begins with its encoding, which both have.
func BenchmarkList(b *testing.B) {
	f := newFixture(b)
	for i := range benchmarkRows {
		f.create(b, externalSecret(b, i))
	}
	b.Run("stored", func(b *testing.B) { f.benchmarkList(b, "0") })
	b.Run("live/in-sync", func(b *testing.B) { f.benchmarkList(b, "") })
	f.record(b)
	b.Run("live/recorded", func(b *testing.B) { f.benchmarkList(b, "") })
	b.Run("encode", func(b *testing.B) {
		list, err := f.rest.List(requestContext(), &metainternalversion.ListOptions{})
		require.NoError(b, err)
		codec := serializer.NewCodecFactory(install.Scheme()).LegacyCodec(v1.SchemeGroupVersion)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := runtime.Encode(codec, list); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkListDrifted is a LIST of rows that are not as they would be written.
func BenchmarkListDrifted(b *testing.B) {
	f := newFixture(b)
	for i := range benchmarkRows {
		es := f.create(b, externalSecret(b, i))
		meta := f.targets[outcome.TargetName(es)]
		meta.DataHash = "of other data"
		f.targets[meta.Name] = meta
	}
	f.benchmarkList(b, "")
}

// BenchmarkListAtRandom is a LIST of rows whose templates draw random numbers.
func BenchmarkListAtRandom(b *testing.B) {
	f := newFixture(b)
	for i := range benchmarkRows {
		f.create(b, externalSecret(b, i, func(es *v1.ExternalSecret) {
			es.Spec.Target.Template = &v1.ExternalSecretTemplate{Data: map[string]string{"id": "{{ uuidv4 }}"}}
		}))
	}
	f.benchmarkList(b, "")
}

// record notes that every Secret was written as it is.
func (f *fixture) record(b *testing.B) {
	list, err := f.rest.Store.List(requestContext(), &metainternalversion.ListOptions{})
	require.NoError(b, err)
	for i := range list.(*v1.ExternalSecretList).Items {
		es := &list.(*v1.ExternalSecretList).Items[i]
		fingerprint, err := f.rest.live.Evaluator.Evaluate(b.Context(), es, outcome.Ask{Held: true}).Fingerprint(b.Context())
		require.NoError(b, err)
		meta := f.targets[outcome.TargetName(es)]
		f.ledger.Record(es.UID, outcome.Entry{Fingerprint: fingerprint, SecretUID: meta.UID, ResourceVersion: meta.ResourceVersion})
	}
}

func (f *fixture) benchmarkList(b *testing.B, resourceVersion string) {
	list := func() *v1.ExternalSecretList {
		listed, err := f.rest.List(requestContext(), &metainternalversion.ListOptions{ResourceVersion: resourceVersion})
		if err != nil {
			b.Fatal(err)
		}
		return listed.(*v1.ExternalSecretList)
	}
	require.Len(b, list().Items, benchmarkRows)
	b.ReportAllocs()
	for b.Loop() {
		list()
	}
}

// BenchmarkGet is a GET in the registry: stored, and live, for which the provider is asked over loopback each time. provider
// is one such request alone: what live takes longer than that is this server's.
func BenchmarkGet(b *testing.B) {
	f := newFixture(b)
	for i := range 100 {
		f.create(b, externalSecret(b, i))
	}
	for name, resourceVersion := range map[string]string{"stored": "0", "live": ""} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := f.rest.Get(requestContext(), fmt.Sprint("app-", i%100), &metav1.GetOptions{ResourceVersion: resourceVersion}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("provider", func(b *testing.B) {
		request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, f.sim.URL()+"/v1/vaults", nil)
		require.NoError(b, err)
		request.Header.Set("Authorization", "Bearer "+connect.DefaultToken)
		for b.Loop() {
			answer, err := http.DefaultClient.Do(request)
			if err != nil {
				b.Fatal(err)
			}
			_, err = io.Copy(io.Discard, answer.Body)
			if err != nil || answer.Body.Close() != nil || answer.StatusCode != http.StatusOK {
				b.Fatal(answer.Status, err)
			}
		}
	})
}
