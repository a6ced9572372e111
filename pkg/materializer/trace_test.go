package materializer

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	v1 "github.com/live-secrets/external-secrets-apiserver/pkg/apis/externalsecrets/v1"
	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// traces are the spans that a Materializer makes.
func traces(recorded *tracetest.InMemoryExporter) func(*Config) {
	return func(c *Config) { c.Tracing = sdktrace.NewTracerProvider(sdktrace.WithSyncer(recorded)) }
}

// takeTraces are the names of the spans of each trace that has ended, in the order of their ends, its root last.
func takeTraces(recorded *tracetest.InMemoryExporter) (all [][]string, roots []tracetest.SpanStub) {
	spans := recorded.GetSpans()
	recorded.Reset()
	for _, root := range spans {
		if root.Parent.IsValid() {
			continue
		}
		roots = append(roots, root)
		var names []string
		for _, s := range spans {
			if s.SpanContext.TraceID() == root.SpanContext.TraceID() {
				names = append(names, s.Name)
			}
		}
		all = append(all, names)
	}
	return all, roots
}

func TestASyncIsOneTrace(t *testing.T) {
	recorded := tracetest.NewInMemoryExporter()
	bubble(t, func(t *testing.T, f *fixture) {
		after(time.Second)
		recorded.Reset()
		f.add(every("1h"))
		after(time.Minute)
		all, roots := takeTraces(recorded)
		require.Len(t, all, 1)
		require.Equal(t, "sync", all[0][len(all[0])-1])
		for _, name := range []string{"sync.queued", "sync.parked", "evaluate", "store.read", "sync.write", "render", "sync.report"} {
			require.Contains(t, all[0], name)
		}
		require.Contains(t, roots[0].Attributes, attribute.String("externalsecret.name", "db"))
		require.Contains(t, roots[0].Attributes, attribute.String("result", v1.ReasonSecretSynced))
		require.Contains(t, roots[0].Attributes, attribute.String("cause", "first"))

		f.vault.fail(provider.Errorf(provider.Forbidden, "canary"))
		f.edit(func(es *v1.ExternalSecret) { es.Status.RefreshRequestTime = ptr.To(metav1.NewMicroTime(time.Now())) })
		after(time.Minute)
		_, roots = takeTraces(recorded)
		require.NotEmpty(t, roots)
		failed := slices.DeleteFunc(roots, func(s tracetest.SpanStub) bool { return s.Status.Code != codes.Error })
		require.NotEmpty(t, failed)
		require.Equal(t, v1.ReasonSecretSyncedError, failed[0].Status.Description)
	}, traces(recorded))
}

func TestATraceEndsWithItsExternalSecret(t *testing.T) {
	recorded := tracetest.NewInMemoryExporter()
	bubble(t, func(t *testing.T, f *fixture) {
		f.vault.do(func() { f.vault.hangs = true })
		f.add()
		after(time.Second)
		require.NoError(t, f.api.ExternalSecretsV1().ExternalSecrets("team").Delete(t.Context(), "db", metav1.DeleteOptions{}))
		after(time.Minute)
		_, roots := takeTraces(recorded)
		require.Contains(t, roots[len(roots)-1].Attributes, attribute.String("result", "gone"))
	}, traces(recorded))
}
