package source

import (
	"context"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Reader is on whose behalf something is read. The zero Reader is this server itself.
type Reader struct {
	// User of the API, by name. Where a site has a limit, one user may cause half of the requests that it has for callers.
	// This server itself, with no name, may cause all of them.
	User string
}

// InputsFor is Inputs on somebody's behalf.
func (src *Source) InputsFor(ctx context.Context, by Reader, needs []provider.Need, notBefore time.Time) provider.Inputs {
	r := newRead(needs, notBefore, causeNow)
	r.by = by
	in, _ := src.read(ctx, r)
	return in
}
