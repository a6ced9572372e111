package replicas

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/live-secrets/external-secrets-apiserver/pkg/generated/clientset/versioned"
)

// pause is between two requests of one reader.
const pause = 20 * time.Millisecond

// readers read all the time, none of them more than one thing at once, and try nothing twice.
type readers struct {
	stop    context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex
	reads    map[string]int
	failures []failure
}

// failure is a read that was not answered.
type failure struct {
	reader string
	began  time.Time
	err    error
}

// startReaders has the ExternalSecrets of an app read live: through kube-apiserver, and past it with connections of their own, so
// that every replica is asked.
func startReaders(t *testing.T, a *app) *readers {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r := &readers{stop: stop, reads: map[string]int{}}
	through := env.ControlPlane.RESTConfig()
	for reader, config := range map[string]*rest.Config{
		"through kube-apiserver": through, "directly": env.Replicas.Config(t, "admin", "system:masters"),
	} {
		client, err := versioned.NewForConfig(config)
		require.NoError(t, err)
		asked := func() *rest.Request {
			return client.ExternalSecretsV1().RESTClient().Get().MaxRetries(0).Namespace(a.namespace).Resource("externalsecrets")
		}
		r.read(ctx, "GET "+reader, func(ctx context.Context) error { return asked().Name(a.name(0)).Do(ctx).Error() })
		r.read(ctx, "LIST "+reader, func(ctx context.Context) error { return asked().Do(ctx).Error() })
		r.read(ctx, "cached LIST "+reader, func(ctx context.Context) error {
			return asked().Param("resourceVersion", "0").Do(ctx).Error()
		})
	}
	for i := range count {
		config := env.Replicas.Config(t, "admin", "system:masters")
		// A transport of its own: else clients of equal configurations share one, and with it a connection.
		config.UserAgent = fmt.Sprintf("reader-%d", i)
		config.Dial = ownDial()
		client, err := versioned.NewForConfig(config)
		require.NoError(t, err)
		objects := client.ExternalSecretsV1().RESTClient()
		r.read(ctx, fmt.Sprintf("GET with connection %d", i), func(ctx context.Context) error {
			return objects.Get().MaxRetries(0).Namespace(a.namespace).Resource("externalsecrets").Name(a.name(1)).Do(ctx).Error()
		})
	}
	t.Cleanup(func() { r.end() })
	r.progress(t)
	return r
}

func (r *readers) read(ctx context.Context, reader string, once func(context.Context) error) {
	r.mu.Lock()
	r.reads[reader] = 0
	r.mu.Unlock()
	r.running.Go(func() {
		for ctx.Err() == nil {
			began := time.Now()
			err := once(ctx)
			if ctx.Err() != nil {
				return
			}
			r.mu.Lock()
			r.reads[reader]++
			if err != nil {
				r.failures = append(r.failures, failure{reader, began, err})
			}
			r.mu.Unlock()
			time.Sleep(pause)
		}
	})
}

// progress waits until every reader has been answered once more, and began that after progress was called.
func (r *readers) progress(t *testing.T) {
	t.Helper()
	before := r.counts()
	require.Eventually(t, func() bool {
		now := r.counts()
		for reader, n := range before {
			if now[reader] < n+2 {
				return false
			}
		}
		return true
	}, time.Minute, pause, "reads so far: %v", before)
}

func (r *readers) counts() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	counts := map[string]int{}
	for reader, n := range r.reads {
		counts[reader] = n
	}
	return counts
}

// end stops all of them.
func (r *readers) end() {
	r.stop()
	r.running.Wait()
}

// noneFailed ends the load and requires that every read was answered.
func (r *readers) noneFailed(t *testing.T) {
	t.Helper()
	r.end()
	total := 0
	for reader, n := range r.counts() {
		require.Positive(t, n, reader)
		total += n
	}
	t.Logf("%d reads", total)
	for _, f := range r.failures {
		t.Errorf("%s at %s: %v", f.reader, f.began.Format(time.StampMilli), f.err)
	}
}

// onlyInFlightFailed ends the load and requires that no read failed but those that were under way on a process while it was
// killed: they began before it was gone, and had it accept a connection maybe with its last breath. One of each reader may have begun
// after that, on a connection whose end was not noticed yet; over is when a later read was answered on each path.
func (r *readers) onlyInFlightFailed(t *testing.T, gone, over time.Time) {
	t.Helper()
	r.end()
	failed := map[string]int{}
	for _, f := range r.failures {
		t.Logf("in flight: %s, %s before the process was gone: %v", f.reader, gone.Sub(f.began).Round(time.Millisecond), f.err)
		if f.began.Before(gone) {
			continue
		}
		failed[f.reader]++
		if failed[f.reader] > 1 || f.began.After(over) {
			t.Errorf("%s failed %d times, at last at %s: %v", f.reader, failed[f.reader], f.began.Format(time.StampMilli), f.err)
		}
	}
	total := 0
	for _, n := range r.counts() {
		total += n
	}
	t.Logf("%d reads, %d failed in flight", total, len(r.failures))
}
