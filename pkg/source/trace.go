package source

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// spans are those of the operations.
var spans = map[Operation]tracing.Name{
	Revalidate: tracing.Revalidate, Load: tracing.Load, Confirm: tracing.Confirm, Check: tracing.Check,
}

// begin begins the span of a call: below whoever caused it, where that is recorded. A poll that nobody waits for begins a trace.
func (c *client) begin(ctx context.Context, op Operation, by payer) (context.Context, tracing.Span) {
	name := spans[op]
	caused, span := tracing.Start(ctx, name)
	if !span.Recorded() && by.kind == poll {
		caused, span = tracing.Root(ctx, c.tracing, name, time.Now())
	}
	span.Store(c.label, c.name)
	if by.kind == poll {
		span.Cause("poll")
	}
	return caused, span
}

// beginRead begins the span of a read.
func (src *Source) beginRead(ctx context.Context, r *read) context.Context {
	ctx, r.span = tracing.Start(ctx, tracing.Read)
	r.span.Store(src.client.label, src.client.name)
	r.span.Needs(len(r.needs))
	return ctx
}

// endRead says what a read did not get.
func endRead(r *read) {
	if r.away != "" {
		r.span.Result(string(r.away))
	}
	r.span.End()
}

// waitTraced is wait with its span, which points to the calls that were waited for: another may have caused them.
func (src *Source) waitTraced(ctx context.Context, flights []*flight) error {
	ctx, span := tracing.Start(ctx, tracing.Wait)
	defer span.End()
	span.Calls(len(flights))
	err := src.wait(ctx, flights)
	for _, f := range flights {
		if span.Recorded() && f.ended() {
			span.Link(f.span)
		}
	}
	return err
}

// beginRequest begins the span of one request of a call. The route is that of provider.RequestBegin.
func beginRequest(ctx context.Context, route string) tracing.Span {
	_, span := tracing.StartClient(ctx, tracing.Request)
	if method, path, ok := strings.Cut(route, " "); ok {
		span.HTTP(method, path)
	}
	return span
}

// endRequest ends it with the status of the answer, 0 where there was none.
func endRequest(span tracing.Span, status int) {
	switch {
	case status == 0:
		span.Failed("no answer")
	case status >= http.StatusBadRequest:
		span.Status(status)
		span.Failed("refused")
	default:
		span.Status(status)
	}
	span.End()
}
