package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile waits for the exclusive lock on path, which is created when it is not
// there. The kernel gives the lock back when its holder dies.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	err = poll(ctx, func(context.Context) error {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != nil && !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return permanent{err}
		}
		return err
	})
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("waiting for the lock %s: %w", path, err)
	}
	return func() { file.Close() }, nil
}
