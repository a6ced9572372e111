// Package embeddedetcd runs one etcd member inside this process, for installations of one replica. It listens on a Unix
// socket in a directory that only this user may enter, and on nothing else.
package embeddedetcd

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

const (
	// memberName is the name of the only member in its cluster.
	memberName = "default"
	// DefaultQuotaBytes bounds the database: about a hundred thousand ExternalSecrets with their history.
	DefaultQuotaBytes = 2 << 30
	// progressInterval is how often watches are told how far they are. Consistent reads from the watch cache wait for it.
	progressInterval = 5 * time.Second
	// snapshotCount is how many writes a start may have to read again from the write-ahead log, into memory.
	snapshotCount = 1000
	// catchUpEntries is how many writes stay in memory for followers that lag behind. There are none.
	catchUpEntries = 100
	// emptyMegabytes is how much of the database may be empty at a start before it is written anew, without what is compacted:
	// all of the file is mapped, and read into memory.
	emptyMegabytes = 32
	// readyTimeout covers the replay of a write-ahead log after a hard stop on a slow disk.
	readyTimeout = 60 * time.Second
)

// Server is a running member.
type Server struct {
	etcd      *embed.Etcd
	endpoint  string
	socketDir string // empty where the socket is beside the data
	link      string // to a socket that is elsewhere
	logLevel  zap.AtomicLevel
}

// An Option changes how a member runs.
type Option func(*embed.Config)

// Quota bounds the database in bytes; it is DefaultQuotaBytes otherwise. Beyond it the member refuses to write.
func Quota(bytes int64) Option {
	return func(cfg *embed.Config) { cfg.QuotaBackendBytes = bytes }
}

// Start runs a member whose data lives under dir, and returns when it serves. The caller has to Close it, after everything
// that uses it has stopped.
func Start(ctx context.Context, dir string, options ...Option) (*Server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	s := &Server{logLevel: zap.NewAtomicLevelAt(zap.ErrorLevel)}
	logger, err := newLogger(s.logLevel)
	if err != nil {
		return nil, fmt.Errorf("set up the log of the embedded etcd: %w", err)
	}
	socket, err := s.socketPath(dir)
	if err != nil {
		return nil, err
	}
	s.endpoint = "unix://" + socket
	cfg := config(dataDir(dir), socket, logger)
	for _, apply := range options {
		apply(cfg)
	}
	s.etcd, err = embed.StartEtcd(cfg)
	if err != nil {
		s.removeSocket()
		return nil, fmt.Errorf("start the embedded etcd in %s: %w", dir, err)
	}
	if err := s.awaitReady(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("start the embedded etcd in %s: %w", dir, err)
	}
	return s, nil
}

// dataDir is where etcd's own files are.
func dataDir(dir string) string { return filepath.Join(dir, "etcd") }

// peer is advertised by the only member there is. It is part of the member's identity and is never dialled.
func peer() url.URL { return url.URL{Scheme: "http", Host: "localhost:0"} }

func config(dataDir, socket string, logger *zap.Logger) *embed.Config {
	cfg := embed.NewConfig()
	cfg.Name, cfg.Dir = memberName, dataDir
	client := url.URL{Scheme: "unix", Path: socket}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	cfg.ListenPeerUrls = nil
	cfg.AdvertisePeerUrls = []url.URL{peer()}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.EnableGRPCGateway = false
	cfg.WatchProgressNotifyInterval = progressInterval
	cfg.QuotaBackendBytes = DefaultQuotaBytes
	cfg.SnapshotCount, cfg.SnapshotCatchUpEntries = snapshotCount, catchUpEntries
	cfg.BootstrapDefragThresholdMegabytes = emptyMegabytes
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(logger)
	return cfg
}

// newLogger writes etcd's errors to standard error as etcd itself would, from a level that can be raised: closing a member
// that serves logs errors about the listeners that it closes itself.
func newLogger(level zap.AtomicLevel) (*zap.Logger, error) {
	cfg := zap.NewProductionConfig()
	cfg.Level = level
	cfg.DisableStacktrace = true
	return cfg.Build()
}

func (s *Server) awaitReady(ctx context.Context) error {
	select {
	case <-s.etcd.Server.ReadyNotify():
		return nil
	case err := <-s.etcd.Err():
		return err
	case <-time.After(readyTimeout):
		return fmt.Errorf("not ready after %s", readyTimeout)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Endpoint is the address that clients dial.
func (s *Server) Endpoint() string { return s.endpoint }

// Err reports what ended the member while it should be running.
func (s *Server) Err() <-chan error { return s.etcd.Err() }

// Close stops the member and waits until it has let go of its data.
func (s *Server) Close() {
	s.logLevel.SetLevel(zap.FatalLevel)
	s.etcd.Close()
	s.removeSocket()
}
