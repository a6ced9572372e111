package source

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// Reader is on whose behalf something is read. The zero Reader is this server itself.
type Reader struct {
	// User of the API, by name. Where a site has a limit, one user may cause half of the requests that it has for callers.
	// This server itself, with no name, may cause all of them.
	User string
	// Namespaces tells whose need each is: what one namespace alone has a Source hold counts for that namespace. What it
	// does not name is nobody's in particular.
	Namespaces map[provider.Need]string
	// Loads bounds what is loaded for the Reader; nil for no bound.
	Loads *Allowance
}

// ErrAllowance is in the chain of the error of a need that the Reader's Allowance has nothing left for.
var ErrAllowance = errors.New("more than may be loaded for one request")

// Allowance is how many parts may be loaded for all reads that share it. What is held, or loaded for somebody else, takes
// nothing of it. It is safe for concurrent use.
type Allowance struct {
	most int
	left atomic.Int64
}

// NewAllowance makes an Allowance of so many parts.
func NewAllowance(most int) *Allowance {
	a := &Allowance{most: most}
	a.left.Store(int64(most))
	return a
}

// take takes n, or nothing where n is more than is left.
func (a *Allowance) take(n int) bool {
	if a == nil {
		return true
	}
	for {
		left := a.left.Load()
		if left < int64(n) {
			return false
		}
		if a.left.CompareAndSwap(left, left-int64(n)) {
			return true
		}
	}
}

func (a *Allowance) err() error {
	return &provider.Error{
		Reason:  provider.Unavailable,
		Message: fmt.Sprintf("not read from the provider: no more than %d items are for one dry run", a.most),
		Cause:   ErrAllowance,
	}
}

// InputsFor is Inputs on somebody's behalf.
func (src *Source) InputsFor(ctx context.Context, by Reader, needs []provider.Need, notBefore time.Time) provider.Inputs {
	r := newRead(needs, notBefore, causeNow)
	r.by = by
	in, _ := src.read(ctx, r)
	return in
}
