// Package coredump keeps this process from leaving its memory behind: a core dump of a process that holds secret values is a
// file with all of them, on a node's disk or wherever the node sends it.
package coredump
