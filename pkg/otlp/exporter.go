package otlp

import (
	"context"
	"log/slog"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// reminderInterval is how often it is said that a collector is still away.
const reminderInterval = time.Hour

// exporter tells when spans begin to be lost, and when that ends. Its own errors would be printed for each batch, by a logger of
// OpenTelemetry's that knows no format.
type exporter struct {
	sdktrace.SpanExporter
	log *slog.Logger

	// lost counts the spans since the last word about it. The processor exports one batch at a time.
	lost     int
	failing  bool
	reminded time.Time
}

// ExportSpans implements sdktrace.SpanExporter.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	// The error has the address, and may have what a peer said.
	if err := e.SpanExporter.ExportSpans(ctx, spans); err != nil {
		e.lose(len(spans))
		return nil
	}
	if e.failing {
		e.log.Info("Traces are delivered again", "lost", e.lost)
	}
	e.failing, e.lost = false, 0
	return nil
}

func (e *exporter) lose(n int) {
	e.lost += n
	if e.failing && time.Since(e.reminded) < reminderInterval {
		return
	}
	e.failing, e.reminded = true, time.Now()
	e.log.Warn("Traces are not delivered: the collector does not take them", "lost", e.lost)
}
