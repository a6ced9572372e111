package framework

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"k8s.io/client-go/rest"

	"github.com/live-secrets/external-secrets-apiserver/test/controlplane"
)

// Etcd is a client of an etcd, which can tell what was written to it.
type Etcd struct{ *clientv3.Client }

// Write is one change of a key.
type Write struct {
	Key     string
	Deleted bool
	// Revision is the resourceVersion of the object then.
	Revision int64
}

const etcdDialTimeout = time.Minute

// Etcd returns a client of the server's own etcd. The caller closes it.
func (s *Server) Etcd() (Etcd, error) {
	socket := filepath.Join(s.dataDir, "etcd.sock")
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{"unix://" + socket}, DialTimeout: etcdDialTimeout})
	if err != nil {
		return Etcd{}, fmt.Errorf("reaching the server's etcd: %w", err)
	}
	return Etcd{client}, nil
}

// HostEtcd returns a client of the control plane's etcd. The caller closes it.
func (e *Environment) HostEtcd() (Etcd, error) {
	url, files := e.ControlPlane.Etcd()
	return dialEtcd([]string{url}, files)
}

func dialEtcd(urls []string, files controlplane.TLSFiles) (Etcd, error) {
	config, err := rest.TLSConfigFor(&rest.Config{
		TLSClientConfig: rest.TLSClientConfig{CAFile: files.CA, CertFile: files.Cert, KeyFile: files.Key},
	})
	if err != nil {
		return Etcd{}, fmt.Errorf("reaching etcd: %w", err)
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: urls, TLS: config, DialTimeout: etcdDialTimeout})
	if err != nil {
		return Etcd{}, fmt.Errorf("reaching etcd: %w", err)
	}
	return Etcd{client}, nil
}

// Revision is the revision of the last write.
func (e Etcd) Revision(ctx context.Context) (int64, error) {
	answer, err := e.Get(ctx, "no-such-key", clientv3.WithCountOnly())
	if err != nil {
		return 0, fmt.Errorf("reading the revision of etcd: %w", err)
	}
	return answer.Header.Revision, nil
}

// heartbeats are the keys that are written while nothing happens: by processes that say that they live, and by the
// compaction of etcd.
var heartbeats = []string{"/registry/leases/", "/registry/peerserverleases/", "/registry/masterleases/", "compact_rev_key"}

func (w Write) isHeartbeat() bool {
	return slices.ContainsFunc(heartbeats, func(prefix string) bool { return strings.HasPrefix(w.Key, prefix) })
}

// Since returns the writes after a revision, oldest first, but for heartbeats. The revision must not be older than what
// compaction leaves: five minutes.
func (e Etcd) Since(ctx context.Context, revision int64) ([]Write, error) {
	now, err := e.Revision(ctx)
	if err != nil || now <= revision {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var writes []Write
	for answer := range e.Watch(ctx, "", clientv3.WithPrefix(), clientv3.WithRev(revision+1)) {
		if err := answer.Err(); err != nil {
			return nil, fmt.Errorf("reading the history of etcd: %w", err)
		}
		for _, event := range answer.Events {
			w := Write{Key: string(event.Kv.Key), Deleted: event.Type == clientv3.EventTypeDelete, Revision: event.Kv.ModRevision}
			if event.Kv.ModRevision <= now && !w.isHeartbeat() {
				writes = append(writes, w)
			}
		}
		if n := len(answer.Events); n > 0 && answer.Events[n-1].Kv.ModRevision >= now {
			return writes, nil
		}
	}
	return nil, fmt.Errorf("reading the history of etcd: %w", context.Cause(ctx))
}

// Calm waits until nothing but heartbeats has been written for a while.
func (e Etcd) Calm(ctx context.Context, while time.Duration) error {
	revision, err := e.Revision(ctx)
	for since := time.Now(); err == nil && time.Since(since) < while; {
		var writes []Write
		if err := sleep(ctx, while/10); err != nil {
			return err
		}
		if writes, err = e.Since(ctx, revision); err == nil && len(writes) > 0 {
			since = time.Now()
			revision, err = e.Revision(ctx)
		}
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
