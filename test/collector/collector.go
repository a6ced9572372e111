// Package collector is a collector of traces: it takes what OTLP exporters send, keeps it, and can be slow about it.
package collector

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"slices"
	"sync"

	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonv1 "go.opentelemetry.io/proto/otlp/common/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

// Span is one that was delivered.
type Span struct {
	*tracev1.Span
	// Service is whose it is.
	Service string
}

// Attribute is what a span says under a key, as text; empty where it does not.
func (s Span) Attribute(key string) string { return attribute(s.Attributes, key) }

// Trace is the id of its trace.
func (s Span) Trace() string { return hex.EncodeToString(s.TraceId) }

func attribute(all []*commonv1.KeyValue, key string) string {
	for _, a := range all {
		if a.Key != key {
			continue
		}
		if n, isNumber := a.Value.Value.(*commonv1.AnyValue_IntValue); isNumber {
			return fmt.Sprint(n.IntValue)
		}
		return a.Value.GetStringValue()
	}
	return ""
}

// Collector listens on loopback until Close. It is safe for concurrent use.
type Collector struct {
	collectortrace.UnimplementedTraceServiceServer
	listener net.Listener
	server   *grpc.Server
	serving  sync.WaitGroup

	mu    sync.Mutex
	spans []Span
	// received is what arrived, as it did.
	received []byte
	// hanging is closed when it ends that requests are not answered; nil while they are.
	hanging chan struct{}
}

// Start begins to listen.
func Start() (*Collector, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for traces: %w", err)
	}
	c := &Collector{listener: listener, server: grpc.NewServer()}
	collectortrace.RegisterTraceServiceServer(c.server, c)
	c.serving.Go(func() { _ = c.server.Serve(listener) })
	return c, nil
}

// Address is its host and port.
func (c *Collector) Address() string { return c.listener.Addr().String() }

// Close stops listening, and waits.
func (c *Collector) Close() {
	c.Hang(false)
	c.server.Stop()
	c.serving.Wait()
}

// Hang has requests wait without an answer, or ends that.
func (c *Collector) Hang(hang bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case hang && c.hanging == nil:
		c.hanging = make(chan struct{})
	case !hang && c.hanging != nil:
		close(c.hanging)
		c.hanging = nil
	}
}

// Export implements the service.
func (c *Collector) Export(ctx context.Context, request *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	hanging := c.hanging
	c.mu.Unlock()
	if hanging != nil {
		select {
		case <-hanging:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	received, err := proto.Marshal(request)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.received = append(c.received, received...)
	for _, resource := range request.ResourceSpans {
		for _, scope := range resource.ScopeSpans {
			for _, span := range scope.Spans {
				c.spans = append(c.spans, Span{span, attribute(resource.Resource.Attributes, "service.name")})
			}
		}
	}
	return &collectortrace.ExportTraceServiceResponse{}, nil
}

// Received is everything that arrived, in protobuf.
func (c *Collector) Received() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.received)
}

// Spans are all that arrived.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// Configuration is a file for --tracing-config-file, which has everything sent here.
func (c *Collector) Configuration() string {
	return fmt.Sprintf("apiVersion: apiserver.config.k8s.io/v1\nkind: TracingConfiguration\nendpoint: %s\nsamplingRatePerMillion: 1000000\n", c.Address())
}
