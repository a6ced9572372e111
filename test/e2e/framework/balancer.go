package framework

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	// probeInterval is between two questions whether a replica is ready. A kubelet asks every few seconds, and takes as long to
	// hear that one is ready again.
	probeInterval = 200 * time.Millisecond
	probeTimeout  = time.Second
	// failureThreshold is how often in a row a replica has to fail, as with a kubelet by default.
	failureThreshold = 3
)

// balancer is what a Service with kube-proxy is: it gives new connections to replicas that are ready, in turn, and leaves those
// that are open alone. A replica whose process has ended has no connection any more.
type balancer struct {
	listener net.Listener
	backends func() (ports []int)
	prober   *http.Client
	cancel   context.CancelFunc
	running  sync.WaitGroup

	mu   sync.Mutex
	up   []int
	next int
}

// startBalancer begins to listen. ca checks the replicas' certificates.
func startBalancer(ca []byte, backends func() []int) (*balancer, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	ctx, cancel := context.WithCancel(context.Background())
	b := &balancer{listener: listener, backends: backends, cancel: cancel, prober: &http.Client{
		Timeout:   probeTimeout,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true},
	}}
	b.running.Go(func() { b.probe(ctx) })
	b.running.Go(func() { b.accept(ctx) })
	return b, nil
}

func (b *balancer) stop() error {
	b.cancel()
	err := b.listener.Close()
	b.running.Wait()
	return err
}

func (b *balancer) address() string { return b.listener.Addr().String() }

func (b *balancer) port() int { return b.listener.Addr().(*net.TCPAddr).Port }

func (b *balancer) ready() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.up)
}

// probe asks all replicas side by side: one that hangs must not keep the others from being seen.
func (b *balancer) probe(ctx context.Context) {
	ticker := time.NewTicker(probeInterval)
	defer ticker.Stop()
	failures := map[int]int{}
	for {
		ports := b.backends()
		answers := make([]bool, len(ports))
		var asking sync.WaitGroup
		for i, port := range ports {
			asking.Go(func() { answers[i] = b.isReady(ctx, port) })
		}
		asking.Wait()
		var up []int
		for i, port := range ports {
			n, isKnown := failures[port]
			switch {
			case answers[i]:
				n = 0
			case !isKnown:
				n = failureThreshold
			default:
				n++
			}
			if failures[port] = n; n < failureThreshold {
				up = append(up, port)
			}
		}
		b.mu.Lock()
		b.up = up
		b.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (b *balancer) isReady(ctx context.Context, port int) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://127.0.0.1:"+strconv.Itoa(port)+readyPath, http.NoBody)
	if err != nil {
		return false
	}
	response, err := b.prober.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

func (b *balancer) accept(ctx context.Context) {
	for {
		client, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.running.Go(func() { b.serve(ctx, client) })
	}
}

// serve passes bytes on in both directions until either side ends.
func (b *balancer) serve(ctx context.Context, client net.Conn) {
	defer client.Close()
	server := b.dial(ctx)
	if server == nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() { client.Close() })()
	ended := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		b.running.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			ended <- struct{}{}
		})
	}
	<-ended
}

// dial connects to the next replica that is ready and listens. One that does not listen has just ended: a cluster takes it out of
// the Service when its container ends.
func (b *balancer) dial(ctx context.Context) net.Conn {
	for range b.ready() {
		port, ok := b.choose()
		if !ok {
			return nil
		}
		server, err := (&net.Dialer{Timeout: probeTimeout}).DialContext(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			return server
		}
	}
	return nil
}

func (b *balancer) choose() (port int, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.up) == 0 {
		return 0, false
	}
	b.next++
	return b.up[b.next%len(b.up)], true
}
