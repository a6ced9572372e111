// Package otlp sends traces to a collector. It never holds anybody up: what a collector does not take in time is dropped.
package otlp

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracingapi "k8s.io/component-base/tracing/api/v1"
)

const (
	// exportTimeout bounds the delivery of one batch. There is no second try: spans are worth less than what they would hold up.
	exportTimeout = 5 * time.Second
	// farewell bounds what a shutdown waits for the last batches.
	farewell = 2 * time.Second
)

// Service says whose spans they are.
type Service struct {
	Name, Version string
	// Instance tells this process from others of the name.
	Instance string
}

// Provider is what spans begin with. It is safe for concurrent use.
type Provider struct {
	*sdktrace.TracerProvider
}

// Start begins to deliver spans, sampled as kube-apiserver samples by a configuration like this: as the sender of a request has
// decided, and of what nobody has decided, so many of a million. Shutdown ends it.
func Start(ctx context.Context, config *tracingapi.TracingConfiguration, service Service, log *slog.Logger) (*Provider, error) {
	options := []otlptracegrpc.Option{
		// The file has no field for TLS: a collector is beside the server, or behind something that encrypts.
		otlptracegrpc.WithInsecure(),
		otlptracegrpc.WithTimeout(exportTimeout),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{Enabled: false}),
	}
	if config.Endpoint != nil {
		options = append(options, otlptracegrpc.WithEndpoint(*config.Endpoint))
	}
	delivering, err := otlptracegrpc.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("set up the delivery of traces: %w", err)
	}
	described := resource.NewSchemaless(
		attribute.String("service.name", service.Name),
		attribute.String("service.version", service.Version),
		attribute.String("service.instance.id", service.Instance),
	)
	return &Provider{sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.ParentBased(sampler(config))),
		sdktrace.WithBatcher(&exporter{SpanExporter: delivering, log: log}, sdktrace.WithExportTimeout(exportTimeout)),
		sdktrace.WithResource(described),
	)}, nil
}

func sampler(config *tracingapi.TracingConfiguration) sdktrace.Sampler {
	if config.SamplingRatePerMillion == nil {
		return sdktrace.NeverSample()
	}
	return sdktrace.TraceIDRatioBased(float64(*config.SamplingRatePerMillion) / 1e6)
}

// Shutdown delivers what is left, as far as a collector takes it within a moment. It returns no error: who shuts down can do
// nothing about it.
func (p *Provider) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	_ = p.TracerProvider.Shutdown(ctx)
	return nil
}
