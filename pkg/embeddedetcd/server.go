// Package embeddedetcd runs one etcd member inside this process, for installations of one replica. It listens on a Unix
// socket in a directory that only this user may enter, and on nothing else.
package embeddedetcd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

const (
	// quotaBytes bounds the database: about a hundred thousand ExternalSecrets with their history.
	quotaBytes = 2 << 30
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
	// maxSocketPath is what a Unix socket's address holds on every supported system.
	maxSocketPath = 100
)

// Server is a running member.
type Server struct {
	etcd      *embed.Etcd
	endpoint  string
	socketDir string
	logLevel  zap.AtomicLevel
}

// Start runs a member whose data lives under dir, and returns when it serves. The caller has to Close it, after everything
// that uses it has stopped.
func Start(ctx context.Context, dir string) (*Server, error) {
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
	s.etcd, err = embed.StartEtcd(config(filepath.Join(dir, "etcd"), socket, logger))
	if err != nil {
		s.removeSocketDir()
		return nil, fmt.Errorf("start the embedded etcd in %s: %w", dir, err)
	}
	if err := s.awaitReady(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("start the embedded etcd in %s: %w", dir, err)
	}
	return s, nil
}

func config(dataDir, socket string, logger *zap.Logger) *embed.Config {
	cfg := embed.NewConfig()
	cfg.Name, cfg.Dir = "default", dataDir
	client := url.URL{Scheme: "unix", Path: socket}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	// A single member has no peers. The advertised address is part of its identity and is never dialled.
	cfg.ListenPeerUrls = nil
	cfg.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: "localhost:0"}}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.EnableGRPCGateway = false
	cfg.WatchProgressNotifyInterval = progressInterval
	cfg.QuotaBackendBytes = quotaBytes
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

// socketPath is beside the data where the path is short enough, else in a temporary directory of its own.
func (s *Server) socketPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the data directory: %w", err)
	}
	socket := filepath.Join(abs, "etcd.sock")
	if len(socket) > maxSocketPath {
		if s.socketDir, err = os.MkdirTemp("", "etcd-"); err != nil {
			return "", fmt.Errorf("make a directory for the etcd socket: %w", err)
		}
		socket = filepath.Join(s.socketDir, "etcd.sock")
	}
	// A process that was killed leaves its socket behind. The lock on the database keeps two processes apart, not this file.
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("remove the etcd socket of an earlier run: %w", err)
	}
	return socket, nil
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
	s.removeSocketDir()
}

func (s *Server) removeSocketDir() {
	if s.socketDir != "" {
		_ = os.RemoveAll(s.socketDir)
	}
}
