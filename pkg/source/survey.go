package source

import (
	"context"
	"sync"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// leg is one scope's part of a survey: its flight, which began with the survey.
type leg struct {
	sc     *scope
	flight *flight
	asked  provider.Asked
	rest   func(context.Context) (provider.Picture, error)
}

// surveyLocked polls a scope that is due together with all others of the Source that are polled, due or not, in one
// request. It returns false where that is not possible, or would save nothing.
func (src *Source) surveyLocked(sc *scope, now time.Time) bool {
	surveyor, ok := src.client.Client.(provider.Surveyor)
	if !ok || now.Before(src.surveyAt) || !src.surveyableLocked(sc, now) {
		return false
	}
	var legs []leg
	for id, sc := range src.scopes {
		if src.surveyableLocked(sc, now) {
			asked := provider.Asked{Scope: id, Held: sc.picture, Thorough: src.thoroughDueLocked(sc, now)}
			legs = append(legs, leg{sc: sc, flight: sc.nextLocked(), asked: asked})
		}
	}
	if len(legs) < 2 || !src.callLocked(func(ctx context.Context) { src.survey(ctx, surveyor, legs) }) {
		return false
	}
	// One time for all keeps them together.
	next := now.Add(src.sources.jittered())
	for _, l := range legs {
		l.flight.began = now
		l.sc.current, l.sc.next, l.sc.urgent, l.sc.cause = l.flight, nil, false, tracing.Span{}
		l.sc.thoroughFlight = l.asked.Thorough || l.asked.Held == nil
		l.sc.surveyed, l.sc.nextPoll = true, next
	}
	src.running++
	src.polling++
	return true
}

// surveyableLocked tells whether a scope can be polled with others. One that fails is polled alone: what its failure costs
// is its own.
func (src *Source) surveyableLocked(sc *scope, now time.Time) bool {
	polled := sc.wants > 0 || sc.next != nil
	return polled && sc.current == nil && !sc.queued && sc.failure == nil && !now.Before(sc.heldOff)
}

// survey asks what the scopes show, and goes on with those of which that is not enough.
func (src *Source) survey(ctx context.Context, surveyor provider.Surveyor, legs []leg) {
	asked := make([]provider.Asked, len(legs))
	for i, l := range legs {
		asked[i] = l.asked
	}
	var sights []provider.Sight
	o := src.client.call(ctx, Revalidate, payer{kind: poll}, func(ctx context.Context) (err error) {
		tracing.Of(ctx).Scopes(len(asked))
		sights, err = surveyor.Survey(ctx, asked)
		if err == nil && len(sights) != len(asked) {
			return provider.Errorf(provider.Unavailable, "the provider did not answer for every vault or folder")
		}
		return err
	})
	src.finishAll(o.span.Into(ctx), src.takeSights(legs, sights, o))

	src.mu.Lock()
	defer src.unlock()
	src.running--
	src.polling--
	signal(src.sources.wake)
}

// takeSights lands the legs that the survey has settled, and returns the others.
func (src *Source) takeSights(legs []leg, sights []provider.Sight, o outcome) (rest []leg) {
	src.mu.Lock()
	defer src.unlock()
	if o.failure != nil {
		src.surveyAt = time.Now().Add(thoroughEvery * src.sources.cfg.PollInterval)
	}
	if o.stopped || o.failure != nil && o.failure.ofAll() {
		for _, l := range legs {
			each := o
			if o.failure != nil {
				each.failure = &failure{err: o.failure.err, missed: o.failure.missed}
			}
			src.landLocked(l.sc, l.flight, shown{}, each)
		}
		return nil
	}
	blind := 0
	for i, l := range legs {
		switch {
		case o.failure != nil || sights[i].Blind():
			blind++
			rest = append(rest, l)
		case sights[i].Unchanged:
			src.landLocked(l.sc, l.flight, shown{picture: l.asked.Held, size: l.sc.size, same: true}, outcome{span: o.span})
		default:
			l.rest = sights[i].Rest
			rest = append(rest, l)
		}
	}
	if blind == len(legs) {
		// It would tell nothing the next time either.
		src.surveyAt = time.Now().Add(thoroughEvery * src.sources.cfg.PollInterval)
	}
	return rest
}

// ofAll tells a failure of the whole store from one that may be of one request alone.
func (f *failure) ofAll() bool {
	switch provider.ReasonOf(f.err) {
	case provider.Unauthenticated, provider.RateLimited:
		return true
	}
	return f.missed
}

// finishAll makes the calls that are left to do of a survey, as many at once as there may be polls, and returns when all
// have landed.
func (src *Source) finishAll(ctx context.Context, legs []leg) {
	var group sync.WaitGroup
	places := make(chan struct{}, src.sources.cfg.Limits.Polls)
	for _, l := range legs {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			src.finishLeg(ctx, l)
		})
	}
	group.Wait()
}

func (src *Source) finishLeg(ctx context.Context, l leg) {
	var s shown
	var o outcome
	if l.rest != nil {
		s, o = src.client.show(ctx, payer{kind: poll}, l.asked.Scope, l.asked.Held, l.rest)
	} else {
		s, o = src.client.revalidate(ctx, payer{kind: poll}, l.asked.Scope, l.asked.Held, l.asked.Thorough)
	}
	src.mu.Lock()
	defer src.unlock()
	src.landLocked(l.sc, l.flight, s, o)
}
