package source

import (
	"context"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
	"github.com/live-secrets/external-secrets-apiserver/pkg/tracing"
)

// checkup is one call of Client.Check. It is guarded by Source.mu.
type checkup struct {
	began  time.Time
	err    error
	flight *flight
}

// Check tells whether the store can be used: its address answers and takes the credential. It asks the provider only where
// no revalidation has shown as much within the last poll interval; an answer of the provider's holds for one, too.
// The error is a *provider.Error; where ctx ended it wraps its cause.
func (src *Source) Check(ctx context.Context) error {
	for {
		current, err := src.following()
		if err != nil {
			return err
		}
		c, err := current.checkNow(tracing.Of(ctx))
		if c == nil {
			return err
		}
		if err := current.waitTraced(ctx, []*flight{c.flight}); err != nil {
			return errNoTime(err)
		}
		current.mu.Lock()
		err, retired := c.err, current.isRetired()
		current.mu.Unlock()
		if !retired {
			return err
		}
	}
}

// checkNow returns what to wait for, or what is known already.
func (src *Source) checkNow(caller tracing.Span) (*checkup, error) {
	now := time.Now()
	recent := now.Add(-src.sources.cfg.PollInterval)
	src.mu.Lock()
	defer src.unlock()
	c, cause := src.check, src.breaker.cause
	switch {
	case cause == nil && src.seen.After(recent.Add(-src.client.timeout)):
		// Polls begin an interval apart; the next one may still be on its way.
		return nil, nil
	case c != nil && !c.flight.ended():
		return c, nil
	case cause != nil && now.Before(src.breaker.nextProbe):
		return nil, cause.err
	case c != nil && c.began.After(recent) && (cause == nil || !c.began.Before(cause.began)):
		return c, nil
	}
	if err := src.site.takeLive("", now); err != nil {
		return nil, err
	}
	c = &checkup{began: now, flight: newFlight()}
	ok := src.callLocked(func(ctx context.Context) {
		o := src.client.call(caller.Into(ctx), Check, payer{}, src.client.Check)
		src.mu.Lock()
		defer src.unlock()
		c.flight.span = o.span
		defer src.endLocked(c.flight)
		now := time.Now()
		switch {
		case o.stopped:
			c.err = errStopping()
		case o.failure != nil:
			c.err = o.failure.err
			src.tripLocked(o.failure, now)
		default:
			src.answeredLocked(now)
		}
	})
	if !ok {
		return nil, errStopping()
	}
	src.check = c
	return c, nil
}

// Listing is the keys that a store can see.
type Listing struct {
	Keys []provider.RemoteKey
	// Observed is when the oldest revalidation that the listing rests on began; Late says that this is earlier than was
	// asked for.
	Observed time.Time
	Late     bool
}

// Keys lists what the store can see, from pictures that began at or after notBefore as Inputs has them.
func (src *Source) Keys(ctx context.Context, by Reader, notBefore time.Time) (Listing, error) {
	for {
		current, err := src.following()
		if err != nil {
			return Listing{}, err
		}
		r := newRead(nil, notBefore, causeNow)
		r.by, r.pins = by, map[provider.Scope]pin{}
		ctx := current.beginRead(ctx, r)
		scopes := current.client.ListScopes()
		current.settleRead(ctx, r, func() []*flight {
			now := time.Now()
			current.mu.Lock()
			defer current.unlock()
			r.rounds++
			if r.rounds > maxRounds {
				r.giveUp(errEndless())
			}
			return current.pinLocked(r, scopes, current.store.Namespace, now)
		})
		v := &view{src: current, read: r, scopes: scopes}
		keys, err := current.client.list(v)
		endRead(r)
		if current.isRetired() {
			continue
		}
		at := v.observed(err)
		return Listing{Keys: keys, Observed: at, Late: r.isLate(at)}, err
	}
}
