//go:build unix

package coredump

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// limit sets the size of a core dump to nothing, and the hard limit too: it cannot be raised again.
func limit() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("set the limit of core dumps to zero: %w", err)
	}
	return nil
}
