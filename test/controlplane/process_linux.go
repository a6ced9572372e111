package controlplane

import "syscall"

// childAttributes has the kernel kill a child whose parent is gone, and puts it
// into a process group of its own: an interrupt typed at a terminal reaches the
// parent alone, which then stops its children in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
