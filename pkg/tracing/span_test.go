package tracing_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

func recorder(t *testing.T, sampler sdktrace.Sampler) (*sdktrace.TracerProvider, *tracetest.InMemoryExporter) {
	t.Helper()
	recorded := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(recorded), sdktrace.WithSampler(sampler))
	t.Cleanup(func() { require.NoError(t, provider.Shutdown(context.Background())) })
	return provider, recorded
}

func TestSpans(t *testing.T) {
	provider, recorded := recorder(t, sdktrace.AlwaysSample())
	before := time.Now().Add(-time.Minute)
	ctx, root := tracing.Root(t.Context(), provider, tracing.Sync, before)
	root.ExternalSecret("team", "db", "uid")
	root.Since(tracing.Queued, before)
	_, child := tracing.Start(ctx, tracing.Write)
	child.Failed("SecretSyncedError")
	child.End()
	_, other := tracing.Root(t.Context(), provider, tracing.Revalidate, time.Now())
	other.Link(root)
	other.Link(tracing.Span{})
	other.End()
	root.End()

	spans := recorded.GetSpans()
	require.Len(t, spans, 4)
	queued, write, revalidate, sync := spans[0], spans[1], spans[2], spans[3]
	require.Equal(t, "sync.queued", queued.Name)
	require.Equal(t, before.UnixNano(), queued.StartTime.UnixNano())
	require.Equal(t, before.UnixNano(), sync.StartTime.UnixNano())
	require.Equal(t, sync.SpanContext.SpanID(), queued.Parent.SpanID())
	require.Equal(t, sync.SpanContext.SpanID(), write.Parent.SpanID())
	require.Equal(t, codes.Error, write.Status.Code)
	require.Contains(t, write.Attributes, attribute.String("result", "SecretSyncedError"))
	require.Contains(t, sync.Attributes, attribute.String("externalsecret.name", "db"))
	require.Len(t, revalidate.Links, 1)
	require.Equal(t, sync.SpanContext.SpanID(), revalidate.Links[0].SpanContext.SpanID())
}

// What a context without a recorded span costs: the paths of every request and every row go through here.
func spanless(ctx context.Context, store string) {
	ctx, span := tracing.Start(ctx, tracing.Read)
	span.Store(store, "onepassword")
	span.Needs(3)
	span.Objects(1, 1)
	span.HTTP("GET", "/v1/vaults")
	span.Failed("NotFound")
	span.Link(tracing.Of(ctx))
	_ = span.Into(ctx)
	span.End()
}

func TestNothingIsAllocatedWhereNothingIsRecorded(t *testing.T) {
	provider, recorded := recorder(t, sdktrace.NeverSample())
	unsampled, span := tracing.Root(t.Context(), provider, tracing.Sync, time.Now())
	require.False(t, span.Recorded())
	for name, ctx := range map[string]context.Context{"off": t.Context(), "not sampled": unsampled} {
		require.Zero(t, testing.AllocsPerRun(100, func() { spanless(ctx, "SecretStore/team/vault") }), name)
	}
	require.Empty(t, recorded.GetSpans())
}

func BenchmarkWithoutATrace(b *testing.B) {
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		spanless(ctx, "SecretStore/team/vault")
	}
}

func TestWithoutAProviderNoTraceBegins(t *testing.T) {
	ctx, span := tracing.Root(t.Context(), nil, tracing.Sync, time.Now())
	require.False(t, span.Recorded())
	require.Equal(t, t.Context(), ctx)
}

func remote(sampled trace.TraceFlags) trace.SpanContext {
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: sampled, Remote: true})
}

func TestWhoseTraceGoesOn(t *testing.T) {
	sdk, recorded := recorder(t, sdktrace.ParentBased(sdktrace.AlwaysSample()))
	tracer := tracing.NewProvider(sdk).Tracer("test")
	sampled := trace.ContextWithRemoteSpanContext(t.Context(), remote(trace.FlagsSampled))
	unsampled := trace.ContextWithRemoteSpanContext(t.Context(), remote(0))
	// This is how the library's filter begins the span of a request: a new trace for all but administrators.
	link := trace.WithLinks(trace.Link{SpanContext: remote(trace.FlagsSampled)})
	for _, c := range []struct {
		name                 string
		ctx                  context.Context
		options              []trace.SpanStartOption
		isRecorded, isParent bool
	}{
		{"an administrator's", sampled, nil, true, true},
		{"a user's", sampled, []trace.SpanStartOption{trace.WithNewRoot(), link}, true, false},
		{"a user's, by kube-apiserver", tracing.Continued(sampled), []trace.SpanStartOption{trace.WithNewRoot(), link}, true, true},
		{"left alone by kube-apiserver", tracing.Continued(unsampled), []trace.SpanStartOption{trace.WithNewRoot(), link}, false, true},
		{"without a trace, by kube-apiserver", tracing.Continued(t.Context()), []trace.SpanStartOption{trace.WithNewRoot()}, true, false},
		{"a client's own", t.Context(), []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient)}, false, false},
	} {
		recorded.Reset()
		_, span := tracer.Start(c.ctx, "request", c.options...)
		require.Equal(t, c.isRecorded, span.IsRecording(), c.name)
		require.Equal(t, c.isParent, span.SpanContext().TraceID() == trace.TraceID{1}, c.name)
		span.End()
	}
	ctx, span := tracer.Start(t.Context(), "request")
	_, client := tracer.Start(ctx, "HTTP GET", trace.WithSpanKind(trace.SpanKindClient))
	require.True(t, client.IsRecording(), "a client's within a trace")
	client.End()
	span.End()
}
