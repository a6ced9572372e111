package source

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// stream listens to one channel, over and over. Polls go on beside it as if it were not there.
type stream struct {
	sources *Sources
	id      any
	stop    context.CancelFunc

	mu sync.Mutex
	// parts are what should be listened to, listening what the attempt under way listens to.
	parts, listening []string
	// began is when the last attempt did, next when another may.
	began, next time.Time
	// cut ends the attempt under way, and nothing else.
	cut context.CancelFunc
	// refused is set while it is known that there is no stream to be had.
	refused bool
}

// run listens until ctx ends.
func (st *stream) run(ctx context.Context) {
	for st.await(ctx) {
		err := st.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		st.rest(err)
	}
}

// await waits until another attempt may be made. It returns false where ctx ends first.
func (st *stream) await(ctx context.Context) bool {
	st.mu.Lock()
	timer := time.NewTimer(time.Until(st.next))
	st.mu.Unlock()
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// end stops the stream, without waiting, and tells until when its channel must not be tried again.
func (st *stream) end() time.Time {
	st.stop()
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.began.IsZero() {
		return st.next
	}
	return later(st.next, st.began.Add(st.sources.cfg.Streams.Spacing))
}

// follow changes what is listened to. An attempt is not cut short so early that the next would have to wait.
func (st *stream) follow(parts []string, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.parts = parts
	if st.cut != nil && !slices.Equal(parts, st.listening) && now.Sub(st.began) >= st.sources.cfg.Streams.Spacing {
		st.cut()
	}
}

// listen makes one attempt, with the client of any Source that can be read, and returns when it is over.
func (st *stream) listen(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts := st.begin(cancel)
	m, ok := st.speaker()
	if !ok {
		return provider.Errorf(provider.Unavailable, "no store of the channel can be read")
	}
	ended := make(chan error, 1)
	m.src.mu.Lock()
	ok = m.src.callLocked(func(context.Context) {
		ended <- m.src.client.guard("stream", func() error {
			return m.streamer.Stream(ctx, parts, func() { st.opened(m) }, st.heard)
		})
	})
	m.src.unlock()
	if !ok {
		return errStopping()
	}
	select {
	case err := <-ended:
		return err
	case <-m.src.retired:
		cancel()
		return <-ended
	}
}

func (st *stream) begin(cut context.CancelFunc) (parts []string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.began, st.cut, st.listening = time.Now(), cut, st.parts
	return st.parts
}

// speaker is a member whose store can be read.
func (st *stream) speaker() (member, bool) {
	now := time.Now()
	for _, m := range st.members() {
		m.src.mu.Lock()
		readable := m.src.breaker.cause == nil && m.src.pausedLocked(now) == nil
		m.src.mu.Unlock()
		if readable {
			return m, true
		}
	}
	return member{}, false
}

func (st *stream) members() []member {
	return slices.DeleteFunc(st.sources.members(), func(m member) bool { return m.channel.ID != st.id })
}

// opened has everything read again: what changed before is told by nobody.
func (st *stream) opened(m member) {
	m.src.client.log.Debug("Listening to changes")
	st.mu.Lock()
	st.refused = false
	st.mu.Unlock()
	for _, m := range st.members() {
		m.hear(func(provider.Scope, provider.Picture) bool { return true })
	}
	signal(st.sources.wake)
}

func (st *stream) heard(h provider.Heard) {
	for _, m := range st.members() {
		m.hear(func(id provider.Scope, held provider.Picture) bool { return m.streamer.Touches(h, id, held) })
	}
	signal(st.sources.wake)
}

// rest sets when the next attempt may be made after one that ended with err.
func (st *stream) rest(err error) {
	cfg, now := st.sources.cfg, time.Now()
	st.mu.Lock()
	defer st.mu.Unlock()
	st.cut, st.listening = nil, nil
	wait := cfg.Streams.Pause + min(provider.RetryAfterOf(err), maxPause)
	switch provider.ReasonOf(err) {
	case provider.Forbidden, provider.Invalid, provider.ScopeNotFound:
		wait = cfg.Streams.Refused
		if !st.refused {
			cfg.Logger.Info("No stream of changes: they arrive with polls", "reason", provider.ReasonOf(err), "message", err.Error())
		}
		st.refused = true
	}
	at := later(now.Add(wait), st.began.Add(cfg.Streams.Spacing))
	// Servers that restart lose all streams at once.
	st.next = at.Add(rand.N(at.Sub(now)/10 + 1))
}
