package source

import (
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// failure is how a revalidation or another call of the provider ended.
type failure struct {
	err   error
	began time.Time
	// missed is set where it ended because its deadline was over.
	missed bool
}

// breaker stands between callers and a provider that hangs or refuses the credential. While it is open nobody waits and
// nothing is asked but one probe at a time, at most one per poll interval; any answer closes it.
type breaker struct {
	// cause is the last failure while the breaker is open, and nil while it is closed; since is when the first began.
	cause     *failure
	since     time.Time
	nextProbe time.Time
	probing   bool
}

// tripLocked opens the breaker if f says something about the whole Source: nothing answered since f's call began.
func (src *Source) tripLocked(f *failure, now time.Time) {
	refused := provider.ReasonOf(f.err) == provider.Unauthenticated
	if !f.missed && !refused || src.answered.After(f.began) {
		return
	}
	if src.breaker.cause == nil {
		reason, message := provider.ReasonOf(f.err), f.err.Error()
		src.after = append(src.after, func() {
			src.client.log.Warn("Breaker opened: nobody waits for the provider of this store", "reason", reason, "message", message)
		})
		src.breaker.since = f.began
		// After a missed deadline the next caller of another scope sends the first probe at once: perhaps only this one
		// hangs. A credential is refused for all of them.
		src.breaker.nextProbe = now
		if refused {
			src.breaker.nextProbe = now.Add(src.sources.jittered())
		}
	}
	src.breaker.cause = f
	src.drainLocked(f)
}

// Barred tells why nobody waits for this Source at present: it missed a deadline or refused the credential, and has not
// answered since. It is nil while the Source answers.
func (src *Source) Barred() error {
	src, err := src.following()
	if err != nil {
		return err
	}
	src.mu.Lock()
	defer src.mu.Unlock()
	if cause := src.breaker.cause; cause != nil {
		return cause.err
	}
	return nil
}

// answeredLocked closes the breaker.
func (src *Source) answeredLocked(now time.Time) {
	src.answered = now
	if src.breaker.cause == nil {
		return
	}
	src.breaker.cause = nil
	src.after = append(src.after, func() { src.client.log.Info("Breaker closed: the provider answers again") })
}

// barredLocked tells why nobody may wait for the scope; nil where a caller may.
func (src *Source) barredLocked(sc *scope) *failure {
	if src.breaker.cause != nil {
		return src.breaker.cause
	}
	if sc.failure != nil && sc.failure.missed {
		return sc.failure
	}
	return nil
}

// probeLocked revalidates a barred scope in the background, where it is time for that.
func (src *Source) probeLocked(sc *scope, k kind, now time.Time) {
	if src.breaker.probing || sc.current != nil || src.running >= src.sources.cfg.Limits.Revalidations {
		return
	}
	if now.Before(src.breaker.nextProbe) || k == live && now.Before(sc.retryAt) {
		return
	}
	if src.startLocked(sc, k, now) == nil {
		sc.probe = true
		src.breaker.probing = true
		src.breaker.nextProbe = now.Add(src.sources.jittered())
	}
}

// drainLocked sends away all that waits for a revalidation or a load to begin: it would only find out the same.
func (src *Source) drainLocked(f *failure) {
	for _, sc := range src.scopes {
		sc.queued = false
		src.abandonLocked(sc)
	}
	src.queue = nil
	for _, p := range src.unloaded {
		src.failPartLocked(p, f.err, time.Time{})
	}
	src.unloaded = nil
}
