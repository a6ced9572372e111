package embeddedetcd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

const (
	socketName = "etcd.sock"
	// maxSocketPath is what a Unix socket's address holds on every supported system.
	maxSocketPath = 100
)

// ErrNotRunning is the error of asking for the member of a directory that no process serves.
var ErrNotRunning = errors.New("no server runs on this data directory")

// socketPath is beside the data where the path is short enough, else in a temporary directory of its own that a link beside
// the data leads to.
func (s *Server) socketPath(dir string) (string, error) {
	socket, err := socketBeside(dir)
	if err != nil {
		return "", err
	}
	// A process that was killed leaves its socket behind. The lock on the database keeps two processes apart, not this file.
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("remove the etcd socket of an earlier run: %w", err)
	}
	if len(socket) <= maxSocketPath {
		return socket, nil
	}
	if s.socketDir, err = os.MkdirTemp("", "etcd-"); err != nil {
		return "", fmt.Errorf("make a directory for the etcd socket: %w", err)
	}
	s.link, socket = socket, filepath.Join(s.socketDir, socketName)
	if err := os.Symlink(socket, s.link); err != nil {
		s.removeSocket()
		return "", fmt.Errorf("link to the etcd socket: %w", err)
	}
	return socket, nil
}

func (s *Server) removeSocket() {
	if s.socketDir != "" {
		_ = os.RemoveAll(s.socketDir)
		_ = os.Remove(s.link)
	}
}

func socketBeside(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the data directory: %w", err)
	}
	return filepath.Join(abs, socketName), nil
}

// Find is the endpoint of the member that another process runs on dir. It is ErrNotRunning where nobody answers there.
func Find(ctx context.Context, dir string) (endpoint string, err error) {
	socket, err := socketBeside(dir)
	if err != nil {
		return "", err
	}
	if elsewhere, err := os.Readlink(socket); err == nil {
		socket = elsewhere
	}
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "unix", socket)
	if errors.Is(err, os.ErrPermission) {
		return "", fmt.Errorf("reach the server of %s: %w", dir, err)
	}
	if err != nil {
		return "", fmt.Errorf("%w: %s", ErrNotRunning, dir)
	}
	_ = connection.Close()
	return "unix://" + socket, nil
}
