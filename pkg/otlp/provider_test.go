package otlp_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	tracingapi "k8s.io/component-base/tracing/api/v1"
	"k8s.io/utils/ptr"

	"github.com/live-secrets/external-secrets-apiserver/pkg/otlp"
	"github.com/live-secrets/external-secrets-apiserver/test/collector"
)

func start(t *testing.T, address string, perMillion *int32) (*otlp.Provider, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	config := &tracingapi.TracingConfiguration{Endpoint: &address, SamplingRatePerMillion: perMillion}
	service := otlp.Service{Name: "external-secrets-apiserver", Version: "v1", Instance: "one"}
	provider, err := otlp.Start(t.Context(), config, service, slog.New(slog.NewTextHandler(log, nil)))
	require.NoError(t, err)
	return provider, log
}

// span makes n spans, and fails where one of them has to wait.
func span(t *testing.T, p *otlp.Provider, n int) {
	t.Helper()
	made := make(chan struct{})
	go func() {
		defer close(made)
		for range n {
			_, s := p.Tracer("test").Start(context.Background(), "span")
			s.End()
		}
	}()
	select {
	case <-made:
	case <-time.After(time.Minute):
		t.Fatal("a span waits for a collector")
	}
}

// shutDown fails where a shutdown does not end.
func shutDown(t *testing.T, p *otlp.Provider) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- p.Shutdown(context.Background()) }()
	select {
	case err := <-ended:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		t.Fatal("a shutdown waits for a collector")
	}
}

func running(t *testing.T) *collector.Collector {
	t.Helper()
	c, err := collector.Start()
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestSpansAreDelivered(t *testing.T) {
	c := running(t)
	p, log := start(t, c.Address(), ptr.To[int32](1_000_000))
	span(t, p, 3)
	shutDown(t, p)
	require.Len(t, c.Spans(), 3)
	require.Equal(t, "external-secrets-apiserver", c.Spans()[0].Service)
	require.Empty(t, log.String())
}

func TestNothingIsSampledUnasked(t *testing.T) {
	c := running(t)
	p, _ := start(t, c.Address(), nil)
	span(t, p, 3)
	shutDown(t, p)
	require.Empty(t, c.Spans())
}

// What is lost is said once, and not for each batch.
func TestACollectorThatIsAwayHoldsNobodyUp(t *testing.T) {
	c := running(t)
	address := c.Address()
	c.Close()
	p, log := start(t, address, ptr.To[int32](1_000_000))
	for range 3 {
		span(t, p, 5000)
		require.NoError(t, p.ForceFlush(t.Context()))
	}
	shutDown(t, p)
	require.Equal(t, 1, strings.Count(log.String(), "Traces are not delivered"), log.String())
}

func TestACollectorThatHangsHoldsNobodyUp(t *testing.T) {
	c := running(t)
	c.Hang(true)
	p, _ := start(t, c.Address(), ptr.To[int32](1_000_000))
	span(t, p, 20000)
	shutDown(t, p)
	require.Empty(t, c.Spans())
}

func TestACollectorThatComesBack(t *testing.T) {
	c := running(t)
	p, log := start(t, c.Address(), ptr.To[int32](1_000_000))
	c.Hang(true)
	span(t, p, 1)
	// It ends with the time for one batch.
	require.NoError(t, p.ForceFlush(t.Context()))
	require.Contains(t, log.String(), "Traces are not delivered")
	c.Hang(false)
	span(t, p, 1)
	require.NoError(t, p.ForceFlush(t.Context()))
	require.Contains(t, log.String(), "Traces are delivered again")
	shutDown(t, p)
}
