package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"k8s.io/apiserver/pkg/server/healthz"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/klog/v2"

	"github.com/live-secrets/external-secrets-apiserver/pkg/fence"
)

// metricsTimeout bounds a scrape over plain HTTP.
const metricsTimeout = 30 * time.Second

// background owns what runs beside the API: the watches of the host and of this server itself, the Sources, the
// materializer, the plain metrics listener. It waits for all of it.
type background struct {
	parts        *components
	fence        *fence.Fence
	materializer writer
	metrics      *http.Server
	metricsAddr  string

	// shared is for what reads need too, until the API has drained; writing ends before that.
	shared, writing task
}

// writer writes Secrets until ctx ends: the materializer.
type writer interface {
	Run(ctx context.Context) error
	HasLeader() bool
}

func newBackground(parts *components, guard *fence.Fence, extra Extra) (*background, error) {
	secrets, err := newMaterializer(parts, extra)
	if err != nil {
		return nil, err
	}
	parts.metrics.WatchQueue(secrets.Queued)
	parts.metrics.WatchFence(func() (closed, disagrees bool) {
		closure := guard.Closed()
		return closure != nil, closure != nil && closure.Disagrees
	})
	b := &background{parts: parts, fence: guard, materializer: secrets, metricsAddr: extra.MetricsBindAddress}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", legacyregistry.Handler())
	b.metrics = &http.Server{Handler: mux, ReadHeaderTimeout: metricsTimeout, WriteTimeout: metricsTimeout}
	return b, nil
}

// HasLeader tells whether some replica writes Secrets.
func (b *background) HasLeader() bool { return b.materializer.HasLeader() }

// start begins what reads need. It fails only where an address cannot be bound.
func (b *background) start() error {
	// What /metrics of the generic server shows is one registry for the whole process.
	legacyregistry.RawMustRegister(b.parts.metrics)
	if b.metricsAddr != "" {
		listener, err := net.Listen("tcp", b.metricsAddr)
		if err != nil {
			return fmt.Errorf("listen for metrics: %w", err)
		}
		b.shared.run(func(ctx context.Context) { b.serveMetrics(ctx, listener) })
	}
	b.shared.run(b.parts.host.Run)
	b.shared.run(b.fence.Run)
	b.shared.run(func(ctx context.Context) {
		if err := b.parts.sources.Run(ctx); err != nil && ctx.Err() == nil {
			klog.ErrorS(err, "Sources stopped")
		}
	})
	return nil
}

// watchSelf begins to watch this server itself, which has to serve by then, as soon as the fence is open.
func (b *background) watchSelf() {
	b.shared.run(func(ctx context.Context) {
		if !b.fence.Await(ctx) {
			return
		}
		b.parts.informers.Start(ctx.Done())
		<-ctx.Done()
		b.parts.informers.Shutdown()
	})
}

func (b *background) startMaterializer() {
	b.writing.run(func(ctx context.Context) {
		if !b.fence.Await(ctx) {
			return
		}
		if err := b.materializer.Run(ctx); err != nil && ctx.Err() == nil {
			klog.ErrorS(err, "The materializer stopped")
		}
	})
}

func (b *background) stopMaterializer() { b.writing.stop() }

// stop ends everything and waits for it.
func (b *background) stop() {
	b.writing.stop()
	b.shared.stop()
}

func (b *background) serveMetrics(ctx context.Context, listener net.Listener) {
	stop := context.AfterFunc(ctx, func() { _ = b.metrics.Close() })
	defer stop()
	if err := b.metrics.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		klog.ErrorS(err, "The metrics listener stopped")
	}
}

// readiness is what a live read needs beyond storage. Providers are no part of it: a replica that cannot reach one serves
// stored objects all the same.
func (b *background) readiness() []healthz.HealthChecker {
	return []healthz.HealthChecker{
		healthz.NamedCheck("host-caches", func(*http.Request) error {
			if !b.parts.host.HasSynced() {
				return errors.New("the host's Secrets, ConfigMaps and namespaces have not been read yet")
			}
			return nil
		}),
		b.fence.Check(),
		healthz.NamedCheck("store-caches", func(*http.Request) error {
			// A server whose store disagrees has nothing to read, and says so by the fence.
			if closure := b.fence.Closed(); closure != nil && closure.Disagrees {
				return nil
			}
			if !b.parts.stores.HasSynced() {
				return errors.New("the stores have not been read yet")
			}
			return nil
		}),
	}
}

// task is a group of goroutines that end together. The zero task is ready to use; it is used once.
type task struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// run starts f with a context that stop ends. After stop it does nothing.
func (t *task) run(f func(context.Context)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx == nil {
		t.ctx, t.cancel = context.WithCancel(context.Background())
	}
	if t.ctx.Err() != nil {
		return
	}
	t.wg.Go(func() { f(t.ctx) })
}

// stop ends what run started, and waits.
func (t *task) stop() {
	t.mu.Lock()
	if t.ctx == nil {
		t.ctx, t.cancel = context.WithCancel(context.Background())
	}
	t.cancel()
	t.mu.Unlock()
	t.wg.Wait()
}
