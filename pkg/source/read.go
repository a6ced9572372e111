package source

import (
	"context"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// maxRounds bounds how often a read may find that still something is missing: scopes, the parts that their pictures name,
// what those name in turn. A provider needs three.
const maxRounds = 16

// mode is what a read may cause.
type mode int

const (
	// causeNow causes the revalidations that it needs.
	causeNow mode = iota
	// awaitPoll leaves them to the leader's polls where there are any.
	awaitPoll
	// onlyHeld causes nothing.
	onlyHeld
)

// read is one call of Inputs, Held or Prepare: what it asks for and how far it got.
type read struct {
	needs              []provider.Need
	notBefore, arrived time.Time
	mode               mode
	pins               map[provider.Scope]pin
	asks               []ask
	rounds             int
	// why is set once the read has to make do with what there is, and says why.
	why error
}

// ask is one need of a read.
type ask struct {
	need   provider.Need
	scopes []provider.Scope
	done   bool
	result provider.Result
	// proven is set where the absence of the need's key was seen in pictures far enough apart.
	proven bool
}

func newRead(needs []provider.Need, notBefore time.Time, m mode) *read {
	now := time.Now()
	if notBefore.After(now) {
		notBefore = now
	}
	return &read{needs: needs, notBefore: notBefore, arrived: now, mode: m}
}

// begin forgets how far the read got, for a Source that takes the place of another.
func (src *Source) begin(r *read) {
	r.pins = make(map[provider.Scope]pin, 1)
	r.asks = make([]ask, len(r.needs))
	known := src.watchedScopes()
	for i, n := range r.needs {
		scopes, err := src.client.scopes(n, known)
		r.asks[i] = ask{need: n, scopes: scopes}
		if err != nil {
			r.asks[i].done = true
			r.asks[i].result = provider.Result{Err: err}
		}
	}
}

// step settles what can be settled and starts what is missing for the rest. It returns what to wait for before the next
// step, nothing when all is settled.
func (src *Source) step(r *read) []*flight {
	r.rounds++
	if r.rounds > maxRounds {
		r.giveUp(errEndless())
	}
	waits, ready := src.pinAll(r)
	for _, a := range ready {
		waits = append(waits, src.look(r, a)...)
	}
	return waits
}

// giveUp makes the read answer from what is held.
func (r *read) giveUp(why error) {
	r.mode, r.why = onlyHeld, why
}

// pinAll returns the asks whose scopes are pinned, and what the others wait for.
func (src *Source) pinAll(r *read) (waits []*flight, ready []*ask) {
	now := time.Now()
	src.mu.Lock()
	defer src.unlock()
	for i := range r.asks {
		a := &r.asks[i]
		if a.done {
			continue
		}
		missing := src.pinLocked(r, a.scopes, now)
		if len(missing) == 0 {
			ready = append(ready, a)
		}
		waits = append(waits, missing...)
	}
	return waits, ready
}

// pinLocked pins scopes, or returns what to wait for.
func (src *Source) pinLocked(r *read, scopes []provider.Scope, now time.Time) (waits []*flight) {
	for _, id := range scopes {
		if _, ok := r.pins[id]; ok {
			continue
		}
		sc, err := src.scopeLocked(id)
		if err != nil {
			r.pins[id] = pin{err: err}
			continue
		}
		sc.used = now
		p, f := src.settleLocked(sc, r, now)
		if f != nil {
			waits = append(waits, f)
			continue
		}
		r.pins[id] = p
	}
	return waits
}

// settleLocked decides between what is known of a scope and waiting for a revalidation.
func (src *Source) settleLocked(sc *scope, r *read, now time.Time) (pin, *flight) {
	fresh := sc.picture != nil && !sc.began.Before(r.notBefore)
	failed := sc.failure != nil && !sc.failure.began.Before(r.notBefore)
	if fresh || failed || r.mode == onlyHeld {
		return sc.pinned(r.notBefore, r.why), nil
	}
	if r.mode == awaitPoll && src.breaker.cause == nil && src.isPolledLocked(sc) && (sc.picture != nil || sc.failure != nil) {
		if sc.current != nil && !sc.current.began.Before(r.notBefore) {
			return pin{}, sc.current
		}
		return pin{}, sc.nextLocked()
	}
	if bar := src.barredLocked(sc); bar != nil {
		src.probeLocked(sc, live, now)
		sc.barred = true
		if provider.ReasonOf(bar.err) == provider.Unauthenticated && sc.failure == nil {
			return pin{err: bar.err, observed: sc.began}, nil
		}
		return sc.pinned(r.notBefore, bar.err), nil
	}
	if sc.failure != nil && now.Before(sc.retryAt) && (sc.current == nil || sc.current.began.Before(r.notBefore)) {
		return sc.pinned(r.notBefore, nil), nil
	}
	if src.sources.life.over() {
		return sc.pinned(r.notBefore, errStopping()), nil
	}
	if err := src.pausedLocked(now); err != nil {
		return sc.pinned(r.notBefore, err), nil
	}
	if f := src.joinLocked(sc, r.notBefore, now); f != nil {
		return pin{}, f
	}
	return sc.pinned(r.notBefore, errNoBudget()), nil
}

// pinned is the best that is known of a scope: a picture that is new enough, else why there is none, else an older one.
// A provider that asks for fewer requests is no reason not to show the older one.
func (sc *scope) pinned(notBefore time.Time, otherwise error) pin {
	fails := sc.failure != nil && provider.ReasonOf(sc.failure.err) != provider.RateLimited
	switch {
	case sc.picture != nil && (!fails || !sc.began.Before(notBefore)):
		return pin{picture: sc.picture, observed: sc.began}
	case sc.failure != nil:
		return pin{err: sc.failure.err, observed: sc.began}
	case otherwise != nil:
		return pin{err: otherwise}
	default:
		return pin{err: provider.Errorf(provider.Unavailable, "%q was not read yet", sc.id.Name)}
	}
}

// look answers an ask whose scopes are pinned, or returns the parts that it waits for.
func (src *Source) look(r *read, a *ask) []*flight {
	for range maxRounds {
		v := view{src: src, read: r, scopes: a.scopes}
		answer, missing, err := src.client.lookup(a.need, &v)
		if err != nil || len(missing) == 0 || r.mode == onlyHeld {
			if err == nil && len(missing) > 0 {
				err = r.why
			}
			r.settle(a, answer, err, v.observed(err))
			return nil
		}
		if waits := src.needParts(r, missing); len(waits) > 0 {
			return waits
		}
	}
	r.settle(a, provider.Answer{}, errEndless(), time.Time{})
	return nil
}

func (src *Source) needParts(r *read, missing []provider.WantedPart) (waits []*flight) {
	now := time.Now()
	src.mu.Lock()
	defer src.unlock()
	for _, m := range missing {
		picture := r.pins[m.Scope].picture
		sc, err := src.scopeLocked(m.Scope)
		if err != nil || picture == nil {
			continue
		}
		if f := src.needPartLocked(sc, m.ID, picture, r.arrived, now); f != nil {
			waits = append(waits, f)
		}
	}
	return waits
}

func (r *read) settle(a *ask, answer provider.Answer, err error, observed time.Time) {
	a.done = true
	a.result = provider.Result{Answer: answer, Observed: observed, Late: r.isLate(observed)}
	if err != nil {
		a.result.Answer, a.result.Err = provider.Answer{}, err
	}
}

func (r *read) isLate(observed time.Time) bool {
	return !observed.IsZero() && observed.Before(r.notBefore)
}

// finish makes the Inputs of a read that is settled. It returns false where the Source has
// retired: what it shows is nobody's any more.
func (src *Source) finish(r *read) (provider.Inputs, bool) {
	results := make(map[provider.Need]provider.Result, len(r.asks))
	var oldest time.Time
	src.mu.Lock()
	defer src.unlock()
	if src.isRetired() {
		return provider.Inputs{}, false
	}
	for i := range r.asks {
		a := &r.asks[i]
		src.recordLocked(r, a)
		results[a.need] = a.result
		if at := a.result.Observed; !at.IsZero() && (oldest.IsZero() || at.Before(oldest)) {
			oldest = at
		}
	}
	if !oldest.IsZero() && r.mode != onlyHeld {
		age := time.Since(oldest)
		src.after = append(src.after, func() { src.sources.cfg.Metrics.ViewAge(src.client.name, age) })
	}
	return provider.NewInputs(results), true
}

func errEndless() error {
	return provider.Errorf(provider.Unavailable, "the provider's answer does not come to an end")
}

func errNoTime(cause error) error {
	return &provider.Error{Reason: provider.Unavailable, Message: "the provider did not answer in time", Cause: cause}
}

func errNoBudget() error {
	return provider.Errorf(provider.RateLimited, "this server's budget of requests to the provider is used up")
}

func errCrowded() error {
	return provider.Errorf(provider.Unavailable, "too many reads wait for the provider")
}

// settleRead takes steps until all is settled, the caller's time is over or the Source retired.
func (src *Source) settleRead(ctx context.Context, r *read, step func() []*flight) {
	seated := false
	for waits := step(); len(waits) > 0; waits = step() {
		if !seated {
			if seated = src.takeSeat(); !seated {
				r.giveUp(errCrowded())
				continue
			}
			defer src.giveSeat()
		}
		if err := src.wait(ctx, waits); err != nil {
			r.giveUp(errNoTime(err))
		}
		if src.isRetired() {
			return
		}
		if src.sources.life.over() {
			r.giveUp(errStopping())
		}
	}
}
