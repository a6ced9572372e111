package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// scope is what the instrumentation is called.
const scope = "github.com/live-secrets/external-secrets-apiserver"

// Span is one that is recorded, or nothing: then its methods do nothing. The zero Span is nothing.
type Span struct {
	span trace.Span
}

// Start begins a span below the one of ctx, where that is recorded. It allocates nothing where it is not.
func Start(ctx context.Context, name Name) (context.Context, Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, Span{}
	}
	return start(ctx, parent.TracerProvider(), name)
}

// StartClient is Start for a request to a server that is none of Kubernetes.
func StartClient(ctx context.Context, name Name) (context.Context, Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return ctx, Span{}
	}
	return start(ctx, parent.TracerProvider(), name, trace.WithSpanKind(trace.SpanKindClient))
}

// Root begins a trace at a time, if the sampler of provider wants one; a nil provider never does.
func Root(ctx context.Context, provider trace.TracerProvider, name Name, at time.Time) (context.Context, Span) {
	if provider == nil {
		return ctx, Span{}
	}
	return start(ctx, provider, name, trace.WithNewRoot(), trace.WithTimestamp(at))
}

func start(ctx context.Context, provider trace.TracerProvider, name Name, options ...trace.SpanStartOption) (context.Context, Span) {
	ctx, span := provider.Tracer(scope).Start(ctx, string(name), options...)
	if !span.IsRecording() {
		return ctx, Span{}
	}
	return ctx, Span{span}
}

// Of is the span that ctx carries.
func Of(ctx context.Context) Span {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return Span{}
	}
	return Span{span}
}

// Since records what went on since a time, below s.
func (s Span) Since(name Name, began time.Time) {
	if s.span == nil {
		return
	}
	_, span := start(s.Into(context.Background()), s.span.TracerProvider(), name, trace.WithTimestamp(began))
	span.End()
}

// Into has what is done under ctx recorded below s. Nothing leaves ctx as it is.
func (s Span) Into(ctx context.Context) context.Context {
	if s.span == nil {
		return ctx
	}
	return trace.ContextWithSpan(ctx, s.span)
}

// Or is s, or another where s is nothing.
func (s Span) Or(other Span) Span {
	if s.span == nil {
		return other
	}
	return s
}

// Recorded tells whether there is a span.
func (s Span) Recorded() bool { return s.span != nil }

// Link points to another span, unless it is none.
func (s Span) Link(to Span) {
	if s.span != nil && to.span != nil {
		s.span.AddLink(trace.Link{SpanContext: to.span.SpanContext()})
	}
}

// End ends the span.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}
