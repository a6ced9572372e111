//go:build !linux

package controlplane

import "syscall"

// childAttributes leaves a child in its parent's process group, so that an
// interrupt typed at a terminal reaches it even when the parent is gone.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{}
}
