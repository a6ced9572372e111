// Package stack spares goroutines that live for one request from growing their stacks step by step.
package stack

// room is how much of a stack is made sure of: what a write takes on its way through the handlers of an API server.
const room = 24 << 10

// Grow makes room on the stack of the goroutine, to be called near its beginning. A stack starts with a few KiB and is doubled
// when it is full, and to copy it is to go through every frame on it: below a hundred frames of handlers, several times for each
// request. Here there are few frames, and it is done once.
//
//go:noinline
func Grow() {
	var frame [room]byte
	touch(&frame)
}

// touch has frame be a part of the stack that the compiler does not leave out.
//
//go:noinline
func touch(frame *[room]byte) { frame[0] = 1 }
