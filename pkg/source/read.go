package source

import (
	"context"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
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
	// by is who reads.
	by Reader
	// refused is why parts may not be loaded for this read.
	refused map[provider.WantedPart]error
	// away is why the read does not get what it came for; empty where it does.
	away Away
	// span is what its calls of the provider are recorded below.
	span tracing.Span
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
	r.refused = nil
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

// sendAway notes the first cause of several.
func (r *read) sendAway(why Away) {
	if r.away == "" {
		r.away = why
	}
}

// refuse keeps why a part may not be loaded.
func (r *read) refuse(p provider.WantedPart, err error) {
	if r.refused == nil {
		r.refused = map[provider.WantedPart]error{}
	}
	r.refused[p] = err
}

// look answers an ask whose scopes are pinned, or returns the parts that it waits for.
func (src *Source) look(r *read, a *ask) []*flight {
	for range maxRounds {
		v := view{src: src, read: r, need: a.need, scopes: a.scopes, stamp: noStamp}
		answer, missing, err := src.client.lookup(a.need, &v)
		if err != nil || len(missing) == 0 || r.mode == onlyHeld {
			if err == nil && len(missing) > 0 {
				err = r.why
			}
			r.settle(a, answer, err, &v)
			return nil
		}
		if waits := src.needParts(r, a.need, missing); len(waits) > 0 {
			return waits
		}
	}
	r.settle(a, provider.Answer{}, errEndless(), &view{})
	return nil
}

// needParts has the parts that one need lacks loaded and returns what to wait for. Why one may not be is kept for the read.
// Where the Reader's allowance is too small for all of them none is: a part of them would answer nothing.
func (src *Source) needParts(r *read, n provider.Need, missing []provider.WantedPart) (waits []*flight) {
	now := time.Now()
	src.mu.Lock()
	defer src.unlock()
	if !r.by.Loads.take(src.unheldLocked(missing, r, now)) {
		for _, m := range missing {
			r.refuse(m, r.by.Loads.err())
		}
		return nil
	}
	tenant := src.tenantLocked(r, n)
	for _, m := range missing {
		sc := src.scopes[m.Scope]
		if sc == nil || r.pins[m.Scope].picture == nil {
			continue
		}
		f, err := src.needPartLocked(sc, m.ID, r, tenant, now)
		if err != nil {
			r.refuse(m, err)
			r.sendAway(awayOf(err))
		}
		if f != nil {
			waits = append(waits, f)
		}
	}
	return waits
}

func (r *read) settle(a *ask, answer provider.Answer, err error, v *view) {
	observed := v.observed(err)
	a.done = true
	a.result = provider.Result{Answer: answer, Observed: observed, Late: r.isLate(observed), Stamp: v.stamp}
	if err != nil {
		a.result.Answer, a.result.Err, a.result.Stamp = provider.Answer{}, err, 0
	}
}

func (r *read) isLate(observed time.Time) bool {
	return !observed.IsZero() && observed.Before(r.notBefore)
}

// finish makes the Inputs of a read that is settled. It returns false where the Source has retired: what it shows is
// nobody's any more.
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
	if why := r.away; why != "" {
		src.after = append(src.after, func() { src.sources.cfg.Metrics.SentAway(src.client.name, why) })
	}
	return provider.NewInputs(results), true
}

// settleRead takes steps until all is settled, the caller's time is over or the Source retired.
func (src *Source) settleRead(ctx context.Context, r *read, step func() []*flight) {
	seated := false
	for waits := step(); len(waits) > 0; waits = step() {
		if !seated {
			if seated = src.takeSeat(r.by.User); !seated {
				r.sendAway(Crowded)
				r.giveUp(errCrowded())
				continue
			}
			defer src.giveSeat(r.by.User)
		}
		if err := src.waitTraced(ctx, waits); err != nil {
			r.sendAway(NoTime)
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
