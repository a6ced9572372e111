package tracing

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"
)

// Ending is a provider that can be shut down.
type Ending interface {
	trace.TracerProvider
	Shutdown(ctx context.Context) error
}

// Provider decides what begins a trace. It is for the filter of the API server's library and for the clients of Kubernetes and
// etcd.
type Provider struct {
	embedded.TracerProvider
	from Ending
}

// NewProvider makes a Provider that has another one begin what it lets begin.
func NewProvider(from Ending) *Provider { return &Provider{from: from} }

// Tracer implements trace.TracerProvider.
func (p *Provider) Tracer(name string, options ...trace.TracerOption) trace.Tracer {
	return &tracer{from: p.from.Tracer(name, options...)}
}

// Shutdown ends the other provider.
func (p *Provider) Shutdown(ctx context.Context) error { return p.from.Shutdown(ctx) }

type continuedKey struct{}

// Continued marks the context of a request whose sender may say which trace it is part of.
func Continued(ctx context.Context) context.Context {
	return context.WithValue(ctx, continuedKey{}, true)
}

type tracer struct {
	embedded.Tracer
	from trace.Tracer
}

// Start implements trace.Tracer.
//
// A request that a client sends is recorded where it is part of a trace: watches, Leases and what looks after etcd would begin
// thousands a day that nobody asks about.
//
// The library's filter begins a new trace, with a link to the sender's, for every user who is no administrator: anybody could
// have everything recorded otherwise. Where the request is Continued, kube-apiserver has sent it, and has decided that for
// them; its trace goes on.
func (t *tracer) Start(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, trace.Span) {
	config := trace.NewSpanStartConfig(options...)
	if config.SpanKind() == trace.SpanKindClient && !trace.SpanFromContext(ctx).IsRecording() {
		return noop.Tracer{}.Start(ctx, name)
	}
	isContinued := ctx.Value(continuedKey{}) != nil && trace.SpanContextFromContext(ctx).IsRemote()
	if !config.NewRoot() || !isContinued {
		return t.from.Start(ctx, name, options...)
	}
	return t.from.Start(ctx, name, trace.WithAttributes(config.Attributes()...), trace.WithSpanKind(config.SpanKind()),
		trace.WithTimestamp(config.Timestamp()))
}
