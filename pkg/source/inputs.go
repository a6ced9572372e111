package source

import (
	"context"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// Inputs answers needs from pictures whose revalidation began at or after notBefore, and waits for them. What cannot be
// had is said in the Result of the need that it concerns:
//
//   - A scope that fails gives an error. Observed is when the scope was last read well, zero where it never was.
//   - Where there is no failure but no answer either (ctx ended, too many wait, the budget is used up, another scope has
//     just missed its deadline), the picture that is held answers with Late set; where none is, an Unavailable error, or a
//     RateLimited one. Where ctx ended, the error wraps its cause.
//
// A notBefore that lies in the future stands for now. The needs of one call are answered from one picture of each scope.
func (src *Source) Inputs(ctx context.Context, needs []provider.Need, notBefore time.Time) provider.Inputs {
	in, _ := src.read(ctx, newRead(needs, notBefore, causeNow))
	return in
}

// Held answers needs from what is held, however old, and never waits or asks anybody. Late is not set: nothing was asked
// for. What was never read, or not in full, is an Unavailable error.
func (src *Source) Held(needs []provider.Need) provider.Inputs {
	r := newRead(needs, time.Time{}, onlyHeld)
	r.giveUp(provider.Errorf(provider.Unavailable, "this was not read from the provider yet"))
	in, _ := src.read(context.Background(), r)
	return in
}

// read also returns which Source answered; nil where the store is gone.
func (src *Source) read(ctx context.Context, r *read) (provider.Inputs, *Source) {
	mode, why := r.mode, r.why
	ctx = src.beginRead(ctx, r)
	defer endRead(r)
	for {
		current, err := src.following()
		if err != nil {
			return provider.FailedInputs(r.needs, err), nil
		}
		r.mode, r.why, r.rounds = mode, why, 0
		current.begin(r)
		current.settleRead(ctx, r, func() []*flight { return current.step(r) })
		if in, ok := current.finish(r); ok {
			return in, current
		}
	}
}

// Urgency says when Prepare causes revalidations.
type Urgency int

const (
	// Now causes them at once.
	Now Urgency = iota
	// NextPoll leaves them to the polls, where this process leads and owners want the scopes. What was never read is
	// read at once.
	NextPoll
)

// Prepare is Inputs for those who do not wait: it calls ready once, when Inputs with the same needs and notBefore answers
// at once, from this call or from a goroutine of the Sources, which ready must not hold up. Where Run ends first it may
// not be called at all. Unlike callers of Inputs, any number may be prepared for. Who prepares should Want the needs too:
// what takes longer to gather than a few polls is not kept otherwise. Of ctx nothing counts but the span that is in it.
func (src *Source) Prepare(ctx context.Context, needs []provider.Need, notBefore time.Time, urgency Urgency, ready func()) {
	m := causeNow
	if urgency == NextPoll {
		m = awaitPoll
	}
	r := newRead(needs, notBefore, m)
	r.span = tracing.Of(ctx)
	current, err := src.following()
	if err != nil {
		ready()
		return
	}
	current.begin(r)
	current.advance(r, current.step(r), ready)
}

// advance takes steps until it has to wait, and goes on when the wait is over.
func (src *Source) advance(r *read, waits []*flight, ready func()) {
	for {
		if src.isRetired() {
			src.restart(r, ready)
			return
		}
		if len(waits) == 0 {
			waits = src.step(r)
			if len(waits) == 0 {
				ready()
				return
			}
		}
		f := waits[0]
		if src.park(f, func() { src.advance(r, waits, ready) }) {
			return
		}
		waits = waits[1:]
	}
}

// restart goes on with the Source that took the place of this one.
func (src *Source) restart(r *read, ready func()) {
	current, err := src.following()
	if err != nil {
		ready()
		return
	}
	r.rounds = 0
	current.begin(r)
	current.advance(r, nil, ready)
}
