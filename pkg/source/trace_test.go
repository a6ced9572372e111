package source

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// traces are the spans that a test made.
type traces struct {
	provider *sdktrace.TracerProvider
	recorded *tracetest.InMemoryExporter
}

func record(c *Config) *traces {
	recorded := tracetest.NewInMemoryExporter()
	tr := &traces{sdktrace.NewTracerProvider(sdktrace.WithSyncer(recorded)), recorded}
	c.Tracing = tr.provider
	return tr
}

// named are the spans of a name, in the order of their ends.
func (tr *traces) named(name tracing.Name) []tracetest.SpanStub {
	return slices.DeleteFunc(tr.recorded.GetSpans(), func(s tracetest.SpanStub) bool { return s.Name != string(name) })
}

func TestWhoJoinsARevalidationPointsToIt(t *testing.T) {
	var tr *traces
	run(t, func(_ *backend, c *Config) { tr = record(c) }, func(t *testing.T, f *fixture) {
		f.delay = time.Second
		first, caused := tracing.Root(t.Context(), tr.provider, tracing.Evaluate, time.Now())
		second, joined := tracing.Root(t.Context(), tr.provider, tracing.Evaluate, time.Now())
		asked := time.Now()
		answered := make(chan provider.Inputs)
		go func() { answered <- f.src.Inputs(first, needs("a/x"), asked) }()
		time.Sleep(time.Millisecond)
		require.NoError(t, f.src.Inputs(second, needs("a/y"), asked).Result(need("a/y")).Err)
		require.NoError(t, (<-answered).Result(need("a/x")).Err)
		caused.End()
		joined.End()

		reads, waits, calls, requests := tr.named(tracing.Read), tr.named(tracing.Wait), tr.named(tracing.Revalidate), tr.named(tracing.Request)
		require.Len(t, calls, 1, "it was shared")
		require.Len(t, requests, 1)
		require.Len(t, reads, 2)
		require.Len(t, waits, 2)
		call := calls[0]
		require.Equal(t, call.SpanContext.SpanID(), requests[0].Parent.SpanID())
		ofCauser := 0
		for i, wait := range waits {
			require.Len(t, wait.Links, 1)
			require.Equal(t, call.SpanContext.SpanID(), wait.Links[0].SpanContext.SpanID())
			if reads[i].SpanContext.SpanID() == call.Parent.SpanID() {
				ofCauser++
			}
		}
		require.Equal(t, 1, ofCauser, "it is part of the trace of whoever caused it")
		require.Contains(t, requests[0].Attributes, attribute.String("url.template", "/scope"))
		require.Contains(t, requests[0].Attributes, attribute.Int("http.response.status_code", 200))
		require.Contains(t, call.Attributes, attribute.String("store", "SecretStore/team/vault"))
	})
}

// What nobody recorded waits for begins no trace, but for polls: those of one are a trace of their own.
func TestPollsAreTraces(t *testing.T) {
	var tr *traces
	run(t, func(_ *backend, c *Config) { tr = record(c) }, func(t *testing.T, f *fixture) {
		require.NoError(t, f.get("a/x").Err)
		require.Empty(t, tr.recorded.GetSpans())
		f.src.Want(uid(1), "team", needs("a/x"))
		f.sources.Lead(true)
		time.Sleep(15 * time.Second)
		calls := tr.named(tracing.Revalidate)
		require.NotEmpty(t, calls)
		for _, call := range calls {
			require.False(t, call.Parent.IsValid())
			require.Contains(t, call.Attributes, attribute.String("cause", "poll"))
		}
	})
}

func TestAFailureIsAWordInATrace(t *testing.T) {
	var tr *traces
	run(t, func(_ *backend, c *Config) { tr = record(c) }, func(t *testing.T, f *fixture) {
		f.fail = func(Operation, string) error { return provider.Errorf(provider.Forbidden, "canary") }
		ctx, span := tracing.Root(t.Context(), tr.provider, tracing.Evaluate, time.Now())
		require.Error(t, f.src.Inputs(ctx, needs("a/x"), time.Now()).Result(need("a/x")).Err)
		span.End()
		call := tr.named(tracing.Revalidate)[0]
		require.Equal(t, string(provider.Forbidden), call.Status.Description)
		for _, span := range tr.recorded.GetSpans() {
			require.NotContains(t, span.Status.Description, "canary")
			for _, a := range span.Attributes {
				require.Contains(t, tracing.Keys(), string(a.Key))
				require.NotContains(t, a.Value.String(), "canary")
			}
			require.Empty(t, span.Events)
		}
	})
}

// A read of a warm Source costs no more allocations for being traceable. BenchmarkInputs has the whole of it.
func TestAReadWithoutATraceAllocatesNothingForIt(t *testing.T) {
	run(t, nil, func(t *testing.T, f *fixture) {
		ctx := context.Background()
		r := newRead(needs("a/x"), time.Now(), causeNow)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			_ = f.src.beginRead(ctx, r)
			endRead(r)
		}))
	})
}
