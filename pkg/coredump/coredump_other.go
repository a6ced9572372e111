//go:build unix && !linux

package coredump

// Disable makes the system write no core dump of this process, for as long as it lives.
func Disable() error { return limit() }
