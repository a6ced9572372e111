package coredump

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Disable makes the kernel write no core dump of this process, for as long as it lives.
//
// The limit alone would not do: where a node hands core dumps to a program (kernel.core_pattern begins with a bar, as systemd
// and apport have it), the kernel hands over the dump of a process whose limit is zero as well. A process that is not dumpable
// has none to hand over; other processes of its user may no longer attach to it, nor read its memory and environment below
// /proc, which is as it should be. What the process reads of itself there it reads as before.
func Disable() error {
	if err := limit(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("make the process not dumpable: %w", err)
	}
	return nil
}
