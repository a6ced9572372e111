package source

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/live-secrets/external-secrets-apiserver/pkg/provider"
)

// streams are the channels that the leader listens to, one stream for each. The poll loop's goroutine alone uses it.
type streams struct {
	sources *Sources
	open    map[any]*stream
	// rests are until when a channel that is not open must not be tried.
	rests map[any]time.Time
}

// member is a Source whose provider tells of changes.
type member struct {
	src      *Source
	streamer provider.Streamer
	channel  provider.Channel
}

// members are the Sources that have something to hear of.
func (s *Sources) members() []member {
	var all []member
	for _, src := range s.all() {
		streamer, ok := src.client.Client.(provider.Streamer)
		if !ok || len(src.watchedScopes()) == 0 {
			continue
		}
		if channel, ok := streamer.Channel(); ok {
			all = append(all, member{src, streamer, channel})
		}
	}
	return all
}

// tend listens to what should be listened to now, and to nothing else.
func (t *streams) tend(ctx context.Context, now time.Time) {
	parts := map[any][]string{}
	if t.sources.lead.Load() && !t.sources.cfg.Streams.Off {
		for _, m := range t.sources.members() {
			parts[m.channel.ID] = append(parts[m.channel.ID], m.channel.Part)
		}
	}
	maps.DeleteFunc(t.rests, func(_ any, until time.Time) bool { return !until.After(now) })
	for id, st := range t.open {
		if parts[id] == nil {
			t.rests[id] = st.end()
			delete(t.open, id)
		}
	}
	for id, p := range parts {
		slices.Sort(p)
		p = slices.Compact(p)
		if st := t.open[id]; st != nil {
			st.follow(p, now)
			continue
		}
		st := &stream{sources: t.sources, id: id, parts: p, next: t.rests[id]}
		var own context.Context
		own, st.stop = context.WithCancel(ctx)
		if t.sources.life.start(func(context.Context) { st.run(own) }) {
			t.open[id] = st
		} else {
			st.stop()
		}
	}
}

// hear has those scopes polled soon which a change may touch.
func (m member) hear(touches func(provider.Scope, provider.Picture) bool) {
	src := m.src
	src.mu.Lock()
	wanted := map[provider.Scope]provider.Picture{}
	for id, sc := range src.scopes {
		if sc.wants > 0 {
			wanted[id] = sc.picture
		}
	}
	src.mu.Unlock()
	maps.DeleteFunc(wanted, func(id provider.Scope, held provider.Picture) bool { return !touches(id, held) })

	now := time.Now()
	src.mu.Lock()
	defer src.mu.Unlock()
	for id := range wanted {
		if sc := src.scopes[id]; sc != nil {
			// One that is in flight began too early. Events that follow each other closely are heard together.
			apart := min(src.sources.cfg.PollInterval/10, time.Second)
			sc.nextPoll = earlier(sc.nextPoll, later(now, sc.began.Add(apart)))
		}
	}
}
