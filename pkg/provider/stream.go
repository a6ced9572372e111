package provider

import "context"

// Streamer is a Client whose provider can tell of changes when they happen. A stream makes changes arrive sooner and proves
// nothing: what it does not tell may have changed as well. It carries no values.
type Streamer interface {
	// Channel tells by which stream the client's changes come; false while that is not known yet. Pure.
	Channel() (Channel, bool)
	// Stream listens to parts of the client's channel until ctx ends or the stream does, and returns why: never nil.
	// opened is called once, when the provider tells of changes from now on, heard for every change, both by the caller's
	// goroutine. Forbidden, Invalid and ScopeNotFound say that there is no stream to be had.
	Stream(ctx context.Context, parts []string, opened func(), heard func(Heard)) error
	// Touches tells whether what was heard may have changed what a scope shows. held is its picture, nil for none. Pure.
	Touches(h Heard, scope Scope, held Picture) bool
}

// Channel is a stream that clients can share.
type Channel struct {
	// ID is comparable. Clients with equal ones share a stream.
	ID any
	// Part is what of it the client needs.
	Part string
}

// Heard tells that something changed at a Path of a Part. What is empty is not known: it may be anywhere.
type Heard struct{ Part, Path string }
